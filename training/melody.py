"""Melodies that walk through the whole scale, so that a few seconds of them tell it from those a fifth away."""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence

Phrase = list[int | None]
"""Degrees of the scale from the tonic upwards, None where the last one is held."""
STARTS = ((-1, 1), (1, -1), (6, 1), (8, -1))
"""The degree before the first one, and the way from there: to the tonic, or to its octave."""
HIGHEST = 9
TURN = 0.15
DRAFTS = 8


def draw_phrase(chords: Sequence[int], slots: int, rest: float, rng: random.Random) -> Phrase:
    """Return as many slots as there are, a like number for each chord; of several drafts the most even one."""
    return max((_draft(chords, slots, rest, rng) for _ in range(DRAFTS)), key=evenness)


def evenness(phrase: Phrase) -> float:
    """Return how evenly a phrase uses the seven degrees: 0 for one alone, log 7 for all alike."""
    counts = Counter(degree % 7 for degree in phrase if degree is not None)
    return -sum(n / counts.total() * math.log(n / counts.total()) for n in counts.values())


def _draft(chords: Sequence[int], slots: int, rest: float, rng: random.Random) -> Phrase:
    """Go up and down the scale step by step; each chord begins with one of its own notes."""
    phrase: Phrase = []
    degree, way = rng.choice(STARTS)
    per_chord = slots // len(chords)
    for slot in range(slots):
        chord, begins = chords[slot // per_chord], slot % per_chord == 0
        if not begins and rng.random() < rest:
            phrase.append(None)
            continue
        if slot and (not 0 <= degree + way <= HIGHEST or rng.random() < TURN):
            way = -way
        degree += way
        while begins and (degree - chord) % 7 not in (0, 2, 4):
            degree += way
        phrase.append(degree)
    return phrase
