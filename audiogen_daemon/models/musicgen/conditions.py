"""What a step goes by: texts and their weights, a prefix, and how tokens are drawn. All of it may change in a jam."""

import math
import operator
from dataclasses import dataclass

import mlx.core as mx

from audiogen_daemon.models.musicgen.key_guidance import PLAUSIBLE
from audiogen_daemon.models.pipeline import Sampling
from audiogen_daemon.models.sampling import guide, guide_doubly, mix


@dataclass(frozen=True)
class Conditions:
    """Rows of a batch: for each text one row per take, then as many without a text under guidance.

    With a style and a text, as many rows with the style alone lie between. All takes share all of it.

    texts: (1, pieces, C) each, for models with cross-attention; empty for the unconditional mode. weights: one per
    text, adding up to 1; one below 0 leads away from its text. prefix: (ways, P, C), for models without
    cross-attention: what stands before the tokens, one row per way of guidance. beta: with three ways, how much more
    the text counts than the style.
    """

    texts: tuple[mx.array, ...]
    sampling: Sampling
    weights: tuple[float, ...] = (1.0,)
    prefix: mx.array | None = None
    beta: float = 1.0

    @property
    def mixed(self) -> int:
        """Rows per take that are mixed into the conditional one."""
        return max(1, len(self.texts))

    @property
    def ways(self) -> int:
        """Ways of guidance: without a text, the unconditional row would equal the conditional one and is left out."""
        if self.prefix is not None:
            return int(self.prefix.shape[0])
        return 2 if self.texts and self.sampling.guidance != 1.0 else 1

    @property
    def rows(self) -> int:
        """Rows per take."""
        return self.mixed + self.ways - 1

    @property
    def least(self) -> float:
        """How likely a drawn token must be, see `combine`; 0 unless a weight leads away from its text."""
        return PLAUSIBLE if min(self.weights) < 0 else 0.0

    @property
    def before(self) -> int:
        """Positions that the prefix takes before column 0."""
        return 0 if self.prefix is None else int(self.prefix.shape[1])

    def fits(self, other: "Conditions") -> bool:
        """Whether what was read under the other conditions can be gone on from under these."""
        return (self.mixed, self.ways) == (other.mixed, other.ways) and self.prefix is other.prefix

    def says_as(self, other: "Conditions") -> bool:
        """Whether both have the very same texts for the same rows."""
        return self.fits(other) and all(map(operator.is_, self.texts, other.texts))


def combine(
    logits: mx.array,
    mixed: int,
    ways: int,
    weights: tuple[float, ...] | mx.array,
    guidance: float | mx.array,
    beta: float | mx.array,
    least: float = 0.0,
) -> mx.array:
    """The rows of each take as one: (rows * takes, K, V) to (takes, K, V).

    least: tokens are ruled out (-inf) that by the weights above 0 alone are less than so many times as likely as the
    likeliest; 0 rules out none. What leads away from a text is told by small differences, which say nothing where both
    sides hold a token for impossible.

    Source: the plausibility constraint of Li et al. 2022, arXiv:2210.15097.
    """
    if least:
        towards = mx.maximum(mx.array(weights), 0.0)
        likely = combine(logits, mixed, ways, towards / towards.sum(), guidance, beta)
        floor = likely.max(axis=-1, keepdims=True) + math.log(least)
        return mx.where(likely >= floor, combine(logits, mixed, ways, weights, guidance, beta), -mx.inf)
    if mixed > 1:
        logits = mix(logits, mixed, ways, mx.array(weights))
    if ways == 3:
        return guide_doubly(logits, guidance, beta)
    return guide(logits, guidance) if ways == 2 else logits
