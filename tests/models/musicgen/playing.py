"""Tiny models in every way that a backend may choose, and their takes as sound."""

import json
from collections.abc import Generator, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from audiogen_daemon.models.backend import CPU, Backend
from audiogen_daemon.models.musicgen.pipeline import MusicGen, load
from audiogen_daemon.models.musicgen.score import Score
from audiogen_daemon.models.pipeline import Audio, Progress, Request
from tests.models.reference.tiny_musicgen import write_checkpoint

WAYS = {
    "folded": CPU,
    "plain": Backend("cpu", "float32", steps_per_graph=0, fold_text=False),
    "compiled": Backend("cpu", "float32", steps_per_graph=4, fold_text=False),
}

Jam = Generator[Progress | Audio, Request | None, None]


def tiny(folder: Path, config: Mapping[str, Any], way: str = "folded", frames: int = 1500) -> MusicGen:
    """A random model. frames: the length it was trained on."""
    write_checkpoint(folder, config)
    generation = json.loads((folder / "generation_config.json").read_text())
    (folder / "generation_config.json").write_text(json.dumps(generation | {"max_length": frames}))
    return load(folder, backend=WAYS[way])


def sound(items: Iterable[Progress | Audio], variation: int = 0) -> np.ndarray:
    """One variation's samples."""
    return np.concatenate([item.pcm for item in items if isinstance(item, Audio) and item.variation == variation])


def played(jam: Jam, steps: int, steer: dict[int, Request] | None = None) -> list[Progress | Audio]:
    """The items until so many steps are made; a request is sent as soon as the step it stands at is."""
    items, waiting = [next(jam)], dict(steer or {})
    while True:
        item = items[-1]
        step = item.step if isinstance(item, Progress) else 0
        if step >= steps:
            return items
        due = min(waiting) if waiting and min(waiting) <= step else None
        items.append(jam.send(waiting.pop(due)) if due is not None else next(jam))


def spied(model: MusicGen, request: Request) -> tuple[Score, np.ndarray]:
    """A take's score and its columns as drawn: (columns, takes, K)."""
    scores: list[Score] = []
    kept: list[np.ndarray] = []

    def spy(score: Score) -> Iterator[np.ndarray]:
        scores.append(score)
        for drawn in model._player(score):
            kept.append(drawn)
            yield drawn

    spying = MusicGen(model.config, model._prompts, spy, model._codec, model._ahead)
    for _ in spying.generate(request):
        pass
    return scores[0], np.concatenate(kept)
