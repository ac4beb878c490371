"""The ends of a sound that does not loop: faded, so that it neither begins nor stops with a click."""

from audiogen_daemon.audio.player import fade_in, fade_out
from audiogen_daemon.audio.ring import PCM

RISE, FALL = 0.0005, 0.005
"""Seconds: short enough at the start to leave an attack that lies there whole."""


def faded(pcm: PCM, rate: int) -> PCM:
    """Return (samples, channels) with both ends faded; of a shorter sound than both fades, half each."""
    rise, fall = (min(round(seconds * rate), len(pcm) // 2) for seconds in (RISE, FALL))
    out = pcm.copy()
    out[:rise] *= fade_in(rise)
    out[len(out) - fall :] *= fade_out(fall)
    return out
