"""Sounds with a known tempo, key or timbre."""

import numpy as np

RATE = 32_000


def clicks(bpm: float, seconds: float = 10.0) -> np.ndarray:
    """Return noise bursts on every beat, the first of four louder."""
    noise = np.random.default_rng(0).standard_normal(int(0.05 * RATE)) * np.exp(-np.arange(int(0.05 * RATE)) / 300)
    samples = np.zeros(int(seconds * RATE) + len(noise))
    for beat in range(int(seconds * bpm / 60)):
        start = int(beat * 60 / bpm * RATE)
        samples[start : start + len(noise)] += noise * (1.0 if beat % 4 == 0 else 0.6)
    return samples[: int(seconds * RATE)]


def notes(pitches: list[int], seconds: float = 0.5) -> np.ndarray:
    """Return MIDI notes one after the other, four harmonics each."""
    t = np.arange(int(seconds * RATE)) / RATE
    tones = []
    for pitch in pitches:
        hertz = 440 * 2 ** ((pitch - 69) / 12)
        tones.append(sum(np.sin(2 * np.pi * hertz * h * t) / h**2 for h in range(1, 5)) * np.exp(-2 * t))
    return np.concatenate(tones)
