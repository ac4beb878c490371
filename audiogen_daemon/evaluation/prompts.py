"""The fixed prompt set: prompts whose asked tempo, key and instrument are known."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

PROMPTS_FILE = Path(__file__).parent / "prompts.json"
RHYTHMIC = frozenset({"drums", "bass", "walking bass", "arp", "full"})
"""Instruments whose tempo can be heard from the onsets; for held chords the estimator fails on perfect audio too."""


@dataclass(frozen=True)
class Prompt:
    """A prompt and what it asks for; `root` is a pitch class (0 = C) and means nothing for drums."""

    text: str
    instrument: str
    bpm: float
    root: int
    mode: str

    @property
    def rhythmic(self) -> bool:
        return self.instrument in RHYTHMIC

    @property
    def pitched(self) -> bool:
        return self.instrument != "drums"


def load_prompts(count: int | None = None, path: Path = PROMPTS_FILE) -> list[Prompt]:
    """Return the first `count` prompts of the set (all: 240); every dozen holds all twelve instruments.

    Raises:
        ValueError: count is below 1 or above the size of the set.
    """
    prompts = [Prompt(**entry) for entry in json.loads(path.read_text())]
    if count is not None and not 1 <= count <= len(prompts):
        raise ValueError(f"{count} prompts asked, 1 to {len(prompts)} are in the set")
    return prompts[:count]
