"""The shape of an EnCodec, from the `audio_encoder` part of a checkpoint's config.json."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audiogen_daemon.models.layers.conv import PadMode
from audiogen_daemon.models.reading import Reader
from audiogen_daemon.models.weights import CheckpointError

# What this codec is written for, and what the reference takes when the key is absent.
_FIXED: dict[str, tuple[object, object]] = {
    "use_causal_conv": (False, True),
    "use_conv_shortcut": (False, True),
    "normalize": (False, False),
    "chunk_length_s": (None, None),
    "norm_type": ("weight_norm", "weight_norm"),
    "trim_right_ratio": (1.0, 1.0),
}


@dataclass(frozen=True)
class EncodecConfig:
    """Sizes of the codec, by the names of `transformers.EncodecConfig`.

    sampling_rate: Hz. upsampling_ratios: of the decoder, coarse to fine; their product is the hop. compress: a residual
    block narrows to its width / compress. target_bandwidths: kbit/s; the last one says how many codebooks there are.
    """

    sampling_rate: int
    audio_channels: int
    num_filters: int
    hidden_size: int
    upsampling_ratios: tuple[int, ...]
    kernel_size: int
    last_kernel_size: int
    residual_kernel_size: int
    dilation_growth_rate: int
    num_residual_layers: int
    compress: int
    num_lstm_layers: int
    pad_mode: PadMode
    codebook_size: int
    target_bandwidths: tuple[float, ...]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], place: str = "config.json: audio_encoder") -> "EncodecConfig":
        """Read the table; absent keys take the defaults of the reference (which saves only what differs from them).

        Args:
            values: the JSON object.
            place: where it stands, for errors.

        Raises:
            CheckpointError: a value is malformed, or asks for a variant of EnCodec that is not built here; names key,
                value and what is supported.
        """
        read = Reader(place, values)
        for key, (supported, default) in _FIXED.items():
            read.one_of(key, (supported,), default)
        hidden = read.count("hidden_size", 128)
        read.one_of("codebook_dim", (None, hidden))
        config = cls(
            sampling_rate=read.count("sampling_rate", 24_000),
            audio_channels=read.count("audio_channels", 1),
            num_filters=read.count("num_filters", 32),
            hidden_size=hidden,
            upsampling_ratios=read.counts("upsampling_ratios", (8, 5, 4, 2)),
            kernel_size=read.count("kernel_size", 7),
            last_kernel_size=read.count("last_kernel_size", 7),
            residual_kernel_size=read.count("residual_kernel_size", 3),
            dilation_growth_rate=read.count("dilation_growth_rate", 2),
            num_residual_layers=read.count("num_residual_layers", 1),
            compress=read.count("compress", 2),
            num_lstm_layers=read.count("num_lstm_layers", 2),
            pad_mode=read.one_of("pad_mode", ("reflect", "constant"), "reflect"),
            codebook_size=read.count("codebook_size", 1024),
            target_bandwidths=_bandwidths(read, (1.5, 3.0, 6.0, 12.0, 24.0)),
        )
        if config.codebook_size.bit_count() != 1 or config.codebook_size < 2:
            raise CheckpointError(f"{place}: codebook_size is {config.codebook_size}, wanted a power of 2")
        if config.compress > config.num_filters:
            raise CheckpointError(
                f"{place}: compress is {config.compress}, wanted at most num_filters, {config.num_filters}"
            )
        if config.num_quantizers < 1:
            raise CheckpointError(
                f"{place}: target_bandwidths ends with {config.target_bandwidths[-1]} kbit/s, too little for one"
                f" codebook of {config.codebook_size} at {config.frame_rate} frames per second"
            )
        return config

    @property
    def hop(self) -> int:
        """Samples per frame."""
        return math.prod(self.upsampling_ratios)

    @property
    def frame_rate(self) -> int:
        """Frames per second, rounded up as in the reference."""
        return math.ceil(self.sampling_rate / self.hop)

    @property
    def num_quantizers(self) -> int:
        """Codebooks per frame, at the last of the bandwidths."""
        bits = self.codebook_size.bit_length() - 1
        return int(1000 * self.target_bandwidths[-1] // (self.frame_rate * bits))


def _bandwidths(read: Reader, default: tuple[float, ...]) -> tuple[float, ...]:
    value = read.values.get("target_bandwidths", default)
    if not isinstance(value, list | tuple) or not value or not all(_is_bandwidth(item) for item in value):
        raise CheckpointError(f"{read.place}: target_bandwidths is {value!r}, wanted a list of numbers above 0")
    return tuple(float(item) for item in value)


def _is_bandwidth(item: object) -> bool:
    return type(item) in (int, float) and 0 < item < float("inf")  # type: ignore[operator]
