"""Sounds to follow, the same everywhere, and what the stored references of following_*.npz were made with."""

from collections.abc import Sequence

import numpy as np

GUIDANCE = 3.0
PROMPT = [5, 9, 13, 1]
SEEDS = {"melody": 1, "stereo-melody": 2, "style": 3}
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def sound(seconds: float, seed: int = 4) -> np.ndarray:
    """A tone that wanders, in noise, at 32 kHz: (samples, 2)."""
    source = np.random.RandomState(seed)
    notes = np.repeat(source.uniform(100, 2000, 40), 12_000)[: round(seconds * 32_000)]
    tone = 0.3 * np.sin(2 * np.pi * np.cumsum(notes) / 32_000)
    return (tone[:, None] + source.normal(0, 0.05, (len(tone), 2))).astype(np.float32)


def tune(notes: Sequence[str], note_seconds: float = 1.5, rate: int = 32_000, octave: int = 4) -> np.ndarray:
    """Plucked notes with overtones: (samples,)."""
    times = np.arange(round(note_seconds * rate)) / rate
    parts = []
    for note in notes:
        hertz = 440.0 * 2 ** ((NAMES.index(note) - 9) / 12 + octave - 4)
        overtones = [np.sin(2 * np.pi * hertz * k * times) / k**1.5 for k in (1, 2, 3, 4)]
        parts.append(0.3 * np.sum(overtones, axis=0) * np.exp(-times))
    return np.concatenate(parts).astype(np.float32)


def heard_notes(pitches: np.ndarray, frames_per_note: float) -> list[str]:
    """The most frequent pitch class of each note's middle, from one-hot rows."""
    classes = pitches.argmax(axis=1)
    notes = []
    for index in range(round(len(classes) / frames_per_note)):
        first, last = (index + 0.25) * frames_per_note, (index + 0.75) * frames_per_note
        notes.append(NAMES[np.bincount(classes[round(first) : round(last) + 1]).argmax()])
    return notes
