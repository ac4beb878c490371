"""The T5 encoder and its tokenizer: a prompt becomes one vector per word piece.

Source: Raffel et al. 2020, arXiv:1910.10683, version 1.0 (ReLU, shared relative position bias in the first block).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import numpy as np
from tokenizers import Tokenizer

from audiogen_daemon.models.layers.linear import Dense
from audiogen_daemon.models.reading import Reader
from audiogen_daemon.models.weights import CheckpointError, Shape, Tensors

MAX_TOKENS = 256
"""Word pieces of a prompt that are read, the closing </s> counted; about 1,000 characters."""


@dataclass(frozen=True)
class T5Config:
    """The encoder's sizes. buckets, max_distance: of the relative position bias."""

    vocabulary: int
    hidden: int
    head_dim: int
    heads: int
    layers: int
    ffn: int
    buckets: int
    max_distance: int
    epsilon: float
    end_token: int

    @classmethod
    def read(cls, read: Reader) -> "T5Config":
        """From the text_encoder object of a config.json.

        Raises:
            CheckpointError: a missing or unsupported value.
        """
        read.one_of("model_type", ("t5",))
        read.one_of("feed_forward_proj", ("relu",), "relu")
        return cls(
            vocabulary=read.count("vocab_size", 32128),
            hidden=read.count("d_model"),
            head_dim=read.count("d_kv"),
            heads=read.count("num_heads"),
            layers=read.count("num_layers"),
            ffn=read.count("d_ff"),
            buckets=read.count("relative_attention_num_buckets", 32),
            max_distance=read.count("relative_attention_max_distance", 128),
            epsilon=read.number("layer_norm_epsilon", 1e-6),
            end_token=read.count("eos_token_id", 1),
        )


def t5_shapes(config: T5Config) -> dict[str, Shape]:
    """Name and shape of every tensor, as in the hub's files, without the `text_encoder.` prefix."""
    c, inner = config.hidden, config.heads * config.head_dim
    shapes: dict[str, Shape] = {
        "shared.weight": (config.vocabulary, c),
        "encoder.final_layer_norm.weight": (c,),
        "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight": (config.buckets, config.heads),
    }
    for i in range(config.layers):
        block = f"encoder.block.{i}.layer"
        for name in ("q", "k", "v"):
            shapes[f"{block}.0.SelfAttention.{name}.weight"] = (inner, c)
        shapes[f"{block}.0.SelfAttention.o.weight"] = (c, inner)
        shapes[f"{block}.0.layer_norm.weight"] = (c,)
        shapes[f"{block}.1.layer_norm.weight"] = (c,)
        shapes[f"{block}.1.DenseReluDense.wi.weight"] = (config.ffn, c)
        shapes[f"{block}.1.DenseReluDense.wo.weight"] = (c, config.ffn)
    return shapes


def position_buckets(length: int, buckets: int, max_distance: int) -> np.ndarray:
    """Which learned bias a query uses for a key: (length, length), by key position minus query position."""
    distance = np.arange(length)[None, :] - np.arange(length)[:, None]
    half = buckets // 2
    exact = half // 2
    near = np.abs(distance)
    scaled = np.log(np.maximum(near, 1).astype(np.float32) / exact) / np.log(np.float32(max_distance / exact))
    far = np.minimum(exact + (scaled * (half - exact)).astype(np.int64), half - 1)
    buckets_used: np.ndarray = np.where(near < exact, near, far) + np.where(distance > 0, half, 0)
    return buckets_used


@dataclass(frozen=True)
class Block:
    """One encoder layer: self-attention, then a ReLU feed-forward, each behind its own norm."""

    attention_norm: mx.array
    qkv: Dense
    out: Dense
    ffn_norm: mx.array
    wi: Dense
    wo: Dense


