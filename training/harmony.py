"""Scales, chords and progressions as MIDI note numbers."""

from __future__ import annotations

import random
from dataclasses import dataclass

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
}
PROGRESSIONS: dict[str, tuple[tuple[int, ...], ...]] = {
    "major": ((0, 3, 4, 5), (0, 4, 3, 5), (0, 4, 1, 3), (0, 3, 2, 5), (0, 1, 4, 3)),
    "minor": ((0, 6, 5, 6), (0, 5, 6, 3), (0, 3, 6, 5), (0, 6, 3, 4), (0, 5, 4, 6)),
    "dorian": ((0, 3, 0, 3), (0, 3, 6, 1), (0, 3, 1, 6), (0, 3, 2, 6)),
}
"""Degrees of the chords. What tells a scale from those a fifth away comes early: the fourth and the seventh degree in
major, the second and the sixth in minor, the third and the sixth in dorian."""
TRIADS = ("rock", "techno", "trap", "reggae")


def frequency(note: float) -> float:
    """Return the frequency of a MIDI note in hertz (A4 = 69 = 440 Hz)."""
    return float(440.0 * 2.0 ** ((note - 69) / 12))


@dataclass(frozen=True)
class Harmony:
    """A key with a progression: `chords` holds one scale degree per chord."""

    root: int
    mode: str
    chords: tuple[int, ...]
    seventh: bool

    def note(self, degree: int, lowest: int) -> int:
        """Return scale degree `degree` in the octave whose tonic is the first at or above MIDI note `lowest`."""
        scale = SCALES[self.mode]
        tonic = lowest + (self.root - lowest) % 12
        return tonic + scale[degree % 7] + 12 * (degree // 7)

    def chord(self, index: int, lowest: int) -> list[int]:
        """Return the notes of chord `index`, folded so that all lie within an octave above `lowest`."""
        degrees = (0, 2, 4, 6) if self.seventh else (0, 2, 4)
        base = self.chords[index % len(self.chords)]
        return sorted(lowest + (self.note(base + d, lowest) - lowest) % 12 for d in degrees)


def draw_harmony(root: int, mode: str, genre: str, rng: random.Random) -> Harmony:
    """Draw a progression for the key."""
    return Harmony(root, mode, rng.choice(PROGRESSIONS[mode]), genre not in TRIADS)
