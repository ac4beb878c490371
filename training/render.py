"""Render composed clips to audio in large batches: voices, mix, reverb, loudness, count-in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np
import torch
from torch import Tensor

from audiogen_daemon.models.keys import Key
from training.clip import CLIP_SAMPLES, HOP, SAMPLE_RATE, Spec
from training.compose import Events
from training.count_in import CountIn
from training.voices import VOICES

LENGTHS = (0.3, 1.0, 3.0, 8.0)
"""Event lengths are rounded up to these seconds, so that a compiled voice sees few shapes."""
GPU_ROWS = 2048
"""Notes of a second or less that a GPU plays at once; a CPU plays one by one, each in its cache."""
LOUDNESS = 0.16
WET = {"drums": 0.05, "bass": 0.0, "walking bass": 0.02, "full": 0.06}
WET_BY_MOOD = {"dreamy": 2.2, "clean": 0.3, "punchy": 0.5}

EventTable = dict[str, np.ndarray]
"""Per voice, float32 rows of (clip, start sample, gain, length s, *parameters)."""


def event_table(clips: Sequence[Events], specs: Sequence[Spec]) -> EventTable:
    """Stack the events of several clips; starts become samples after each clip's count-in."""
    rows: dict[str, list[list[float]]] = {name: [] for name in VOICES}
    for index, (events, spec) in enumerate(zip(clips, specs, strict=True)):
        offset = spec.count_in_frames * HOP
        for voice, found in events.items():
            rows[voice] += [[index, offset + int(row[0] * SAMPLE_RATE), *row[1:]] for row in found]
    return {name: np.asarray(found, dtype=np.float32) for name, found in rows.items() if found}


class Renderer:
    """Renders event tables on one device; on a GPU the additive voice is compiled.

    The count-in is set in after the loudness step, so that all clips of a tempo and a key begin with the same samples.
    """

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self.voices = dict(VOICES)
        self.padded = device.type == "cuda"
        if self.padded:
            self.voices["harmonic"] = torch.compile(VOICES["harmonic"], dynamic=False)
            self.voices["fm"] = torch.compile(VOICES["fm"], dynamic=False)
        self.count_in = cache(self._count_in)

    def _count_in(self, beat_frames: int, key: Key | None) -> Tensor:
        return torch.from_numpy(CountIn().click(beat_frames, key)).to(self.device)

    def _play(self, voice: str, table: np.ndarray, mix: Tensor) -> None:
        width = mix.shape[1]
        flat = mix.view(-1)
        for low, high in zip((0.0, *LENGTHS), (*LENGTHS, math.inf), strict=True):
            chosen = table[(table[:, 3] > low) & (table[:, 3] <= high)]
            length = int(min(high, LENGTHS[-1]) * SAMPLE_RATE)
            rows = max(16, int(GPU_ROWS / max(1.0, min(high, LENGTHS[-1])))) if self.padded else 1
            for first in range(0, len(chosen), rows):
                part = chosen[first : first + rows]
                if self.padded and len(part) < rows:
                    silent = np.repeat(part[:1], rows - len(part), axis=0)
                    silent[:, 2] = 0.0
                    part = np.concatenate([part, silent])
                events = torch.from_numpy(part).to(self.device)
                samples = self.voices[voice](events[:, 4:].contiguous(), length) * events[:, 2:3]
                edge = (events[:, 3:4] * SAMPLE_RATE).clamp(max=length)
                index = torch.arange(length, device=self.device)
                samples = samples * ((edge - index) / 256).clamp(0, 1)
                start = events[:, 0].long() * width + events[:, 1].long()
                flat.index_add_(0, (start[:, None] + index).view(-1), samples.reshape(-1))

    def __call__(self, table: EventTable, specs: Sequence[Spec], seed: int) -> Tensor:
        """Return (clips, CLIP_SAMPLES) float32 audio, count-in first; the same seed gives the same noise."""
        torch.manual_seed(seed)
        tail = int(LENGTHS[-1] * SAMPLE_RATE)
        mix = torch.zeros(len(specs), CLIP_SAMPLES + tail, device=self.device)
        for voice, rows in table.items():
            self._play(voice, rows, mix)
        music = self._reverb(mix[:, :CLIP_SAMPLES], specs)
        starts = torch.tensor([s.count_in_frames * HOP for s in specs], device=self.device)
        after = torch.arange(CLIP_SAMPLES, device=self.device)[None] >= starts[:, None]
        music = music * after
        power = music.pow(2).sum(1) / after.sum(1)
        music = torch.tanh(1.2 * music * (LOUDNESS / (power.sqrt() + 1e-6))[:, None]) / 1.2
        for row, spec in enumerate(specs):
            click = self.count_in(spec.beat_frames, spec.count_in_key)
            music[row, : len(click)] = click
        return torch.nan_to_num(music)

    def _reverb(self, music: Tensor, specs: Sequence[Spec]) -> Tensor:
        length = int(0.9 * SAMPLE_RATE)
        decay = torch.exp(-torch.arange(length, device=self.device) / (0.22 * SAMPLE_RATE))
        response = torch.randn(length, device=self.device) * decay
        response = response / response.norm()
        wet = [WET.get(s.instrument, 0.14) * WET_BY_MOOD.get(s.mood, 1.0) for s in specs]
        size = 1 << (CLIP_SAMPLES + length).bit_length()
        spectrum = torch.fft.rfft(music, size) * torch.fft.rfft(response, size)[None]
        echo = torch.fft.irfft(spectrum, size)[:, :CLIP_SAMPLES]
        return music + torch.tensor(wet, device=self.device)[:, None] * echo
