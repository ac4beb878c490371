"""A prompt becomes what the decoder attends to: word pieces, T5, projection; remembered for prompts used lately."""

import functools

import mlx.core as mx

from audiogen_daemon.models.layers.linear import Dense
from audiogen_daemon.models.t5 import PromptTokenizer, T5Encoder

REMEMBERED_PROMPTS = 64


class PromptEncoder:
    """Prompts to text the decoder understands. An empty prompt has none: it is the model's unconditional mode."""

    def __init__(self, tokenizer: PromptTokenizer, encoder: T5Encoder, projection: Dense) -> None:
        self._tokenizer = tokenizer
        self._encoder = encoder
        self._projection = projection
        self._remember = functools.lru_cache(REMEMBERED_PROMPTS)(self._encode)

    def __call__(self, prompt: str) -> mx.array | None:
        """(1, pieces, C) in the decoder's dtype; None for a prompt of nothing but white space."""
        words = " ".join(prompt.split())
        return self._remember(words) if words else None

    def _encode(self, prompt: str) -> mx.array:
        pieces = mx.array([self._tokenizer(prompt)])
        text = self._projection(self._encoder(pieces).astype(self._projection.right.dtype))
        mx.eval(text)
        return text


def project(projection: Dense, hidden: mx.array, lengths: mx.array) -> mx.array:
    """Texts of different lengths in one batch: projected, then zero where padded, as the projection has a bias.

    Args:
        hidden: (B, pieces, C) from T5.
        lengths: (B,), real pieces of each row.

    Returns:
        (B, pieces, decoder's C).
    """
    real = mx.arange(hidden.shape[1])[None, :] < lengths[:, None]
    return projection(hidden.astype(projection.right.dtype)) * real[:, :, None]
