"""From codes to sound, in one piece or frame by frame with the same samples.

Every layer is non-causal: its output at one instant needs some of the inputs after it. When streaming, each layer holds
back just that much, so that the first samples come as early as exactness allows and nothing is computed twice.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import mlx.core as mx

from audiogen_daemon.models.encodec.quantizer import Quantizer
from audiogen_daemon.models.layers.streaming import Chain


class DecoderState(NamedTuple):
    """What each layer keeps for the frames to come: nested tuples of arrays, to be evaluated with the sound."""

    layers: tuple[Any, ...]


@dataclass(frozen=True)
class Decoder:
    """Codebook lookup and the layers that turn its vectors into sound."""

    quantizer: Quantizer
    layers: Chain

    @property
    def lookahead_samples(self) -> int:
        """How far sound lags behind codes: F frames so far have given F * hop minus this many samples, or none yet."""
        return self.layers.late

    @property
    def lookahead_frames(self) -> int:
        """Frames needed beyond the one that is to be heard in full."""
        return -(-self.layers.late // self.layers.rate)

    def start(self, batch: int = 1) -> DecoderState:
        """Return the state before the first frame of `batch` independent takes."""
        return DecoderState(self.layers.start(batch))

    def step(self, codes: mx.array, state: DecoderState) -> tuple[mx.array, DecoderState]:
        """Decode the next frames.

        Args:
            codes: (B, T, K); T may be 0.
            state: from `start` or the step before; it stays as it is.

        Returns:
            The samples that are now certain, (B, n, channels) float32, and the next state. Evaluate both together.

        Raises:
            ValueError: codes has another type or number of dimensions or codebooks.
        """
        pcm, layers = self.layers.step(self.quantizer.decode(codes), state.layers)
        return pcm.astype(mx.float32), DecoderState(layers)

    def finish(self, state: DecoderState) -> mx.array:
        """Return the samples that are left, (B, n, channels) float32: T frames in all give T * hop samples."""
        _, _, dimension = self.quantizer.codebooks.shape
        nothing = mx.zeros((state.layers[0].kept.shape[0], 0, dimension), self.quantizer.codebooks.dtype)
        return self.layers.finish(nothing, state.layers).astype(mx.float32)

    def __call__(self, codes: mx.array) -> mx.array:
        """Decode all frames in one piece, (B, T, K) -> (B, T * hop, channels) float32."""
        return self.layers(self.quantizer.decode(codes)).astype(mx.float32)
