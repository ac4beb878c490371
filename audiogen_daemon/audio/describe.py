"""What a sound file says about itself, read back without trusting it."""

import struct
from pathlib import Path
from typing import Any, BinaryIO

import soundfile

from audiogen_daemon.audio.metadata import record_in_ixml
from audiogen_daemon.audio.record import StemRecord
from audiogen_daemon.audio.wav import Chunk, find_chunks

_LARGEST = 1 << 20  # bytes of a chunk that are worth reading


def describe(path: Path) -> dict[str, Any]:
    """Return what is in a sound file: form, chunks, and under "record" the take it came from (None if not ours).

    Raises:
        ValueError: the file is not sound that can be read. OSError: it cannot be opened.
    """
    with path.open("rb") as file:
        facts = _form(path)
        try:
            chunks = list(find_chunks(file))
        except ValueError:
            chunks = []
        facts["chunks"] = [found.name.strip() for found in chunks]
        for found in chunks:
            read = _READERS.get(found.name)
            if read is not None and found.size <= _LARGEST:
                facts.update(read(_payload(file, found), facts["rate"]))
    record = read_record(path)
    facts["record"] = None if record is None else record.__dict__ | {}
    return facts


def read_record(path: Path) -> StemRecord | None:
    """Return the take that a stem came from, from inside the file or from the sidecar beside it; also of a sidecar.

    Raises:
        ValueError: a sidecar was named and is none. OSError: the file cannot be opened.
    """
    if path.suffix.lower() == ".json":
        return StemRecord.from_json(path.read_text(encoding="utf-8", errors="replace"))
    record = _embedded(path)
    sidecar = path.with_suffix(".json")
    if record is None and sidecar.is_file():
        try:
            record = StemRecord.from_json(sidecar.read_text(encoding="utf-8", errors="replace"))
        except ValueError:
            return None
    return record


def _embedded(path: Path) -> StemRecord | None:
    with path.open("rb") as file:
        try:
            for found in find_chunks(file):
                if found.name == "iXML" and found.size <= _LARGEST:
                    return record_in_ixml(_payload(file, found))
            return None
        except ValueError:
            pass
    try:
        with soundfile.SoundFile(path) as sound:
            return StemRecord.from_json(sound.comment)
    except (soundfile.LibsndfileError, ValueError):
        return None


def _form(path: Path) -> dict[str, Any]:
    try:
        info = soundfile.info(str(path))
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{path} is not sound that can be read: {error}") from error
    return {
        "path": str(path),
        "format": f"{info.format} {info.subtype}",
        "rate": info.samplerate,
        "channels": info.channels,
        "samples": info.frames,
        "seconds": info.frames / info.samplerate if info.samplerate else 0.0,
    }


def _payload(file: BinaryIO, found: Chunk) -> bytes:
    file.seek(found.offset)
    return file.read(found.size)


def _text(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("latin-1").strip()


def _bext(raw: bytes, rate: int) -> dict[str, Any]:
    if len(raw) < 346:
        return {}
    return {
        "bext": {
            "description": _text(raw[:256]),
            "originator": _text(raw[256:288]),
            "reference": _text(raw[288:320]),
            "date": _text(raw[320:330]),
            "time": _text(raw[330:338]),
            "history": _text(raw[602:]),
        }
    }


def _acid(raw: bytes, rate: int) -> dict[str, Any]:
    if len(raw) < 24:
        return {}
    flags, root, _, _, beats, unit, meter, tempo = struct.unpack("<IHHfIHHf", raw[:24])
    return {
        "acid": {
            "one_shot": bool(flags & 1),
            "root": root if flags & 2 else None,
            "stretch": bool(flags & 4),
            "beats": beats,
            "signature": f"{meter}/{unit}",
            "tempo": tempo,
        }
    }


def _smpl(raw: bytes, rate: int) -> dict[str, Any]:
    if len(raw) < 60 or struct.unpack("<I", raw[28:32])[0] < 1:
        return {}
    start, end = struct.unpack("<II", raw[44:52])
    return {"loop": {"start": start, "end": end}}


def _cue(raw: bytes, rate: int) -> dict[str, Any]:
    count = min(struct.unpack("<I", raw[:4])[0], (len(raw) - 4) // 24) if len(raw) >= 4 else 0
    return {"cues": [struct.unpack("<I", raw[24 + 24 * i : 28 + 24 * i])[0] for i in range(count)]}


def _list(raw: bytes, rate: int) -> dict[str, Any]:
    texts: dict[str, str] = {}
    offset = 4
    while raw[:4] == b"INFO" and offset + 8 <= len(raw):
        name, size = struct.unpack("<4sI", raw[offset : offset + 8])
        texts[name.decode("latin-1")] = _text(raw[offset + 8 : offset + 8 + size])
        offset += 8 + size + (size & 1)
    return {"info": texts} if texts else {}


_READERS = {"bext": _bext, "acid": _acid, "smpl": _smpl, "cue ": _cue, "LIST": _list}
