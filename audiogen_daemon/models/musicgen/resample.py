"""Resampling exactly as the model that hears the result was trained with: julius' windowed sinc.

Source: `julius.ResampleFrac` with its defaults, which audiocraft uses.
"""

import math

import numpy as np
from numpy.typing import NDArray

ZEROS = 24
"""Zero crossings of the sinc on each side."""

ROLLOFF = 0.945


def resample(samples: NDArray[np.float32], old_rate: int, new_rate: int) -> NDArray[np.float32]:
    """Mono sound at another rate: (samples,) to (samples * new_rate // old_rate,); for rates with a simple ratio."""
    divisor = math.gcd(old_rate, new_rate)
    old, new = old_rate // divisor, new_rate // divisor
    if old == new:
        return samples
    rate = min(old, new) * ROLLOFF
    width = math.ceil(ZEROS * old / rate)
    times = np.arange(-width, width + old) / old - np.arange(new)[:, None] / new
    phases = np.clip(times * rate, -ZEROS, ZEROS)
    kernels = np.sinc(phases) * np.cos(phases * (np.pi / ZEROS / 2)) ** 2
    kernels /= kernels.sum(axis=1, keepdims=True)
    padded = np.pad(samples.astype(np.float64), (width, width + old), mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, kernels.shape[1])[::old]
    joined = (windows @ kernels.T).reshape(-1)
    return np.asarray(joined[: new * len(samples) // old], np.float32)
