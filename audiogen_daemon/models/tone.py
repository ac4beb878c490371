"""A family without weights: plucked notes that follow prompt and seed. Template of a family, test double, probe."""

import time
import zlib
from collections.abc import Iterator

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from audiogen_daemon.models.pipeline import Audio, Pipeline, Progress, Request, Sampling

HOP = 640
"""Samples per step."""

NOTES = (0, 3, 5, 7, 10, 12)
"""Semitones of the minor pentatonic that the melody walks on."""


class Tone:
    """Plucked notes at the request's tempo, on a scale whose root comes from the prompt.

    pace: seconds of wall time per step, to act as a slow model; 0 is as fast as it can.
    """

    sample_rate = 32000
    channels = 1
    max_seconds = 600.0
    sampling = Sampling()

    def __init__(self, pace: float = 0.0) -> None:
        self.pace = pace

    def generate(self, request: Request) -> Iterator[Progress | Audio]:
        """Yield one Audio per step of 20 ms; the same request gives the same samples."""
        total = round(request.seconds * self.sample_rate)
        steps = -(-total // HOP)
        melody = _melody(request)
        beat = 60.0 / (request.tempo or 120.0)
        for step in range(steps):
            if self.pace:
                time.sleep(self.pace)
            first = step * HOP
            last = min(first + HOP, total)
            times = np.arange(first, last, dtype=np.float64) / self.sample_rate
            yield Audio(_pluck(times, melody, beat / 2).astype(np.float32)[:, None])
            yield Progress(step + 1, steps)


def _melody(request: Request) -> list[float]:
    """Return 16 frequencies in Hz, drawn on the device that real models draw on."""
    steps = np.array(mx.random.randint(0, len(NOTES), (16,), key=mx.random.key(request.seed)))
    root = 45 + zlib.crc32(request.prompt.encode()) % 12
    return [440.0 * 2 ** ((root + NOTES[int(step)] - 69) / 12) for step in steps]


def _pluck(times: NDArray[np.float64], melody: list[float], length: float) -> NDArray[np.float64]:
    number = np.floor(times / length).astype(int)
    since = times - number * length
    frequency = np.asarray(melody)[number % len(melody)]
    attack = np.minimum(since / 0.005, 1.0)
    release = np.minimum((length - since) / 0.005, 1.0)
    phase = 2 * np.pi * frequency * since
    tone = np.sin(phase) + 0.4 * np.sin(2 * phase) + 0.2 * np.sin(3 * phase)
    return np.asarray(0.3 * tone * attack * release * np.exp(-since * 4))


def load(pace: float = 0.0) -> Pipeline:
    """Return the pipeline."""
    return Tone(pace)
