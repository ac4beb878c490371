"""Sound that a take is to follow: checked, and mixed down to mono."""

import numpy as np
from numpy.typing import NDArray

from audiogen_daemon.models.pipeline import PCM

LONGEST_SECONDS = 600.0
"""Longer files are surely not meant as a melody or a style."""

QUIETEST_PEAK = 1e-3
"""-60 dBFS: below, there is nothing to follow."""


def mono(name: str, pcm: PCM, sample_rate: int, shortest: float) -> NDArray[np.float32]:
    """The samples of a mono or stereo sound as one channel, the mean of both: (samples,).

    Args:
        name: what the sound is to the request, for errors.
        pcm: (samples, channels) at sample_rate.
        shortest: seconds.

    Raises:
        ValueError: it is no such array, too short, too long, silent or not finite; says what is allowed.
    """
    if pcm.ndim != 2 or not np.issubdtype(pcm.dtype, np.floating):
        raise ValueError(f"{name} is {pcm.dtype} {pcm.shape}, wanted float32 (samples, channels) at {sample_rate} Hz")
    if pcm.shape[1] not in (1, 2):
        raise ValueError(f"{name} has {pcm.shape[1]} channels, allowed are 1 and 2; mix it down, samples come first")
    seconds = len(pcm) / sample_rate
    if not shortest <= seconds <= LONGEST_SECONDS:
        cure = "give it more of the sound" if seconds < shortest else "cut out the part to follow"
        raise ValueError(f"{name} lasts {seconds:.4g} s, allowed is {shortest:g} to {LONGEST_SECONDS:g} s; {cure}")
    if not np.isfinite(pcm).all():
        raise ValueError(f"{name} holds NaN or infinite samples, allowed is -1 to 1; give it sound")
    mixed = pcm.mean(axis=1, dtype=np.float32)
    peak = float(np.abs(mixed).max())
    if peak < QUIETEST_PEAK:
        raise ValueError(
            f"{name} is silent: its mono mix peaks at {peak:.2g}, wanted is at least {QUIETEST_PEAK:g};"
            " record it louder, or leave it out"
        )
    return np.asarray(mixed)
