"""Frames in, audio out: the streaming codec for one take, mono or a left-right pair, cut to the take's own samples."""

from collections.abc import Iterator

import mlx.core as mx
import numpy as np

from audiogen_daemon.models.encodec import Encodec
from audiogen_daemon.models.musicgen.delay import Tokens
from audiogen_daemon.models.pipeline import PCM, Audio

WARM_UP_FRAMES = 50
"""Frames before the take that the codec hears too, so that its memory is what it would be in one piece."""


class Speaker:
    """Decodes one take's frames in order. first_frame: the frame of the sequence that `hear` begins with."""

    def __init__(self, codec: Encodec, channels: int, start: int, samples: int) -> None:
        """start: the take's first frame; earlier ones are heard but not given out. samples: the take's length."""
        self.first_frame = max(0, start - WARM_UP_FRAMES)
        self._codec = codec
        self._channels = channels
        self._state = codec.decoder.start(channels)
        self._to_drop = (start - self.first_frame) * codec.config.hop
        self._to_give = samples

    def hear(self, frames: Tokens) -> Iterator[Audio]:
        """Decode (frames, K); yields what samples of the take that makes certain."""
        # The codebooks of a pair alternate: one mono row per channel.
        rows = frames.reshape(len(frames), -1, self._channels).transpose(2, 0, 1)
        pcm, self._state = self._codec.decoder.step(mx.array(rows), self._state)
        mx.eval(pcm, self._state)
        yield from self._give(np.array(pcm)[:, :, 0].T)

    def finish(self) -> Iterator[Audio]:
        """Yield what the codec held back."""
        yield from self._give(np.array(self._codec.decoder.finish(self._state))[:, :, 0].T)

    def _give(self, pcm: PCM) -> Iterator[Audio]:
        dropped = min(self._to_drop, len(pcm))
        self._to_drop -= dropped
        pcm = pcm[dropped : dropped + self._to_give]
        self._to_give -= len(pcm)
        if len(pcm):
            yield Audio(np.ascontiguousarray(pcm))
