"""A family without weights: plucked notes that follow prompt and seed. Template of a family, test double, probe."""

import functools
import itertools
import time
import zlib
from collections.abc import Generator, Iterator
from dataclasses import replace

import mlx.core as mx
import numpy as np
from numpy.typing import NDArray

from audiogen_daemon.models.checking import blend, check_request
from audiogen_daemon.models.jam import Items, Jam
from audiogen_daemon.models.pipeline import PCM, Audio, Pipeline, Progress, Request, Sampling

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
    longest_seconds = 600.0
    sampling = Sampling()

    def __init__(self, pace: float = 0.0) -> None:
        self.pace = pace

    def generate(self, request: Request) -> Iterator[Progress | Audio]:
        """Yield one Audio per step of 20 ms and variation; the same request gives the same samples."""
        _check(request)
        return self._play(request)

    def jam(self, request: Request) -> Generator[Progress | Audio, Request | None, None]:
        """See `Pipeline.jam`."""
        _check(request)
        return Jam(self._improvise(request), _check)

    def _play(self, request: Request) -> Iterator[Progress | Audio]:
        total = round(request.seconds * self.sample_rate)
        steps = -(-total // HOP)
        for step in range(steps):
            if self.pace:
                time.sleep(self.pace)
            for variation, seed in enumerate(request.seeds):
                yield Audio(_notes(request, seed, step * HOP, min((step + 1) * HOP, total)), variation)
            yield Progress(step + 1, steps)

    def _improvise(self, first: Request) -> Items:
        request = first
        for step in itertools.count():
            if self.pace:
                time.sleep(self.pace)
            pcm = _notes(request, first.seed, step * HOP, (step + 1) * HOP)
            for item in (Audio(pcm), Progress(step + 1, 0)):
                sent = yield item
                if sent is not None:
                    request = replace(sent, tempo=first.tempo)


def _notes(request: Request, seed: int, first: int, last: int) -> PCM:
    """The samples first to last of the take with that seed: (samples, 1)."""
    times = np.arange(first, last, dtype=np.float64) / Tone.sample_rate
    length = 30.0 / (request.tempo or 120.0)
    notes = np.zeros_like(times)
    for prompt, weight in blend(request).items():
        notes += weight * _pluck(times, _melody(prompt, seed), length)
    return notes.astype(np.float32)[:, None]


def _check(request: Request) -> None:
    check_request(request)
    if request.melody is not None or request.style is not None:
        raise ValueError("a melody or a style is given, but tone follows none; play musicgen-melody, or leave it out")


@functools.lru_cache(maxsize=64)
def _melody(prompt: str, seed: int) -> list[float]:
    """Return 16 frequencies in Hz, drawn on the device that real models draw on."""
    steps = np.array(mx.random.randint(0, len(NOTES), (16,), key=mx.random.key(seed)))
    root = 45 + zlib.crc32(prompt.encode()) % 12
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
