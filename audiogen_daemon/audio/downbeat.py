"""Where in its bar a take begins, as far as the low end tells: kick and bass mark the one more than any other beat.

A model that was trained on pieces of songs may begin anywhere in a bar. Most takes begin on the one, so another beat
must stand out in every bar before the first one is doubted.
"""

import numpy as np
import soxr

from audiogen_daemon.audio.beats import Times
from audiogen_daemon.audio.ring import PCM

_LOW_RATE = 400  # Hz; what is left below 200 Hz of a resampled sound is its low end
_BEFORE, _AFTER = 0.01, 0.08  # seconds around a beat in which its low end is heard
_CLEARLY = 10.0  # times the energy
_ALIKE = 0.5  # of the energy
_FEWEST_BARS = 2


def beats_before_one(pcm: PCM, rate: int, first: float, beat: float, meter: float) -> int:
    """Return how many beats are played before the bar begins, 0 where nothing else is clear.

    Half a bar is never told: it cannot be known from music that has its weight on the three.

    Args:
        pcm: (samples, channels). first: seconds to the first beat. beat: seconds of a quarter note.
        meter: quarter notes in a bar; what is no whole number, as in 7/8, is not looked at.
    """
    beats = round(meter)
    heard = int((len(pcm) / rate - _AFTER - first) / beat + 1)
    if beats < 2 or beats != meter or heard < _FEWEST_BARS * beats:
        return 0
    times = np.asarray(first + beat * np.arange(heard - heard % beats), np.float64)
    weights = _low_end(pcm, rate, times).reshape(-1, beats)
    least, most = weights.min(axis=0), weights.max(axis=0)
    typical = np.median(weights, axis=0)
    place, half = int(np.argmax(typical)), beats / 2
    alike = np.flatnonzero(typical >= _ALIKE * typical[place])
    if half in alike:
        return 0
    if place - half in alike:
        place -= beats // 2  # one and three weigh the same: whichever comes first
    return place if least[place] > _CLEARLY * most[0] else 0


def _low_end(pcm: PCM, rate: int, times: Times) -> Times:
    """Return the energy of the low end at each of these times, a thousandth of the loudest at least."""
    low = np.asarray(soxr.resample(pcm.mean(axis=1, dtype=np.float64), rate, _LOW_RATE, quality="HQ"))
    energy = np.concatenate([[0.0], np.cumsum(low**2)])
    begin, end = (np.clip(np.round((times + t) * _LOW_RATE), 0, len(low)).astype(int) for t in (-_BEFORE, _AFTER))
    weights = energy[end] - energy[begin]
    floor = 1e-3 * float(weights.max(initial=1e-12))
    return np.asarray(np.maximum(weights, floor), np.float64)
