"""Score audio against prompts, and a model over the whole prompt set."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audiogen_daemon.evaluation.key import best_root, best_scales, chroma
from audiogen_daemon.evaluation.prompts import Prompt, load_prompts
from audiogen_daemon.evaluation.tempo import estimate_tempo, tempo_agrees
from audiogen_daemon.evaluation.timbre import FAMILIES, TimbreClassifier, load_classifier, timbre_features

Generate = Callable[[str, float | None, int], npt.NDArray[np.float32]]
"""(prompt, asked tempo in bpm, seed) -> (samples,) or (samples, channels) audio at 32 kHz, without a count-in."""


@dataclass(frozen=True)
class Heard:
    """What the metrics hear in one clip."""

    tempo: float
    root: int
    scales: dict[str, int]
    """For each mode, the root whose transposition of it fits best."""
    instrument: str


@dataclass(frozen=True)
class Score:
    """Shares of prompts that were followed, each with the number of prompts that it is taken over."""

    tempo: float
    root: float
    scale: float
    family: float
    instrument: float
    rhythmic_prompts: int
    pitched_prompts: int
    prompts: int


@dataclass(frozen=True)
class Report:
    """A model's score, the same audio against shuffled prompts (what chance gives), and the share per instrument."""

    score: Score
    shuffled: Score
    by_instrument: dict[str, Score]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    def table(self) -> str:
        """Return the report as lines of text, one row per instrument."""
        head = f"{'':14}{'tempo':>8}{'root':>8}{'scale':>8}{'family':>8}{'instr.':>8}{'n':>6}"
        rows = [("all", self.score), ("shuffled", self.shuffled), *self.by_instrument.items()]
        return "\n".join([head, *(_row(name, score) for name, score in rows)])


def _row(name: str, score: Score) -> str:
    shares = (score.tempo, score.root, score.scale, score.family, score.instrument)
    cells = "".join(f"{'-':>8}" if np.isnan(share) else f"{share:>8.2f}" for share in shares)
    return f"{name:14}{cells}{score.prompts:>6}"


def hear(samples: npt.NDArray[np.floating[Any]], classifier: TimbreClassifier) -> Heard:
    """Measure one clip: (samples,) or (samples, channels) at 32 kHz, at least a second long.

    Raises:
        ValueError: the clip is shorter than a second.
    """
    mono = np.asarray(samples, dtype=np.float64)
    mono = mono.mean(1) if mono.ndim == 2 else mono
    if len(mono) < 32_000:
        raise ValueError(f"{len(mono)} samples is too short to judge; at least 32000 are needed")
    pitches = chroma(mono)
    instrument = classifier.instrument(timbre_features(mono))
    return Heard(estimate_tempo(mono), best_root(pitches), best_scales(pitches), instrument)


def _share(values: list[bool]) -> float:
    return float(np.mean(values)) if values else float("nan")


def score(heard: Sequence[Heard], prompts: Sequence[Prompt]) -> Score:
    """Return the shares of prompts that the clips follow; tempo over rhythmic, key over pitched instruments."""
    pairs = list(zip(heard, prompts, strict=True))
    rhythmic = [(h, p) for h, p in pairs if p.rhythmic]
    pitched = [(h, p) for h, p in pairs if p.pitched]
    return Score(
        tempo=_share([tempo_agrees(h.tempo, p.bpm) for h, p in rhythmic]),
        root=_share([h.root == p.root for h, p in pitched]),
        scale=_share([h.scales[p.mode] == p.root for h, p in pitched]),
        family=_share([FAMILIES[h.instrument] == FAMILIES[p.instrument] for h, p in pairs]),
        instrument=_share([h.instrument == p.instrument for h, p in pairs]),
        rhythmic_prompts=len(rhythmic),
        pitched_prompts=len(pitched),
        prompts=len(pairs),
    )


def report(heard: Sequence[Heard], prompts: Sequence[Prompt]) -> Report:
    """Return the whole report over clips that were already heard.

    The shuffled score keeps each clip's instrument, so that the same clips count as rhythmic and pitched, and takes
    tempo and key from another prompt of that instrument; family and instrument are taken from the next prompt.
    """
    others = _shuffled(prompts)
    nearby = [*prompts[1:], *prompts[:1]]
    chance = score(heard, others)
    wrong = score(heard, nearby)
    names = dict.fromkeys(p.instrument for p in prompts)
    return Report(
        score=score(heard, prompts),
        shuffled=Score(**{**asdict(chance), "family": wrong.family, "instrument": wrong.instrument}),
        by_instrument={
            name: score(
                *zip(*[(h, p) for h, p in zip(heard, prompts, strict=True) if p.instrument == name], strict=True)
            )
            for name in names
        },
    )


def _shuffled(prompts: Sequence[Prompt]) -> list[Prompt]:
    """Give every prompt the tempo and key of the next prompt with the same instrument."""
    places: dict[str, list[int]] = {}
    for index, prompt in enumerate(prompts):
        places.setdefault(prompt.instrument, []).append(index)
    found = list(prompts)
    for same in places.values():
        for place, following in zip(same, [*same[1:], *same[:1]], strict=True):
            p, q = prompts[place], prompts[following]
            found[place] = Prompt(p.text, p.instrument, q.bpm, q.root, q.mode)
    return found


def evaluate(
    generate: Generate,
    prompts: Sequence[Prompt] | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Generate a clip for every prompt and score them.

    Args:
        generate: makes one clip; see `Generate`.
        prompts: what to ask for; the whole fixed set by default.
        seed: prompt i is generated with seed + i.
        progress: told (done, total) after every clip.
    """
    asked = load_prompts() if prompts is None else list(prompts)
    classifier, heard = load_classifier(), []
    for index, prompt in enumerate(asked):
        heard.append(hear(generate(prompt.text, prompt.bpm, seed + index), classifier))
        progress(index + 1, len(asked))
    return report(heard, asked)
