"""Columns in, audio out: frames as they become whole through the streaming codec, cut to the takes' own samples."""

import itertools
from collections.abc import Iterator, Sequence

import mlx.core as mx
import numpy as np

from audiogen_daemon.models.encodec import Encodec
from audiogen_daemon.models.musicgen.delay import Tokens, complete_frames, undelay
from audiogen_daemon.models.pipeline import PCM, Audio

WARM_UP_FRAMES = 50
"""Frames before the take that the codec hears too, so that its memory is what it would be in one piece."""


class Speaker:
    """Makes the sound of takes that are drawn side by side, mono or left-right pairs."""

    def __init__(
        self,
        codec: Encodec,
        delays: tuple[int, ...],
        opening: Tokens,
        start: int,
        samples: int,
        chunks: Sequence[int],
    ) -> None:
        """Prepare for what comes after the opening.

        Args:
            opening: (columns, takes, K), before the first drawn column.
            start: the takes' first frame; earlier ones are heard but not given out. samples: the takes' length.
            chunks: frames handed to the codec at a time; the last size goes on. What lies before the takes only warms
                the codec up and does not count.
        """
        _, takes, codebooks = opening.shape
        self._codec = codec
        self._channels = codebooks // codec.config.num_quantizers
        self._delays = delays
        self._state = codec.decoder.start(takes * self._channels)
        self._sizes = itertools.chain(chunks, itertools.repeat(chunks[-1]))
        self._size = next(self._sizes)
        first = max(0, start - WARM_UP_FRAMES)
        self._before = start - first
        self._to_drop = self._before * codec.config.hop
        self._to_give = samples
        # Column 0 holds no frame: cut off by the first whole frame, it is that frame's predecessor.
        self._columns = opening[first:]

    def hear(self, columns: Tokens) -> Iterator[Audio]:
        """Take (columns, takes, K) in; yield what samples that makes certain once a chunk is full."""
        self._columns = np.concatenate([self._columns, columns])
        if complete_frames(len(self._columns), self._delays) - self._before >= self._size:
            self._size = next(self._sizes)
            yield from self._decode()

    def finish(self) -> Iterator[Audio]:
        """Yield the rest, what the codec held back included."""
        yield from self._decode()
        yield from self._give(np.array(self._codec.decoder.finish(self._state)))

    def _decode(self) -> Iterator[Audio]:
        whole = complete_frames(len(self._columns), self._delays)
        frames = undelay(self._columns, self._delays, 0, whole)
        self._columns, self._before = self._columns[whole:], 0
        # The codebooks of a pair alternate: one mono row per take and channel.
        _, takes, codebooks = frames.shape
        rows = frames.reshape(whole, takes, codebooks // self._channels, self._channels).transpose(1, 3, 0, 2)
        codes = mx.array(rows.reshape(takes * self._channels, whole, codebooks // self._channels))
        pcm, self._state = self._codec.decoder.step(codes, self._state)
        mx.eval(pcm, self._state)
        yield from self._give(np.array(pcm))

    def _give(self, pcm: PCM) -> Iterator[Audio]:
        """Cut (rows, samples, 1) and yield it take by take."""
        dropped = min(self._to_drop, pcm.shape[1])
        pcm = pcm[:, dropped : dropped + self._to_give, 0]
        self._to_drop -= dropped
        self._to_give -= pcm.shape[1]
        if pcm.shape[1]:
            takes = pcm.reshape(-1, self._channels, pcm.shape[1]).transpose(0, 2, 1)
            yield from (Audio(np.ascontiguousarray(take), variation) for variation, take in enumerate(takes))
