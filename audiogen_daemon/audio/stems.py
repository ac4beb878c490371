"""A take becomes a stem: exact in length, whole on the disk before it has a name, and never in another's place."""

import contextlib
import errno
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
import soundfile

from audiogen_daemon.audio import atomic, metadata, naming
from audiogen_daemon.audio.edges import faded
from audiogen_daemon.audio.record import StemRecord
from audiogen_daemon.audio.resample import StreamResampler, resample, resample_loop, resampled_length
from audiogen_daemon.audio.ring import PCM
from audiogen_daemon.audio.wav import write_wav

Encoding = Literal["pcm24", "float32", "flac", "aiff"]
"""pcm24 and float32 are WAV; flac and aiff are 24-bit, and carry the record as a comment instead of chunks."""

ENDINGS = {"pcm24": ".wav", "float32": ".wav", "flac": ".flac", "aiff": ".aiff"}


class StemError(Exception):
    """A stem could not be written; says where, why and what helps.

    code: disk_full, no_folder, no_rights or io.
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True)
class StemFormat:
    """How stems are written.

    template: of the name, see `naming`. rate: Hz.
    ceiling_db: a take whose true peak lies above is turned down to it by a plain gain; None never touches it.
    """

    template: str = "{slug}_{number:03d}"
    rate: int = 48000
    encoding: Encoding = "pcm24"
    ceiling_db: float | None = None


@dataclass(frozen=True)
class SavedStem:
    """A stem that is on the disk; `gain_db` was applied to the take, 0 unless the ceiling asked for less."""

    path: Path
    sidecar: Path
    samples: int
    rate: int
    gain_db: float


def true_peak_db(pcm: PCM, rate: int) -> float:
    """Return the highest magnitude between the samples too, in dBFS; -200 for silence.

    Source: ITU-R BS.1770-4 annex 2, four times oversampled.
    """
    if len(pcm) == 0:
        return -200.0
    stream = StreamResampler(rate, 4 * rate, pcm.shape[1])
    peak = float(np.abs(pcm).max())
    for start in range(0, len(pcm), rate):
        over = stream.push(pcm[start : start + rate])
        peak = max(peak, float(np.abs(over).max(initial=0.0)))
    peak = max(peak, float(np.abs(stream.finish()).max(initial=0.0)))
    return max(-200.0, float(20 * np.log10(max(peak, 1e-10))))


def render(record: StemRecord, pcm: PCM, rate: int, form: StemFormat, samples: int | None = None) -> tuple[PCM, float]:
    """Return the take as it will be saved, and the gain in dB that the ceiling asked for.

    A loop that is whole runs into its own beginning; the ends of everything else are faded.

    Args:
        pcm: (samples, channels) at `rate` Hz.
        samples: exact length at the stem's rate, where bars decide it; None keeps the take's own, rounded.
    """
    if record.loop:
        own = resampled_length(len(pcm), rate, form.rate)
        close = samples is not None and abs(samples - own) <= 1
        out = resample_loop(pcm, rate, form.rate, samples if close else own)
    else:
        out = resample(pcm, rate, form.rate)
    if samples is not None and len(out) != samples:
        out = np.concatenate([out[:samples], np.zeros((max(0, samples - len(out)), out.shape[1]), np.float32)])
    if not record.loop or samples is None:
        out = faded(out, form.rate)
    gain_db = 0.0
    if form.ceiling_db is not None:
        gain_db = min(0.0, form.ceiling_db - true_peak_db(out, form.rate))
        if gain_db < 0:
            out = out * np.float32(10 ** (gain_db / 20))
    return out, gain_db


def save(
    record: StemRecord, pcm: PCM, rate: int, folder: Path, form: StemFormat, samples: int | None = None
) -> SavedStem:
    """Write a take into the drop folder: first the sidecar, then the sound, each whole.

    Args: as `render`.

    Raises:
        StemError: nothing was written; the folder is as it was.
    """
    if not folder.is_dir():
        raise StemError("no_folder", f"the stem folder {folder} is not there; create it, or set stems.folder")
    out, gain_db = render(record, pcm, rate, form, samples)
    ending = ENDINGS[form.encoding]
    try:
        sound = atomic.write_part(folder / f"{record.uid}{ending}", lambda file: _write_sound(file, record, out, form))
        try:
            for name in naming.free_names(folder, _template(folder, form, record), _values(record)):
                path, sidecar = folder / f"{name}{ending}", folder / f"{name}.json"
                text = _sidecar(record, path.name, out, form, gain_db)
                note = _write_note(folder / f"{record.uid}.json", text)
                if _publish_both(note, sidecar, sound, path):
                    atomic.sync_folder(folder)
                    return SavedStem(path, sidecar, len(out), form.rate, gain_db)
        finally:
            sound.unlink(missing_ok=True)
    except OSError as error:
        raise stem_error(folder, error) from error
    raise StemError("io", f"{folder} has {naming.MOST_TRIES} stems of this name; set a stems.template with {{number}}")


def recover(folder: Path, uid: str) -> Path | None:
    """After a crash, return this take's stem if it had landed; if only its sidecar had, remove that."""
    for sidecar, text in _sidecars(folder, uid):
        path = folder / Path(str(json.loads(text).get("file"))).name
        if path.is_file():
            return path
        with contextlib.suppress(OSError):
            sidecar.unlink()
    return None


