"""Which of the twelve pitch classes sounds loudest, eight times a second: what a melody is to MusicGen.

Source: audiocraft's ChromaExtractor, which takes librosa's chroma filters; transformers' feature extractor agrees.
"""

import numpy as np
from numpy.typing import NDArray

PITCH_CLASSES = 12
"""C is 0, A is 9."""

WINDOW = 16_384
HOP = 4_096
LOUDEST_OCTAVE, OCTAVE_SPREAD = 5.0, 2.0
"""Where librosa's filters listen best, in octaves above 27.5 Hz / 2, and how far around it."""


def chroma(samples: NDArray[np.float32], sample_rate: int) -> NDArray[np.float32]:
    """The loudest pitch class of each frame as a one-hot row: (1 + samples // HOP, 12).

    Args:
        samples: (samples,), mono. Shorter than a window: silence is put around it. A silent frame counts as C.
        sample_rate: Hz.
    """
    missing = max(0, WINDOW - len(samples))
    padded = np.pad(samples.astype(np.float64), (missing // 2, missing - missing // 2))
    padded = np.pad(padded, WINDOW // 2, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP]
    power = np.abs(np.fft.rfft(frames * window)) ** 2 / np.sum(window**2)
    loudness = power @ chroma_filters(sample_rate).T
    one_hot: NDArray[np.float32] = np.eye(PITCH_CLASSES, dtype=np.float32)[np.argmax(loudness, axis=1)]
    return one_hot


def chroma_filters(sample_rate: int) -> NDArray[np.float64]:
    """How much each bin of the spectrum counts for each pitch class: (12, WINDOW // 2 + 1).

    Around every semitone a Gaussian bump as wide as a bin of the spectrum is there, at least a semitone; each bin's
    weights have norm 1, then the middle octaves are favoured.

    Source: `librosa.filters.chroma` with tuning 0, after Dan Ellis' fft2chromamx.
    """
    hertz = np.arange(1, WINDOW) * (sample_rate / WINDOW)
    semitone = PITCH_CLASSES * np.log2(hertz / (440.0 / 16))
    semitone = np.concatenate([[semitone[0] - 1.5 * PITCH_CLASSES], semitone])
    width = np.append(np.maximum(np.diff(semitone), 1.0), 1.0)
    half = PITCH_CLASSES // 2
    distance = (semitone - np.arange(PITCH_CLASSES)[:, None] + half) % PITCH_CLASSES - half
    bumps = np.exp(-0.5 * (2 * distance / width) ** 2)
    bumps /= np.sqrt(np.sum(bumps**2, axis=0))
    bumps *= np.exp(-0.5 * ((semitone / PITCH_CLASSES - LOUDEST_OCTAVE) / OCTAVE_SPREAD) ** 2)
    from_c = np.roll(bumps, -3, axis=0)
    return np.ascontiguousarray(from_c[:, : WINDOW // 2 + 1])
