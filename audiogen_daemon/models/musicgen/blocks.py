"""Several steps in one compiled graph with fixed shapes, the next block in flight while the last one is read.

This suits GPUs, where the number of launches and the waiting between them decide, not the bytes.
"""

import functools
from collections.abc import Callable, Iterator, Sequence

import mlx.core as mx
import numpy as np

from audiogen_daemon.models.musicgen.cache import BucketSlots, Caches, grow
from audiogen_daemon.models.musicgen.delay import UNKNOWN, Tokens
from audiogen_daemon.models.musicgen.lm import Decoder
from audiogen_daemon.models.musicgen.steps import Score, combine, prefill
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

    def __call__(self, score: Score) -> Iterator[Tokens]:
        """See `Player`; up to `steps` columns at a time."""
        sampling, steps, columns = score.sampling, self._steps, len(score.grid)
        seeds = mx.array(score.seeds, mx.uint32)
        weights = mx.array(sampling.temperature), mx.array(sampling.guidance), mx.array(score.beta)
        text = self._listen(score)
        logits, caches = prefill(self._decoder, score, text)
        block = self._block(sampling.top_k, sampling.top_p, score.ways)
        spoken = [(layer.keys, layer.values) for layer in text]
        mask = text[0].mask if text else None

        waiting: tuple[mx.array, int] | None = None
        for first in range(score.first, columns, steps):
            known = np.full((steps, score.grid.shape[1]), self._decoder.config.special_token, np.int32)
            part = score.grid[first : first + steps]
            known[: len(part)] = part
            caches = grow(caches, score.before + first + steps)
            places = mx.array(first), mx.array(score.before)
            drawn, logits, caches = block(logits, caches, spoken, mask, mx.array(known), *places, seeds, *weights)
            mx.async_eval(drawn, logits, caches)  # type: ignore[no-untyped-call]
            if waiting is not None:
                yield np.array(waiting[0])[: waiting[1]]
            waiting = (drawn, len(part))
        if waiting is not None:
            yield np.array(waiting[0])[: waiting[1]]

    def _listen(self, score: Score) -> tuple[TextKeys, ...]:
        if score.text is None:
            return ()
        takes, pieces = len(score.seeds), score.text.shape[1]
        room = -(-pieces // PIECES) * PIECES
        text = mx.repeat(mx.pad(score.text, [(0, 0), (0, room - pieces), (0, 0)]), takes, axis=0)
        lengths = mx.full((takes,), pieces, mx.int32)
        silent, heads = score.rows - takes, self._decoder.config.heads
        crosses = [layer.cross for layer in self._decoder.layers if layer.cross is not None]
        return tuple(text_keys(cross, text, heads, silent, lengths) for cross in crosses)

    def _compile(self, top_k: int, top_p: float, ways: int) -> Block:
        decoder, steps = self._decoder, self._steps

        def block(
            logits: mx.array,
            caches: Caches,
            spoken: Sequence[tuple[mx.array, mx.array]],
            mask: mx.array | None,
            known: mx.array,
            first: mx.array,
            before: mx.array,
            seeds: mx.array,
            temperature: mx.array,
            guidance: mx.array,
            beta: mx.array,
        ) -> tuple[mx.array, mx.array, Caches]:
            text = [
                TextKeys(layer.cross, keys, values, mask)
                for layer, (keys, values) in zip(decoder.layers, spoken, strict=False)
                if layer.cross is not None
            ]
            filled = mx.arange(caches[0].shape[3])
            columns = []
            for step in range(steps):
                column = first + step
                logits = combine(logits, ways, guidance, beta)
                drawn = draw(logits / temperature, top_k, top_p, seeds, column)
                drawn = mx.where(known[step] == UNKNOWN, drawn, known[step])
                columns.append(drawn)
                position = before + column
                slots = BucketSlots(position, (filled <= position)[None, None, None])
                logits, caches = decoder(mx.tile(drawn, (ways, 1))[:, None], caches, slots, text)
            return mx.stack(columns), logits, caches

        return mx.compile(block)