def find_sidecar(folder: Path, uid: str) -> Path | None:
    """Return the sidecar of this take's stem."""
    return next((path for path, _ in _sidecars(folder, uid)), None)


def _sidecars(folder: Path, uid: str) -> Iterator[tuple[Path, str]]:
    for sidecar in sorted(folder.glob("*.json")):
        with contextlib.suppress(OSError, ValueError):
            if not sidecar.is_file():
                continue  # a pipe would never end
            text = sidecar.read_text(encoding="utf-8")
            if f'"{uid}"' in text and StemRecord.from_json(text).uid == uid:
                yield sidecar, text


def stem_error(folder: Path, error: OSError) -> StemError:
    """Return what a failed write means to the person who reads it, and its cure."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StemError("disk_full", f"the disk of {folder} is full; free some space, and the take is saved")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        cure = "give yourself the right to write there, or set stems.folder"
        if sys.platform == "darwin":
            cure = "allow it in System Settings > Privacy & Security > Files and Folders, or set stems.folder"
        return StemError("no_rights", f"{folder} may not be written ({error.strerror}); {cure}")
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ESTALE):
        return StemError("no_folder", f"the stem folder {folder} went away; bring it back, or set stems.folder")
    return StemError(
        "io", f"writing to {folder} failed ({error.strerror or error}); check the disk, or set stems.folder"
    )


def _write_note(path: Path, text: str) -> Path:
    return atomic.write_part(path, lambda file: file.write(text.encode()))


def _publish_both(note: Path, sidecar: Path, sound: Path, path: Path) -> bool:
    """Let sidecar and sound appear, in that order; False, and nothing changed, if either name is taken."""
    try:
        atomic.publish(note, sidecar)
    except FileExistsError:
        return False
    finally:
        note.unlink(missing_ok=True)
    try:
        atomic.publish(sound, path)
    except FileExistsError:
        sidecar.unlink()
        return False
    except OSError:
        sidecar.unlink(missing_ok=True)
        raise
    return True


def _template(folder: Path, form: StemFormat, record: StemRecord) -> str:
    """Return the template of the take's name; a final whose draft is there is named after it."""
    draft = find_sidecar(folder, record.draft_of) if record.draft_of else None
    return form.template if draft is None else naming.final_template(draft.stem, record.model)


def _values(record: StemRecord) -> dict[str, object]:
    return {
        "slug": naming.slug(record.prompt),
        "date": record.created[:10],
        "bpm": naming.number_text(record.tempo) if record.tempo else None,
        "key": naming.key_text(record.key) if record.key else None,
        "bars": naming.number_text(record.bars) if record.bars else None,
        "seed": record.seed,
        "take": record.take,
        "model": naming.slug(record.model),
    }


def _sidecar(record: StemRecord, file: str, out: PCM, form: StemFormat, gain_db: float) -> str:
    audio = {
        "rate": form.rate,
        "channels": out.shape[1],
        "samples": len(out),
        "seconds": len(out) / form.rate,
        "encoding": form.encoding,
        "gain_db": gain_db,
    }
    return json.dumps(json.loads(record.to_json(file=file, audio=audio, software=metadata.SOFTWARE)), indent=2) + "\n"


def _write_sound(file: BinaryIO, record: StemRecord, out: PCM, form: StemFormat) -> None:
    channels = out.shape[1]
    if form.encoding == "pcm24" or form.encoding == "float32":
        before = metadata.chunks_before(record, form.rate, channels, form.encoding)
        after = metadata.chunks_after(record, form.rate, len(out))
        write_wav(file, out, form.rate, form.encoding, before, after, seed=record.seed)
        return
    kind = form.encoding.upper()
    with soundfile.SoundFile(file, "w", form.rate, channels, "PCM_24", format=kind) as sound:
        sound.title = metadata.to_ascii(record.prompt)
        sound.software = metadata.SOFTWARE
        sound.comment = record.to_json()
        sound.write(out)
