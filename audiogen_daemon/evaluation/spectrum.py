"""Short-time spectra and the onset curve that the other metrics share."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Signal = npt.NDArray[np.float64]
RATE = 32_000
"""Samples per second that every metric expects."""
ONSET_RATE = 200
"""Points per second of the onset curve."""


def magnitudes(samples: Signal, size: int, hop: int) -> Signal:
    """Return (frames, size // 2 + 1) magnitudes of (samples,) audio, periodic Hann window, centred frames."""
    padded = np.pad(samples, (size // 2, size // 2))
    frames = (len(padded) - size) // hop + 1
    window = np.hanning(size + 1)[:-1]
    stride = padded.strides[0]
    view = np.lib.stride_tricks.as_strided(padded, (frames, size), (stride * hop, stride), writeable=False)
    return np.abs(np.fft.rfft(view * window, axis=1))


def onset_curve(samples: Signal) -> Signal:
    """Return how much energy appears at each moment, 200 points a second, slow changes removed.

    Half-wave rectified flux of log magnitudes in 32 geometric bands, less its mean over 0.3 s.
    """
    levels = np.log1p(100 * magnitudes(samples, 1024, RATE // ONSET_RATE))
    edges = np.unique(np.geomspace(2, 512, 32).astype(int))
    bands = np.add.reduceat(levels, edges, axis=1) / np.diff(np.append(edges, 513))
    flux = np.maximum(bands[2:] - bands[:-2], 0).sum(1)
    rectified: Signal = np.maximum(flux - np.convolve(flux, np.ones(60) / 60, "same"), 0)
    return rectified
