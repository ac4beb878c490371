"""The neural codec of MusicGen: sound to codes and back.

Source: Défossez et al. 2022, arXiv:2210.13438; `EncodecModel` in transformers.
"""

import functools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import mlx.core as mx

from audiogen_daemon.models.encodec.config import EncodecConfig
from audiogen_daemon.models.encodec.decoder import Decoder
from audiogen_daemon.models.encodec.quantizer import Quantizer

Layer = Callable[[mx.array], mx.array]


class Later:
    """Layers that are read from the file when first used: the encoder is half of the codec, and few takes need it."""

    def __init__(self, build: Callable[[], tuple[Layer, ...]]) -> None:
        self._build = functools.cache(build)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self._build())


@dataclass(frozen=True)
class Encodec:
    """Encoder layers, quantizer and decoder; made by `load_encodec`."""

    config: EncodecConfig
    quantizer: Quantizer
    encoder: Iterable[Layer]
    decoder: Decoder

    def encode(self, pcm: mx.array) -> mx.array:
        """Return the codes of (B, samples, channels), full scale ±1: (B, ceil(samples / hop), K) int32.

        Raises:
            ValueError: pcm has another number of dimensions or channels.
        """
        channels = self.config.audio_channels
        if pcm.ndim != 3 or pcm.shape[2] != channels:
            raise ValueError(f"pcm is {pcm.shape}, wanted (batch, samples, {channels})")
        if pcm.shape[1] == 0:
            return mx.zeros((pcm.shape[0], 0, self.config.num_quantizers), mx.int32)
        x = pcm.astype(self.quantizer.codebooks.dtype)
        for layer in self.encoder:
            x = layer(x)
        return self.quantizer.encode(x)

    def decode(self, codes: mx.array) -> mx.array:
        """Return the sound of (B, frames, K) in one piece: (B, frames * hop, channels) float32.

        One graph holds the whole take: long takes are better decoded by `decoder.step`, chunk by chunk.

        Raises:
            ValueError: codes has another type or number of dimensions or codebooks.
        """
        return self.decoder(codes)
