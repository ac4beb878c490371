"""A take that cannot reach the drop folder is held, without loss, in the state folder until it can."""

import contextlib
import json
import logging
from dataclasses import dataclass
from pathlib import Path

import soundfile

from audiogen_daemon.audio import atomic
from audiogen_daemon.audio.record import StemRecord
from audiogen_daemon.audio.ring import PCM
from audiogen_daemon.audio.stems import SavedStem, StemError, StemFormat, recover, save, stem_error
from audiogen_daemon.audio.wav import write_wav

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Held:
    """One take that waits; `samples` is the exact length it shall have as a stem, None for its own."""

    record: StemRecord
    path: Path
    samples: int | None


def hold(record: StemRecord, pcm: PCM, rate: int, state: Path, samples: int | None = None) -> Held:
    """Keep a take as float32 at its own rate in `state/held`.

    Raises:
        StemError: not even that could be written.
    """
    folder = state / "held"
    sound, note = folder / f"{record.uid}.wav", folder / f"{record.uid}.json"
    text = record.to_json(samples=samples)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        atomic.write_part(note, lambda file: file.write(text.encode())).replace(note)
        atomic.write_part(sound, lambda file: write_wav(file, pcm, rate, "float32")).replace(sound)
        atomic.sync_folder(folder)
    except OSError as error:
        raise stem_error(folder, error) from error
    return Held(record, sound, samples)


def held(state: Path) -> list[Held]:
    """Return the takes that wait, oldest first; files that cannot be read are left alone."""
    waiting = []
    for sound in sorted((state / "held").glob("*.wav"), key=lambda path: path.stat().st_mtime):
        with contextlib.suppress(OSError, ValueError):
            text = sound.with_suffix(".json").read_text(encoding="utf-8")
            samples = json.loads(text).get("samples")
            waiting.append(Held(StemRecord.from_json(text), sound, samples if isinstance(samples, int) else None))
    return waiting


def retry_held(state: Path, folder: Path, form: StemFormat) -> list[tuple[StemRecord, SavedStem]]:
    """Save the takes that wait, oldest first, until one still cannot be saved; return those that landed.

    A file that is damaged is put aside.
    """
    landed = []
    for waiting in held(state):
        try:
            if recover(folder, waiting.record.uid) is None:
                pcm, rate = soundfile.read(waiting.path, dtype="float32", always_2d=True)
                landed.append((waiting.record, save(waiting.record, pcm, rate, folder, form, waiting.samples)))
        except StemError:
            break
        except soundfile.LibsndfileError as error:
            # Without its sound the take is one of those that the next daemon makes again; the others must not wait.
            aside = waiting.path.rename(waiting.path.with_suffix(".damaged"))
            log.error("the held take %d cannot be read (%s), put aside as %s", waiting.record.take, error, aside)
            continue
        waiting.path.unlink(missing_ok=True)
        waiting.path.with_suffix(".json").unlink(missing_ok=True)
    return landed
