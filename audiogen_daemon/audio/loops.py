"""A take becomes a loop: what was made beyond its end is blended into its beginning, so that the end runs into it.

The last sample of the loop is then followed by the very sample that followed it when the take was made.
"""

from dataclasses import dataclass

import numpy as np

from audiogen_daemon.audio.beats import find_onsets
from audiogen_daemon.audio.edges import faded
from audiogen_daemon.audio.ring import PCM

LONGEST = 0.08
"""Seconds of audio beyond the end that a seam can use."""

_LENGTHS = (0.005, 0.01, 0.02, 0.04, LONGEST)
_BEHIND_ATTACK = 0.01

EARLIEST, LATEST = 0.006, 0.0015
"""Seconds before its first beat between which a loop begins. An attack needs the last of them to rise to where it is
heard as an onset."""

_EARLY = 0.012
"""Seconds by which the beat that follows a loop's end may come before its place, and still be that beat."""

_AROUND = 0.2  # seconds in which that beat is looked for, on both sides
_STEP = 1e-4  # seconds: a step weighs as much as the level that it would lead to in this time


@dataclass(frozen=True)
class Seam:
    """How the ends were joined. seconds: length of the blend, 0 when both ends were only faded.

    alike: correlation of what was blended; 1 is a linear crossfade, 0 one of equal power, between them both.
    """

    seconds: float
    alike: float


def close_loop(pcm: PCM, rate: int, samples: int) -> tuple[PCM, Seam]:
    """Return exactly `samples` of (samples, channels) that loop, and how the seam was made.

    Of blends from 5 to 80 ms the one is taken that keeps the level of the beginning, and the attack in it, best; where
    a note begins there at most 10 ms, or what was played beyond the end would be heard beside it. With less than 5 ms
    beyond the end there is nothing to blend, and both ends are faded.

    Raises:
        ValueError: the take is shorter than the loop.
    """
    if len(pcm) < samples:
        raise ValueError(f"{len(pcm)} samples are too few for a loop of {samples}")
    head, beyond = pcm[:samples], pcm[samples:]
    lengths = [round(s * rate) for s in _LENGTHS if round(s * rate) <= min(len(beyond), samples // 2)]
    if not lengths:
        return faded(head, rate), Seam(0.0, 0.0)
    if _begins(head, rate):
        lengths = [n for n in lengths if n <= round(_BEHIND_ATTACK * rate)]
    blends = [(_cost(_blend(beyond, head, n), beyond, head, n, rate), n) for n in lengths]
    length = min(blends)[1]
    out = head.copy()
    out[:length] = _blend(beyond, head, length)
    return out, Seam(length / rate, _alike(beyond[:length], head[:length]))


def begin_before(loop: PCM, rate: int, beat: int) -> int:
    """Return the sample at which a loop (samples, channels) is to begin so that `beat`, a sample of it, comes first.

    It may be negative: `rotate` counts round. The file's end is played into its start, and its start after silence, so
    it is put where the sound is near zero and hardly moves, 1.5 to 6 ms before the beat. Where the beat is heard a
    little early, as from the bar after the last, it lies before that: an attack is never cut in two.
    """
    around = round(_AROUND * rate)
    heard = np.round(find_onsets(_piece(loop, beat - around, beat + around), rate).times * rate) - around
    early = heard[(heard < 0) & (heard >= -round(_EARLY * rate))]
    beat += int(early[-1]) if len(early) else 0
    first, last = beat - round(EARLIEST * rate), beat - round(LATEST * rate)
    piece = _piece(loop, first - 1, last + 1).astype(np.float64)
    rough = piece[1:] ** 2 + (np.diff(piece, axis=0) * rate * _STEP) ** 2
    return first + int(np.argmin(rough.mean(axis=1)))


def rotate(loop: PCM, samples: int) -> PCM:
    """Return a loop that begins `samples` later in itself."""
    return np.roll(loop, -samples, axis=0)


def join(before: PCM, after: PCM) -> PCM:
    """Return a crossfade of two pieces of one length (samples, channels), from one to the other at equal loudness.

    The level of a sum of two sounds is sqrt(a² + b² + 2 a b c) for gains a, b and correlation c; dividing by it keeps
    it even from sounds that are one (linear) to those that share nothing (equal power).
    """
    alike = _alike(before, after)
    rise = (np.arange(len(after), dtype=np.float64)[:, None]) / max(1, len(after))
    fall = 1.0 - rise
    level = np.sqrt(fall**2 + rise**2 + 2 * fall * rise * alike)
    return ((before * fall + after * rise) / level).astype(np.float32)


def _piece(loop: PCM, begin: int, end: int) -> PCM:
    """Return the samples from `begin` to `end` of a loop that goes round."""
    return loop[np.arange(begin, end) % len(loop)]


def _begins(loop: PCM, rate: int) -> bool:
    """Whether a note begins at the start: it is twice as loud there as at the end."""
    size = round(0.02 * rate)
    return _level_db(loop[:size]) > _level_db(loop[-size:]) + 6.0


def _blend(beyond: PCM, head: PCM, length: int) -> PCM:
    return join(beyond[:length], head[:length])


def _alike(a: PCM, b: PCM) -> float:
    """Correlation, from 0 up: sounds that cancel each other are not made louder for it."""
    product = float(np.vdot(a.astype(np.float64), b))
    power = float(np.sqrt(np.vdot(a, a).astype(np.float64) * np.vdot(b, b)))
    return min(1.0, max(0.0, product / power)) if power > 0 else 0.0


def _cost(blend: PCM, beyond: PCM, head: PCM, length: int, rate: int) -> float:
    """Return by how many dB the blend's level is off, the loss of the head's attack included."""
    attack = min(length, round(0.01 * rate))
    wanted = 0.5 * (_level_db(beyond[:length]) + _level_db(head[:length]))
    lost = max(0.0, _level_db(head[:attack]) - _level_db(blend[:attack]))
    # Of blends that are as good as each other the longer one hides more.
    return float(abs(_level_db(blend) - wanted) + lost - 0.2 * np.log2(length / rate / _LENGTHS[0]))


def _level_db(pcm: PCM) -> float:
    return 10 * float(np.log10(np.mean(np.square(pcm, dtype=np.float64)) + 1e-8))
