"""A pipeline is a generator: a request goes in, progress and audio come out while the take is being made.

A pipeline never sees a queue, a flag, a callback, a socket or a thread. Cancelling is closing the generator.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

PCM = NDArray[np.float32]
"""Sound as (samples, channels), float32, full scale ±1."""


@dataclass(frozen=True)
class Sampling:
    """How tokens are drawn from the model's logits.

    temperature: divides the logits; above 0.
    top_k: candidates kept per codebook; 1 is greedy, 0 keeps all.
    top_p: probability mass kept, 0 < top_p < 1; 0 switches it off.
    guidance: classifier-free guidance; 1 switches it off (Ho & Salimans 2022, arXiv:2207.12598).
    """

    temperature: float = 1.0
    top_k: int = 250
    top_p: float = 0.0
    guidance: float = 3.0


@dataclass(frozen=True)
class Request:
    """Everything a take depends on; the same request gives the same take.

    seconds: length of the audio that comes out, prompts and primers not counted.
    seed: 0 to 2**32 - 1.
    tempo: beats per minute, for models that are primed with a count-in; None leaves it to the prompt.
    continues: (samples, channels) at the pipeline's sample rate: go on from here. The output begins after it.
    variations: takes made in one pass, 1 to 8; variation i is the take of seed (seed + i) % 2**32.
    morph: up to 4 (prompt, weight) to mix in place of the prompt; the weights count relative to their sum.
    melody: (samples, 1 or 2) at the pipeline's sample rate: the tune to follow, for models that follow melodies. They
        hear its first 30 s and repeat a shorter one.
    style: (samples, 1 or 2) at the pipeline's sample rate: what the take is to sound like, for models that follow
        styles. They hear 3 s from its middle.
    beta: how much more the prompt counts when there is a style too, 1 to 10; None is the model's own.
    """

    prompt: str
    seconds: float
    seed: int
    sampling: Sampling
    tempo: float | None = None
    continues: PCM | None = None
    variations: int = 1
    morph: tuple[tuple[str, float], ...] = ()
    melody: PCM | None = None
    style: PCM | None = None
    beta: float | None = None

    @property
    def seeds(self) -> tuple[int, ...]:
        """One per variation."""
        return tuple((self.seed + variation) % 2**32 for variation in range(self.variations))


@dataclass(frozen=True)
class Progress:
    """Steps made so far, of all steps of the take; ends with step == steps. All variations share their steps.

    In a jam, which has no end, steps is 0.
    """

    step: int
    steps: int


@dataclass(frozen=True)
class Audio:
    """The next samples of one variation of the take: (samples, channels)."""

    pcm: PCM
    variation: int = 0


class Pipeline(Protocol):
    """A model ready to play.

    sample_rate: Hz. channels: of the audio it makes. max_seconds: longest take it was trained for. longest_seconds:
    longest take it makes, by going on from its own end. sampling: the checkpoint's own defaults.
    """

    @property
    def sample_rate(self) -> int: ...
    @property
    def channels(self) -> int: ...
    @property
    def max_seconds(self) -> float: ...
    @property
    def longest_seconds(self) -> float: ...
    @property
    def sampling(self) -> Sampling: ...

    def generate(self, request: Request) -> Iterator[Progress | Audio]:
        """Yield progress and audio until exactly round(seconds * sample_rate) samples of every variation have come out.

        Raises:
            ValueError: the request is outside what the model can do; names value, range and cure.
        """
        ...

    def jam(self, request: Request) -> Generator[Progress | Audio, Request | None, None]:
        """Yield progress and audio until closed; `send` another request between two items to steer.

        Prompt, morph, sampling and beta of a sent request hold from the next step on; what else it says belongs to a
        take and is passed over, as are `seconds` and `variations` of the first. `send` returns the next item, as `next`
        does.

        Raises:
            ValueError: by `jam` or by `send`; a jam that refuses what was sent plays on as before.
        """
        ...
