"""The state folder of a run: checkpoints that appear whole, a log, and a wall-clock budget."""

from __future__ import annotations

import logging
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

import torch

LOG = logging.getLogger("training")


def best_device() -> torch.device:
    """Return the GPU if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def start_log(folder: Path, stage: str) -> None:
    """Log to the terminal and to `folder`/stage.log, with seconds since the start."""
    folder.mkdir(parents=True, exist_ok=True)
    begun = time.time()

    class Seconds(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return f"[{record.created - begun:7.1f}] {record.getMessage()}"

    LOG.setLevel(logging.INFO)
    for handler in (logging.StreamHandler(sys.stdout), logging.FileHandler(folder / f"{stage}.log")):
        handler.setFormatter(Seconds())
        LOG.addHandler(handler)


def save(path: Path, value: dict[str, Any]) -> None:
    """Write a checkpoint so that it is either whole or not there."""
    partial = path.with_suffix(".partial")
    torch.save(value, partial)
    os.replace(partial, path)


def load(path: Path, device: torch.device) -> dict[str, Any]:
    """Read a checkpoint written by `save`."""
    value: dict[str, Any] = torch.load(path, map_location=device, weights_only=True)
    return value


class Budget:
    """Wall-clock time for one stage, `spent` seconds of which an earlier run has used."""

    def __init__(self, seconds: float, spent: float = 0.0) -> None:
        self.seconds = seconds
        self.begun = time.time() - spent

    @property
    def spent(self) -> float:
        return time.time() - self.begun

    @property
    def fraction(self) -> float:
        return self.spent / self.seconds


def cosine(fraction: float, step: int, warmup: int) -> float:
    """Return the learning-rate factor: a linear warm-up, then a cosine down to 2 %."""
    return min(1.0, (step + 1) / warmup) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, fraction))))


class Average:
    """An exponential moving average of parameters."""

    def __init__(self, parameters: list[torch.nn.Parameter], decay: float) -> None:
        self.parameters = parameters
        self.decay = decay
        self.values = [p.detach().clone() for p in parameters]

    @torch.no_grad()
    def update(self, step: int) -> None:
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.values, [p.detach() for p in self.parameters], 1 - decay)

    @torch.no_grad()
    def swap(self) -> None:
        """Exchange the averaged and the trained values (call twice to restore)."""
        for value, parameter in zip(self.values, self.parameters, strict=True):
            kept = value.clone()
            value.copy_(parameter)
            parameter.copy_(kept)
