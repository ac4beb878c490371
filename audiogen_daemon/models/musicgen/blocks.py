"""Several steps in one compiled graph with fixed shapes, the next block in flight while the last one is read.

This suits GPUs, where the number of launches and the waiting between them decide, not the bytes.
"""

import functools
from collections import deque
from collections.abc import Callable, Generator, Sequence

import mlx.core as mx
import numpy as np

from audiogen_daemon.models.musicgen.cache import BucketSlots, Caches, grow
from audiogen_daemon.models.musicgen.conditions import Conditions, combine
from audiogen_daemon.models.musicgen.delay import UNKNOWN, Tokens
from audiogen_daemon.models.musicgen.lm import Decoder
from audiogen_daemon.models.musicgen.score import Reading, Score
from audiogen_daemon.models.musicgen.steps import pad_texts, read
from audiogen_daemon.models.musicgen.text import TextKeys, text_keys
from audiogen_daemon.models.sampling import draw

PIECES = 16
"""Prompts are padded to multiples of this many word pieces, so that few lengths are ever compiled."""

Block = Callable[..., tuple[mx.array, mx.array, Caches]]


class BlockPlayer:
    """Draws `steps` columns per compiled graph; a closed take stops within one block."""

    def __init__(self, decoder: Decoder, steps: int) -> None:
        self._decoder = decoder
        self._steps = steps
        self._block = functools.lru_cache(maxsize=16)(self._compile)

    def __call__(self, score: Score) -> Generator[Tokens, Conditions | None, None]:
        """See `Player`; up to `steps` columns at a time, and one block between what is sent and where it holds."""
        steps, takes, now = self._steps, len(score.seeds), score.conditions
        seeds, reading = mx.array(score.seeds, mx.uint32), Reading(score)
        text = self._listen(now, takes)
        logits, caches = read(self._decoder, now, score.opening, text)
        column, place = score.first, reading.length
        flying: deque[tuple[mx.array, int]] = deque()
        while True:
            count = int(min(steps, score.end - column, score.limit - place))
            caches = grow(caches, now.before + place + steps)
            known, places = mx.array(score.known(column, steps)), (mx.array(column), mx.array(now.before + place))
            drawn, logits, caches = self._draw(now, text)(logits, caches, known, *places, seeds)
            mx.async_eval(drawn, logits, caches)  # type: ignore[no-untyped-call]
            flying.append((drawn, count))
            column, place, wish = column + count, place + count, now
            landing = column == score.end or place == score.limit
            while len(flying) > (0 if landing else 1):
                drawn, count = flying.popleft()
                tokens = np.array(drawn)[:count]
                reading.add(tokens)
                wish = (yield tokens) or wish
                landing = landing or not wish.fits(now)
            if column == score.end:
                return
            if not wish.says_as(now):
                text = self._listen(wish, takes)
            now = wish
            if landing:
                logits, caches = read(self._decoder, now, reading.again(), text)
                place = reading.length

    def _listen(self, conditions: Conditions, takes: int) -> tuple[TextKeys, ...]:
        if not conditions.texts:
            return ()
        text, lengths = pad_texts(conditions.texts, PIECES)
        silent, heads = (conditions.rows - conditions.mixed) * takes, self._decoder.config.heads
        crosses = [layer.cross for layer in self._decoder.layers if layer.cross is not None]
        return tuple(text_keys(cross, text, heads, silent, lengths, takes) for cross in crosses)

    def _draw(self, now: Conditions, text: Sequence[TextKeys]) -> Block:
        """The compiled block for such conditions, with what may change between its calls filled in."""
        sampling = now.sampling
        block = self._block(sampling.top_k, 0 < sampling.top_p < 1, now.mixed, now.ways, now.least)
        numbers = (sampling.temperature, sampling.top_p, now.weights, sampling.guidance, now.beta)
        spoken = [(layer.keys, layer.values) for layer in text]
        mask = text[0].mask if text else None
        return functools.partial(block, spoken, mask, tuple(mx.array(number) for number in numbers))

    def _compile(self, top_k: int, nucleus: bool, mixed: int, ways: int, least: float) -> Block:
        decoder, steps = self._decoder, self._steps

        def block(
            spoken: Sequence[tuple[mx.array, mx.array]],
            mask: mx.array | None,
            numbers: tuple[mx.array, ...],
            logits: mx.array,
            caches: Caches,
            known: mx.array,
            first: mx.array,
            place: mx.array,
            seeds: mx.array,
        ) -> tuple[mx.array, mx.array, Caches]:
            temperature, top_p, weights, guidance, beta = numbers
            text = [
                TextKeys(layer.cross, keys, values, mask)
                for layer, (keys, values) in zip(decoder.layers, spoken, strict=False)
                if layer.cross is not None
            ]
            filled = mx.arange(caches[0].shape[3])
            columns = []
            for step in range(steps):
                logits = combine(logits, mixed, ways, weights, guidance, beta, least)
                drawn = draw(logits / temperature, top_k, top_p if nucleus else 0.0, seeds, first + step)
                drawn = mx.where(known[step] == UNKNOWN, drawn, known[step])
                columns.append(drawn)
                position = place + step
                slots = BucketSlots(position, (filled <= position)[None, None, None])
                logits, caches = decoder(mx.tile(drawn, (mixed + ways - 1, 1))[:, None], caches, slots, text)
            return mx.stack(columns), logits, caches

        return mx.compile(block)
