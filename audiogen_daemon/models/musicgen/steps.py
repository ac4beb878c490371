"""The loop over steps: known columns in one pass, then one drawn column at a time.

Rows of a batch are takes: first one conditional row per take, then, under guidance, as many rows without a text; with a
style and a text, as many rows with the style alone lie between.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import mlx.core as mx
import numpy as np

from audiogen_daemon.models.musicgen.cache import Caches, ExactSlots, grow, start_caches
from audiogen_daemon.models.musicgen.delay import UNKNOWN, Tokens
from audiogen_daemon.models.musicgen.lm import Decoder
from audiogen_daemon.models.musicgen.text import LayerText, fold_text, text_keys
from audiogen_daemon.models.pipeline import Sampling
from audiogen_daemon.models.sampling import draw, guide, guide_doubly


@dataclass(frozen=True)
class Score:
    """What is to be played: a laid-out sequence, and how its gaps are filled.

    grid: (columns, K), known tokens and UNKNOWN. seeds: one per take. text: (1, pieces, C) that all takes share, for
    models with cross-attention. prefix: (ways, P, C) that all takes share, for models without: what stands before the
    tokens, one row per way of guidance. beta: with three ways, how much more the text counts than the style.
    """

    grid: Tokens
    seeds: tuple[int, ...]
    text: mx.array | None
    sampling: Sampling
    prefix: mx.array | None = None
    beta: float = 1.0

    @property
    def ways(self) -> int:
        """Rows per take: without a text, the unconditional row would equal the conditional one and is left out."""
        if self.prefix is not None:
            return int(self.prefix.shape[0])
        return 2 if self.text is not None and self.sampling.guidance != 1.0 else 1

    @property
    def rows(self) -> int:
        """Rows of the batch."""
        return len(self.seeds) * self.ways

    @property
    def before(self) -> int:
        """Positions that the prefix takes before column 0."""
        return 0 if self.prefix is None else int(self.prefix.shape[1])

    @property
    def first(self) -> int:
        """The first column with a token to draw; the ones before are read in one pass."""
        return int(np.argmax((self.grid == UNKNOWN).any(axis=1)))


class Player(Protocol):
    """A way to draw a score's columns."""

    def __call__(self, score: Score) -> Iterator[Tokens]:
        """Yield (columns, takes, K), the next columns as soon as they are known, from the first unknown one on.

        Closing the generator stops the work within one of its items.
        """
        ...


def listen(decoder: Decoder, score: Score, fold: bool) -> tuple[LayerText, ...]:
    """Every layer's view of the score's text; empty without a text."""
    if score.text is None:
        return ()
    heads, hidden = decoder.config.heads, decoder.config.hidden
    takes, pieces = len(score.seeds), score.text.shape[1]
    texts: list[LayerText] = []
    for layer in decoder.layers:
        assert layer.cross is not None, "only models with cross-attention get a text"
        if fold and heads * pieces < hidden:
            texts.append(fold_text(layer.cross, score.text, heads, takes))
        else:
            text = mx.repeat(score.text, takes, axis=0)
            texts.append(text_keys(layer.cross, text, heads, score.rows - takes, None))
    return tuple(texts)


def prefill(decoder: Decoder, score: Score, text: Sequence[LayerText]) -> tuple[mx.array, Caches]:
    """Read prefix and known columns in one pass: logits (rows, K, V) of the first unknown column, and the caches."""
    config = decoder.config
    room = score.before + score.first + 1
    caches = start_caches(config.layers, score.rows, config.heads, config.head_dim, room, decoder.dtype)
    known = mx.broadcast_to(mx.array(score.grid[None, : score.first]), (score.rows, score.first, config.codebooks))
    x = decoder.embed(known)
    if score.prefix is not None:
        x = mx.concatenate([mx.repeat(score.prefix, len(score.seeds), axis=0), x], axis=1)
    return decoder.read(x, caches, ExactSlots(0), text)


def combine(logits: mx.array, ways: int, guidance: float | mx.array, beta: float | mx.array) -> mx.array:
    """The rows of each take as one: (ways * takes, K, V) to (takes, K, V)."""
    if ways == 3:
        return guide_doubly(logits, guidance, beta)
    return guide(logits, guidance) if ways == 2 else logits


class StepPlayer:
    """Column after column, each evaluated by itself, the past's length exact in every step.

    This suits backends where bytes decide and launching is cheap. fold: fold the text where that is less work.
    """

    def __init__(self, decoder: Decoder, fold: bool) -> None:
        self._decoder = decoder
        self._fold = fold

    def __call__(self, score: Score) -> Iterator[Tokens]:
        """See `Player`; one column at a time."""
        sampling, columns = score.sampling, len(score.grid)
        seeds = mx.array(score.seeds, mx.uint32)
        text = listen(self._decoder, score, self._fold)
        logits, caches = prefill(self._decoder, score, text)
        for column in range(score.first, columns):
            logits = combine(logits, score.ways, sampling.guidance, score.beta)
            drawn = draw(logits / sampling.temperature, sampling.top_k, sampling.top_p, seeds, column)
            known = mx.array(score.grid[column])
            drawn = mx.where(known == UNKNOWN, drawn, known)
            yield np.array(drawn)[None]
            if column + 1 < columns:
                position = score.before + column
                caches = grow(caches, position + 1)
                step = mx.tile(drawn, (score.ways, 1))[:, None]
                logits, caches = self._decoder(step, caches, ExactSlots(position), text)
