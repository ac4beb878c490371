"""The parts of a checkpoint that follow sound: which tensors they need, and the way from a request to its prefix."""

from collections.abc import Collection

import mlx.core as mx

from audiogen_daemon.models.layers.linear import Dense
from audiogen_daemon.models.musicgen.chroma import PITCH_CLASSES
from audiogen_daemon.models.musicgen.config import MusicGenConfig
from audiogen_daemon.models.musicgen.melody import Melody
from audiogen_daemon.models.musicgen.prefix import Ahead
from audiogen_daemon.models.musicgen.style import Style, StyleEncoder
from audiogen_daemon.models.musicgen.style_config import MERT, NEW, style_shapes
from audiogen_daemon.models.pipeline import Request
from audiogen_daemon.models.weights import Shape, Tensors


def following_shapes(config: MusicGenConfig, present: Collection[str]) -> dict[str, Shape]:
    """Name and shape of every tensor for melodies or styles; empty for models that follow text alone.

    Args:
        present: the names that the checkpoint has.
    """
    hidden = config.decoder.hidden
    shapes: dict[str, Shape] = {}
    width = 0
    if config.style is not None:
        modern = any(name.startswith(MERT) and name.endswith(NEW) for name in present)
        shapes, width = style_shapes(config.style, modern), config.style.hidden
    elif config.melody_frames:
        width = PITCH_CLASSES
    if width:
        shapes |= {"audio_enc_to_dec_proj.weight": (hidden, width), "audio_enc_to_dec_proj.bias": (hidden,)}
    return shapes


def load_ahead(tensors: Tensors, config: MusicGenConfig, dtype: mx.Dtype) -> Ahead | None:
    """What makes a request's prefix; None for models with cross-attention, which have none."""
    rate = config.codec.sampling_rate
    if config.style is not None:
        return Style(
            StyleEncoder(tensors, config.style), load_projection(tensors, "audio_enc_to_dec_proj", dtype), rate
        )
    if config.melody_frames:
        return Melody(load_projection(tensors, "audio_enc_to_dec_proj", dtype), config.melody_frames, rate)
    return None


def load_projection(tensors: Tensors, name: str, dtype: mx.Dtype) -> Dense:
    """A product with bias, read and evaluated."""
    projection = Dense(tensors.take(f"{name}.weight", dtype).T, tensors.take(f"{name}.bias", dtype))
    mx.eval(projection.parameters())
    return projection


def check_followed(ahead: Ahead | None, request: Request) -> None:
    """Refuse sound that the model cannot follow.

    Raises:
        ValueError: names value, range and cure.
    """
    if ahead is not None:
        ahead.check(request)
    elif request.melody is not None or request.style is not None:
        given = "style" if request.melody is None else "melody"
        raise ValueError(
            f"{given} is given, but this model follows text alone; play musicgen-{given}, or leave the {given} out"
        )
