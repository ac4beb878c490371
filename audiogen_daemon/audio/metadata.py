"""A stem says about itself what programs and people want to know, in chunks around its untouched audio.

Written are bext, iXML (with the whole record, so that a stem alone is enough to make the take again), acid, smpl, cue
and LIST/INFO. Text is ASCII but in iXML, which alone defines an encoding.

Source: EBU Tech 3285 (bext); iXML 1.61; Multimedia Programming Interface 1.0 (cue, LIST); the MIDI Manufacturers
Association's "smpl"; the acid chunk as libsndfile reads it.
"""

import html
import re
import struct
import unicodedata
from datetime import datetime

import audiogen_daemon
from audiogen_daemon.audio.record import StemRecord
from audiogen_daemon.audio.wav import chunk
from audiogen_daemon.notes import pitch_class

SOFTWARE = f"audiogen-daemon {audiogen_daemon.__version__}"
_MIDI_NOTE_WITHOUT_KEY = 60


def root_note(key: str | None) -> int | None:
    """Return a key's root as a MIDI note from 48 (C) to 59 (B); None without a key that can be read.

    "A minor" is 57, "F# major" and "Gb" are 54.
    """
    match = re.match(r"\s*([A-Ga-g])([#♯b♭]?)", key or "")
    if match is None:
        return None
    return 48 + pitch_class(match[1], match[2] or "")


def bar_starts(record: StemRecord, rate: int, samples: int) -> list[int]:
    """Return the sample at which each bar begins; empty without a tempo, and for bars shorter than 0.1 s."""
    bar = record.beats * (4 / record.unit) * 60 / record.tempo * rate if record.tempo else 0
    if bar < 0.1 * rate:
        return []
    return [round(index * bar) for index in range(int(samples / bar) + 2) if round(index * bar) < samples]


def beats_in(record: StemRecord, rate: int, samples: int) -> int:
    """Return the length in beats of the signature's unit, rounded; 0 without a tempo."""
    return round(samples / rate * record.tempo / 60 * record.unit / 4) if record.tempo else 0


def chunks_before(record: StemRecord, rate: int, channels: int, encoding: str) -> bytes:
    """Return the bext chunk, which goes in front of the audio."""
    when = _created(record)
    width = 24 if encoding == "pcm24" else 32
    mode = "mono" if channels == 1 else "stereo"
    history = f"A=PCM,F={rate},W={width},M={mode},T={to_ascii(record.model)} seed={record.seed}\r\n"
    fields = (
        _field(record.prompt, 256)
        + _field("audiogen-daemon", 32)
        + _field(record.uid, 32)
        + _field(when.strftime("%Y-%m-%d"), 10)
        + _field(when.strftime("%H:%M:%S"), 8)
        + struct.pack("<QH", 0, 1)
        + bytes(64 + 190)
    )
    return chunk(b"bext", fields + to_ascii(history).encode("ascii"))


def chunks_after(record: StemRecord, rate: int, samples: int) -> bytes:
    """Return the chunks that go behind the audio."""
    root = root_note(record.key)
    bars = bar_starts(record, rate, samples)
    return b"".join(
        [
            _acid(record, root, beats_in(record, rate, samples)) if record.tempo else b"",
            _smpl(rate, samples, root) if record.loop and samples else b"",
            _cues(bars) if bars else b"",
            _info(record),
            _ixml(record),
        ]
    )


def record_in_ixml(payload: bytes) -> StemRecord | None:
    """Return the record that an iXML chunk carries; None if it carries none of ours."""
    text = payload.decode("utf-8", "replace")
    match = re.search(r"<USER>(.*?)</USER>", text, re.DOTALL)
    if match is None:
        return None
    try:
        return StemRecord.from_json(html.unescape(match[1]))
    except ValueError:
        return None


def _acid(record: StemRecord, root: int | None, beats: int) -> bytes:
    one_shot, has_root, stretch = 1, 2, 4
    flags = (stretch if record.loop else one_shot) | (0 if root is None else has_root)
    note = _MIDI_NOTE_WITHOUT_KEY if root is None else root
    # The meter is stored with its denominator first.
    return chunk(
        b"acid",
        struct.pack("<IHHfIHHf", flags, note, 0x8000, 0.0, beats, record.unit, record.beats, record.tempo or 0.0),
    )


def _smpl(rate: int, samples: int, root: int | None) -> bytes:
    note = _MIDI_NOTE_WITHOUT_KEY if root is None else root
    head = struct.pack("<9I", 0, 0, round(1e9 / rate), note, 0, 0, 0, 1, 0)
    # A loop's end is the last sample played, not the one behind it.
    return chunk(b"smpl", head + struct.pack("<6I", 0, 0, 0, samples - 1, 0, 0))


def _cues(positions: list[int]) -> bytes:
    points = [struct.pack("<II4sIII", i, p, b"data", 0, 0, p) for i, p in enumerate(positions, 1)]
    labels = [chunk(b"labl", struct.pack("<I", i) + f"bar {i}".encode() + b"\0") for i in range(1, len(points) + 1)]
    return chunk(b"cue ", struct.pack("<I", len(points)) + b"".join(points)) + chunk(
        b"LIST", b"adtl" + b"".join(labels)
    )


def _info(record: StemRecord) -> bytes:
    tempo = f"{record.tempo:g} bpm, " if record.tempo else ""
    key = f"{record.key}, " if record.key else ""
    texts = {
        b"INAM": record.prompt,
        b"ICMT": f"{tempo}{key}{record.model}, seed {record.seed}",
        b"ISFT": SOFTWARE,
        b"ICRD": _created(record).strftime("%Y-%m-%d"),
    }
    return chunk(
        b"LIST", b"INFO" + b"".join(chunk(name, to_ascii(t).encode("ascii") + b"\0") for name, t in texts.items())
    )


def _ixml(record: StemRecord) -> bytes:
    kind = "REPEATING" if record.loop else "ONE-SHOT"
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<BWFXML><IXML_VERSION>1.61</IXML_VERSION>'
        f"<PROJECT>audiogen</PROJECT><TAKE>{record.take}</TAKE><NOTE>{_escape(record.prompt)}</NOTE>"
        f"<FILE_UID>{_escape(record.uid)}</FILE_UID><LOOP><LOOP_TYPE>{kind}</LOOP_TYPE></LOOP>"
        f"<USER>{_escape(record.to_json())}</USER></BWFXML>"
    )
    return chunk(b"iXML", text.encode("utf-8", "replace"))


def _escape(text: str) -> str:
    # XML knows no control characters, escaped or not.
    return html.escape(re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", " ", text), quote=False)


def _created(record: StemRecord) -> datetime:
    try:
        return datetime.fromisoformat(record.created)
    except ValueError as error:
        raise ValueError(f'created "{record.created}" is not an ISO 8601 time') from error


def to_ascii(text: str) -> str:
    """Return text with its accents taken off, and without what has no ASCII form."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii")


def _field(text: str, size: int) -> bytes:
    return to_ascii(text).encode("ascii")[:size].ljust(size, b"\0")
