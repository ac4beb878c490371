"""Sound files to follow or to go on from, of any rate, depth and channels: what a model hears, at the model's rate."""

import stat
from pathlib import Path

import numpy as np
import soundfile
import soxr

from audiogen_daemon.audio.dropfolder import FOLLOWED
from audiogen_daemon.models.pipeline import PCM

MELODY_SECONDS = 30.0
STYLE_SECONDS = 4.5
LONGEST_SECONDS = 600.0
"""Longer files are surely not meant as a melody or a style."""


def find_input(drop_folder: Path, name: str) -> Path:
    """Where a sound file to follow lies: in the in folder, or in the drop folder itself.

    Raises:
        ValueError: it is in neither, or cannot be reached; names what is there, or the cure.
    """
    try:
        root = drop_folder.resolve()
        for path in ((root / FOLLOWED / name).resolve(), (root / name).resolve()):
            if path.is_relative_to(root) and is_file(path):
                return path
    except (OSError, RuntimeError) as error:
        raise _unreadable(name, error) from error
    there = ", ".join(sorted(path.name for path in (root / FOLLOWED).glob("*.*"))[:8]) or "empty"
    raise ValueError(f"{name} is neither in {root / FOLLOWED} ({there}) nor in {root}; put it there")


def read_melody(path: Path, sample_rate: int) -> PCM:
    """The beginning of a file, up to what a model hears of a melody: (samples, 1 or 2) at sample_rate.

    Raises:
        ValueError: names the file, what was got, what is allowed and the cure.
    """
    with _opened(path) as file:
        return _read(file, path, 0, MELODY_SECONDS, sample_rate)


def read_style(path: Path, sample_rate: int) -> PCM:
    """The middle of a file, a little more than what a model hears of a style; else as `read_melody`."""
    with _opened(path) as file:
        wanted = min(file.frames, round(STYLE_SECONDS * file.samplerate))
        return _read(file, path, (file.frames - wanted) // 2, STYLE_SECONDS, sample_rate)


def read_end(path: Path, seconds: float, sample_rate: int) -> PCM:
    """The end of a file to go on from: (samples, its channels) at sample_rate; else as `read_melody`."""
    with _opened(path) as file:
        pcm = _part(file, path, max(0, file.frames - round(seconds * file.samplerate)), seconds)
        return np.asarray(soxr.resample(pcm, file.samplerate, sample_rate, quality="VHQ"), dtype=np.float32)


def seconds_of(path: Path) -> float:
    """How long a sound to follow or to go on from is.

    Raises:
        ValueError: its beginning cannot be read or holds NaN; as `read_melody`.
    """
    with _opened(path) as file:
        _part(file, path, 0, 0.1)
        return float(file.frames / file.samplerate)


def is_file(path: Path) -> bool:
    """Whether a file is there. `Path.is_file` of Python 3.14 says no where the system refuses to tell.

    Raises:
        OSError: the system refuses.
    """
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _unreadable(name: str, error: Exception) -> ValueError:
    why = getattr(error, "strerror", None) or error
    return ValueError(
        f"{name} cannot be read ({why}); see that its drive is there and lets you read it, or name another"
    )


def _opened(path: Path) -> soundfile.SoundFile:
    plain = path.name.encode(errors="replace").decode()
    if str(path).encode(errors="replace").decode() != str(path):
        plain = plain if plain != path.name else f"the folder of {plain}"
        raise ValueError(f"{plain} has a name that is no UTF-8; give it another one")
    try:
        if not is_file(path):
            raise ValueError(f"{path.name} is not there; put the sound file back or name another")
        with path.open("rb") as file:  # libsndfile would not say why the system refuses
            file.read(1)
    except OSError as error:
        raise _unreadable(path.name, error) from error
    try:
        return soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        # What libsndfile says of a file named .mp3 that is none.
        absent = error.error_string.startswith("File does not exist")
        why = "it is no sound" if absent else error.error_string.rstrip(".")
        raise ValueError(
            f"{path.name} cannot be read ({why}); WAV, AIFF, FLAC, OGG and MP3 files are understood"
        ) from error


def _read(file: soundfile.SoundFile, path: Path, start: int, seconds: float, sample_rate: int) -> PCM:
    length = file.frames / file.samplerate
    if not 0 < length <= LONGEST_SECONDS:
        raise ValueError(
            f"{path.name} lasts {length:.6g} s, allowed is up to {LONGEST_SECONDS:g} s; cut out the part to follow"
        )
    pcm = _part(file, path, start, seconds)
    if pcm.shape[1] > 2:
        pcm = pcm.mean(axis=1, keepdims=True)
    return np.asarray(soxr.resample(pcm, file.samplerate, sample_rate, quality="VHQ"), dtype=np.float32)


def _part(file: soundfile.SoundFile, path: Path, start: int, seconds: float) -> PCM:
    try:
        file.seek(start)
        pcm: PCM = file.read(round(seconds * file.samplerate), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{path.name} is damaged ({error.error_string}); save it again") from error
    if len(pcm) == 0:
        raise ValueError(f"{path.name} is damaged: it ends before its first sample; save it again")
    if not np.isfinite(pcm).all():
        raise ValueError(f"{path.name} holds NaN or infinite samples, allowed is -1 to 1; save it again")
    return pcm
