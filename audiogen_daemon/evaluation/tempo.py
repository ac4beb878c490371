"""Tempo from the autocorrelation of the onset curve."""

from __future__ import annotations

import numpy as np

from audiogen_daemon.evaluation.spectrum import ONSET_RATE, Signal, onset_curve

TOLERANCE = 0.04
LOWEST, HIGHEST = 55.0, 190.0
PREFERRED, SPREAD_OCTAVES = 115.0, 0.9


def tempo_strengths(samples: Signal, bpm: Signal) -> Signal:
    """Return how well each tempo explains the onsets: their autocorrelation at its beat, multiples and fractions."""
    onsets = onset_curve(samples)
    onsets = onsets / (onsets.std() + 1e-9)
    count = len(onsets)
    spectrum = np.fft.rfft(onsets, 1 << (2 * count - 1).bit_length())
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:count] / np.maximum(count - np.arange(count), count * 0.2)

    def at(lag: Signal) -> Signal:
        index = np.clip(lag, 0, count - 2).astype(int)
        share = lag - index
        return np.where(lag < count - 1, correlation[index] * (1 - share) + correlation[index + 1] * share, 0.0)

    beat = ONSET_RATE * 60 / bpm
    strengths: Signal = at(beat) + 0.5 * at(2 * beat) + 0.5 * at(4 * beat) + 0.25 * at(beat / 2) + 0.25 * at(beat / 4)
    return strengths


def estimate_tempo(samples: Signal) -> float:
    """Return the tempo of (samples,) audio at 32 kHz in beats per minute, 55 to 190, middling tempi preferred."""
    grid = np.arange(LOWEST, HIGHEST, 0.25)
    preference = np.exp(-0.5 * (np.log2(grid / PREFERRED) / SPREAD_OCTAVES) ** 2)
    return float(grid[np.argmax(tempo_strengths(samples, grid) * preference)])


def tempo_agrees(estimate: float, asked: float) -> bool:
    """Tell whether an estimate is within 4 % of the asked tempo, its half or its double."""
    return any(abs(estimate / (asked * octave) - 1) <= TOLERANCE for octave in (0.5, 1.0, 2.0))
