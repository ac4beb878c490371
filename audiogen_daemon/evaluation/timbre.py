"""Which instrument plays: a linear classifier over spectral statistics, its weights learned on known instruments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audiogen_daemon.evaluation.spectrum import Signal, magnitudes, onset_curve

FAMILIES: dict[str, str] = {
    "drums": "drums",
    "bass": "bass",
    "walking bass": "bass",
    "pad": "sustained",
    "strings": "sustained",
    "organ": "sustained",
    "keys": "struck",
    "pluck": "struck",
    "arp": "struck",
    "lead": "struck",
    "bell": "struck",
    "full": "full",
}
"""The family of each instrument; `struck` is every melodic instrument with separate notes."""
INSTRUMENTS = tuple(FAMILIES)
WEIGHTS_FILE = Path(__file__).parent / "timbre.npz"
RIDGE = 30.0


def timbre_features(samples: Signal) -> Signal:
    """Return (features,) statistics of (samples,) audio at 32 kHz: bands, their spread and motion, onsets, flatness."""
    levels = magnitudes(samples, 2048, 512)
    edges = np.unique(np.geomspace(2, 1024, 40).astype(int))
    bands = np.log(np.add.reduceat(levels, edges, axis=1) + 1e-3)
    motion = np.diff(bands, axis=0)
    onsets = onset_curve(samples)
    flatness = np.exp(np.log(levels + 1e-6).mean(1)) / (levels.mean(1) + 1e-6)
    peaks = np.sort(levels, axis=1)[:, -24:].sum(1) / (levels.sum(1) + 1e-6)
    summary = [onsets.mean(), onsets.std(), flatness.mean(), flatness.std(), peaks.mean(), peaks.std()]
    return np.concatenate([bands.mean(0), bands.std(0), motion.std(0), np.maximum(motion, 0).mean(0), summary])


@dataclass(frozen=True)
class TimbreClassifier:
    """One-against-all ridge regression on standardised features."""

    mean: Signal
    spread: Signal
    weights: Signal
    """(features + 1, instruments)"""

    def instrument(self, features: Signal) -> str:
        """Return the likeliest of the twelve instruments."""
        row = np.append((features - self.mean) / self.spread, 1.0)
        return INSTRUMENTS[int(np.argmax(row @ self.weights))]

    def save(self, path: Path) -> None:
        np.savez_compressed(
            path, mean=self.mean.astype("f4"), spread=self.spread.astype("f4"), weights=self.weights.astype("f4")
        )


def fit_classifier(features: Signal, instruments: Sequence[str]) -> TimbreClassifier:
    """Fit the classifier to (clips, features) and the instrument of each clip."""
    mean, spread = features.mean(0), features.std(0) + 1e-6
    rows = np.c_[(features - mean) / spread, np.ones(len(features))]
    targets = np.eye(len(INSTRUMENTS))[[INSTRUMENTS.index(name) for name in instruments]]
    weights = np.linalg.solve(rows.T @ rows + RIDGE * np.eye(rows.shape[1]), rows.T @ targets)
    return TimbreClassifier(mean, spread, weights)


def load_classifier(path: Path = WEIGHTS_FILE) -> TimbreClassifier:
    """Load the classifier that ships with the package."""
    with np.load(path) as kept:
        return TimbreClassifier(*(kept[name].astype(np.float64) for name in ("mean", "spread", "weights")))