class T5Encoder:
    """Weights stay in the dtype they were loaded in; all arithmetic is float32, which T5 needs to keep its accuracy."""

    def __init__(self, tensors: Tensors, config: T5Config, dtype: mx.Dtype, prefix: str = "text_encoder.") -> None:
        def take(name: str) -> mx.array:
            return tensors.take(f"{prefix}{name}", dtype)

        self.config = config
        self.embedding = tensors.take_rows(f"{prefix}shared.weight")
        self.position_bias = take("encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight")
        self.final_norm = take("encoder.final_layer_norm.weight")
        mx.eval(self.position_bias, self.final_norm)
        self.blocks = tuple(self._block(take, f"encoder.block.{i}.layer") for i in range(config.layers))

    @staticmethod
    def _block(take: Callable[[str], mx.array], name: str) -> Block:
        attention = f"{name}.0.SelfAttention"
        block = Block(
            attention_norm=take(f"{name}.0.layer_norm.weight"),
            qkv=Dense(mx.concatenate([take(f"{attention}.{part}.weight") for part in "qkv"]).T),
            out=Dense(take(f"{attention}.o.weight").T),
            ffn_norm=take(f"{name}.1.layer_norm.weight"),
            wi=Dense(take(f"{name}.1.DenseReluDense.wi.weight").T),
            wo=Dense(take(f"{name}.1.DenseReluDense.wo.weight").T),
        )
        mx.eval(block.attention_norm, block.qkv.right, block.out.right)
        mx.eval(block.ffn_norm, block.wi.right, block.wo.right)
        return block

    def __call__(self, tokens: mx.array, lengths: mx.array | None = None) -> mx.array:
        """Encode word pieces.

        Args:
            tokens: (B, T).
            lengths: (B,), real pieces of each row; what follows them is padding that no row looks at. None: all real.

        Returns:
            (B, T, C), float32.
        """
        config = self.config
        T = tokens.shape[1]
        buckets = mx.array(position_buckets(T, config.buckets, config.max_distance))
        mask = self.position_bias[buckets].astype(mx.float32).transpose(2, 0, 1)[None]
        if lengths is not None:
            padding = mx.arange(T)[None, :] >= lengths[:, None]
            mask = mx.where(padding[:, None, None, :], mx.array(-mx.inf), mask)
        x = self.embedding(tokens)
        for block in self.blocks:
            x = self._run(block, x, mask)
        return self._norm(x, self.final_norm)

    def _run(self, block: Block, x: mx.array, mask: mx.array) -> mx.array:
        B, T, _ = x.shape
        qkv = _product(block.qkv, self._norm(x, block.attention_norm))
        q, k, v = qkv.reshape(B, T, 3, self.config.heads, self.config.head_dim).transpose(2, 0, 3, 1, 4)
        y = mx.fast.scaled_dot_product_attention(q, k, v, scale=1.0, mask=mask)
        x = x + _product(block.out, y.transpose(0, 2, 1, 3).reshape(B, T, -1))
        hidden = mx.maximum(_product(block.wi, self._norm(x, block.ffn_norm)), 0)
        return x + _product(block.wo, hidden)

    def _norm(self, x: mx.array, weight: mx.array) -> mx.array:
        return mx.fast.rms_norm(x, weight.astype(mx.float32), self.config.epsilon)


def _product(dense: Dense, x: mx.array) -> mx.array:
    return x @ dense.right.astype(mx.float32)


class PromptTokenizer:
    """A tokenizer.json as it is; prompts lose what is beyond its own limit or `MAX_TOKENS`, never the closing </s>."""

    def __init__(self, file: Path, end_token: int) -> None:
        if not file.exists():
            raise CheckpointError(f"{file}: missing; the prompt cannot be read without it, fetch the model again")
        try:
            self._tokenizer = Tokenizer.from_file(str(file))
        except Exception as error:  # the tokenizers library raises bare Exception for every bad file
            raise CheckpointError(f"{file}: not a tokenizer ({error}); fetch the model again") from error
        own_limit = (self._tokenizer.truncation or {}).get("max_length", MAX_TOKENS)
        self._limit = min(own_limit, MAX_TOKENS)
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        self._end_token = end_token

    def __call__(self, prompt: str) -> list[int]:
        """The prompt's word pieces, at least the closing </s>."""
        ids = [piece for piece in self._tokenizer.encode(prompt).ids if piece != self._end_token]
        return [*ids[: self._limit - 1], self._end_token]
