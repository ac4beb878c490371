"""Key and scale from a chroma vector."""

from __future__ import annotations

import numpy as np

from audiogen_daemon.evaluation.spectrum import RATE, Signal, magnitudes

SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
}
PROFILES: dict[str, tuple[float, ...]] = {
    "major": (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88),
    "minor": (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17),
}
"""Krumhansl and Kessler 1982, the probe-tone ratings."""


def chroma(samples: Signal) -> Signal:
    """Return the weight of the twelve pitch classes (C first) in (samples,) audio at 32 kHz."""
    size = 8192
    levels = magnitudes(samples, size, 2048)
    hertz = np.fft.rfftfreq(size, 1 / RATE)
    kept = (hertz > 60) & (hertz < 2000)
    pitch = 69 + 12 * np.log2(hertz[kept] / 440)
    distance = (pitch[:, None] - np.arange(12)[None] + 6) % 12 - 6
    weights = np.exp(-0.5 * (distance / 0.3) ** 2) / np.sqrt(hertz[kept])[:, None]
    found: Signal = (levels[:, kept] @ weights).mean(0)
    return found


def best_root(found: Signal) -> int:
    """Return the tonic (0 = C) whose rotated key profile correlates best with a chroma vector."""
    scores = {
        (root, mode): np.corrcoef(np.roll(profile, root), found)[0, 1]
        for mode, profile in PROFILES.items()
        for root in range(12)
    }
    return max(scores, key=lambda choice: scores[choice])[0]


def best_scales(found: Signal) -> dict[str, int]:
    """Return, for each mode, which of its twelve transpositions holds most of a chroma vector."""
    best = {}
    for mode, degrees in SCALES.items():
        member = np.isin(np.arange(12), degrees).astype(float)
        best[mode] = int(np.argmax([float(np.roll(member, root) @ found) for root in range(12)]))
    return best
