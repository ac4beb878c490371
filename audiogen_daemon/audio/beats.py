"""The beat of a take whose tempo is roughly known: how fast it really is, where its beats fall, and how sure that is.

Written for this and not taken from a library: librosa's tracker brings numba, scipy and scikit-learn into a process
that starts at login, and madmom's models may not be used commercially and no longer build; both search for a tempo
that nobody knows, while here it was asked for and only the last few percent are wanted, exactly. The onset curve is
the one that models are evaluated with.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import soxr

from audiogen_daemon.audio.ring import PCM
from audiogen_daemon.evaluation.spectrum import ONSET_RATE, RATE, onset_curve

Times = npt.NDArray[np.float64]

REACH = 0.08
"""How far from the asked tempo the real one is looked for, as a share of it."""

SURE = 0.95
"""Confidence above which a beat may be relied on."""

_DIVISIONS = (1, 2, 3, 4)
"""Onsets fall on beats, halves, triplets or sixteenths of a quarter note."""
_CLOSEST = 0.05  # seconds between two onsets
_FINEST = 44  # samples at RATE over which the rise of an onset is looked at


@dataclass(frozen=True)
class Beat:
    """What was heard. tempo: quarter notes per minute. first: seconds to the first beat that is played, from -0.03 on.

    confidence: 0 to 1; one minus the chance that onsets without any rhythm fall on a grid as well as these do.
    """

    tempo: float
    first: float
    confidence: float


@dataclass(frozen=True)
class Onsets:
    """Where something begins, in seconds, and how strongly."""

    times: Times
    weights: Times


def find_onsets(pcm: PCM, rate: int) -> Onsets:
    """Return the onsets of (samples, channels): peaks of the onset curve, each moved to where the sound rises."""
    mono = pcm.mean(axis=1, dtype=np.float64)
    sound = mono if rate == RATE else np.asarray(soxr.resample(mono, rate, RATE, quality="HQ"))
    if len(sound) < RATE // 4 or np.abs(sound).max(initial=0.0) < 1e-4:
        return Onsets(np.zeros(0), np.zeros(0))
    # Silence in front, so that a take that begins with a beat has an onset there.
    lead = RATE // 10
    sound = np.concatenate([np.zeros(lead), sound])
    curve = onset_curve(sound)
    # Where the file ends, the cut looks like an onset.
    peaks = _peaks(curve[: -round(0.03 * ONSET_RATE)], round(_CLOSEST * ONSET_RATE))
    envelope = np.sqrt(np.convolve(sound**2, np.ones(_FINEST) / _FINEST, "same"))
    times = np.array([_rise(envelope, (peak + 1) * RATE // ONSET_RATE) for peak in peaks], np.float64)
    return Onsets((times - lead) / RATE, curve[peaks])


def track(pcm: PCM, rate: int, tempo: float) -> Beat | None:
    """Return the beat of (samples, channels) that was meant to have `tempo`; None if nothing in it begins.

    The tempo is first looked for where the onsets agree best with a grid of quarters, halves, triplets and sixteenths,
    then taken from a straight line through the onsets and their places on it, which is exact to a fraction of a
    millisecond per beat. Confidence is 0 when a tempo outside `REACH`, its double or half explains the onsets better.

    Source: onset agreement as the mean resultant length of Mardia & Jupp, Directional Statistics (2000), 2.3; its
    significance by their Rayleigh test, 6.3, over as many tempi as can be told apart.
    """
    onsets = find_onsets(pcm, rate)
    if len(onsets.times) < 4:
        return None
    period = 60.0 / tempo
    near = period / np.linspace(1 - 1.15 * REACH, 1 + 1.15 * REACH, 401)
    agreement = _resultants(onsets, near)
    best = int(np.argmax((agreement**2).sum(axis=0)))
    division = _division(agreement[:, best])
    grid, phase = _line(onsets, near[best] / division)
    found = grid * division
    if abs(period / found - 1) > REACH:
        return Beat(tempo, 0.0, 0.0)
    first = _first_beat(onsets, grid, phase, division)
    return Beat(60.0 / found, first, _confidence(onsets, found, division, period))


def _peaks(curve: Times, distance: int) -> npt.NDArray[np.int64]:
    """Return the places that are highest within `distance` on both sides and stand out of the curve."""
    padded = np.pad(curve, distance)
    highest = np.lib.stride_tricks.sliding_window_view(padded, 2 * distance + 1).max(axis=1)
    threshold = max(curve.mean() + 0.5 * curve.std(), 0.1 * curve.max())
    return np.flatnonzero((curve == highest) & (curve > threshold))


def _rise(envelope: Times, middle: int) -> int:
    """Return the sample near `middle` at which the sound has risen by a quarter of what it will rise."""
    start = max(0, middle - RATE * 25 // 1000)
    piece = envelope[start : middle + RATE * 25 // 1000]
    floor = float(piece[: max(1, len(piece) // 5)].min())
    top = int(np.argmax(piece))
    low = np.flatnonzero(piece[: top + 1] < floor + 0.25 * (piece[top] - floor))
    return start + (int(low[-1]) + 1 if len(low) else 0)


def _resultants(onsets: Onsets, periods: Times) -> Times:
    """Return (divisions, periods): how well the onsets agree on a phase, 0 to 1, for each division of each period."""
    weights = onsets.weights / onsets.weights.sum()
    turns = 2j * np.pi * onsets.times[None, :] / periods[:, None]
    return np.stack([np.abs(np.exp(division * turns) @ weights) for division in _DIVISIONS])


def _division(agreement: Times) -> int:
    """Return the finest division that the onsets agree on nearly as well as on any."""
    good = [d for d, value in zip(_DIVISIONS, agreement, strict=True) if value >= 0.85 * agreement.max()]
    return max(good)


def _line(onsets: Onsets, grid: float) -> tuple[float, float]:
    """Return the period and phase of the straight line through the onsets over their places on the grid."""
    weights = np.sqrt(onsets.weights)
    phase = float(np.angle(np.exp(2j * np.pi * onsets.times / grid) @ onsets.weights)) * grid / (2 * np.pi)
    for tolerance in (0.3, 0.2, 0.15, 0.15):
        places = np.round((onsets.times - phase) / grid)
        inside = np.abs(onsets.times - phase - places * grid) < tolerance * grid
        if len(np.unique(places[inside])) < 3:
            break
        grid, phase = np.polyfit(places[inside], onsets.times[inside], 1, w=weights[inside])
    return float(grid), float(phase)


def _first_beat(onsets: Onsets, grid: float, phase: float, division: int) -> float:
    """Return the time of the first played beat: beats are the division's places with the most weight on them."""
    places = np.round((onsets.times - phase) / grid)
    close = np.abs(onsets.times - phase - places * grid) < 0.2 * grid
    weights = np.bincount(places[close].astype(int) % division, onsets.weights[close], minlength=division)
    # What is played first is on the beat, unless another place is clearly accented.
    if close.any():
        weights[int(places[close][0]) % division] *= 1.5
    beats = close & (places.astype(int) % division == int(np.argmax(weights)))
    strong = beats & (onsets.weights >= 0.3 * onsets.weights[beats].max()) & (onsets.times > -0.03)
    place = float(places[strong].min()) if strong.any() else 0.0
    return phase + place * grid


def _confidence(onsets: Onsets, period: float, division: int, asked: float) -> float:
    near = _resultants(onsets, np.array([period]))[:, 0]
    wide = 60.0 / np.geomspace(60 / asked * 0.55, 60 / asked * 1.9, 600)
    octaves = np.abs(np.log2(wide / period)[:, None] - np.array([-1.0, 0.0, 1.0])).min(axis=1) * np.log(2)
    others = (_resultants(onsets, wide[octaves > 1.15 * REACH]) ** 2).sum(axis=0)
    if others.max() > 1.1 * (near**2).sum():
        return 0.0
    effective = onsets.weights.sum() ** 2 / (onsets.weights**2).sum()
    length = onsets.times[-1] - onsets.times[0]
    told_apart = len(_DIVISIONS) * max(1.0, 2 * REACH * length / (asked / 2))
    return float(max(0.0, 1.0 - told_apart * np.exp(-effective * near[division - 1] ** 2)))
