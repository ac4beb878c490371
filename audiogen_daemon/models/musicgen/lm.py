"""The decoder: codec tokens and a text in, logits of the next tokens out; all state is passed in and out.

Source: transformers' modeling_musicgen and audiocraft's LMModel, which agree. Pre-norm blocks of causal self-attention,
cross-attention to the text and an exact-erf GELU feed-forward; only norms have biases; sinusoidal positions. Models
that follow a melody or a style have no cross-attention: what they follow stands before the tokens, positions counted.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from audiogen_daemon.models.bits import OFF, Bits
from audiogen_daemon.models.layers.linear import Linear, Norm, linear
from audiogen_daemon.models.musicgen.cache import Caches, Slots
from audiogen_daemon.models.musicgen.config import DecoderConfig
from audiogen_daemon.models.musicgen.text import Cross, LayerText
from audiogen_daemon.models.weights import Shape, Tensors

PREFIX = "decoder.model.decoder."


def decoder_shapes(config: DecoderConfig) -> dict[str, Shape]:
    """Name and shape of every tensor of the decoder, as in the hub's files."""
    h = config.hidden
    shapes: dict[str, Shape] = {f"{PREFIX}layer_norm.{part}": (h,) for part in ("weight", "bias")}
    for k in range(config.codebooks):
        shapes[f"{PREFIX}embed_tokens.{k}.weight"] = (config.vocabulary + 1, h)
        shapes[f"decoder.lm_heads.{k}.weight"] = (config.vocabulary, h)
    for i in range(config.layers):
        layer = f"{PREFIX}layers.{i}."
        for attention in ("self_attn", "encoder_attn")[: 2 if config.cross_attention else 1]:
            for part in ("q", "k", "v", "out"):
                shapes[f"{layer}{attention}.{part}_proj.weight"] = (h, h)
            shapes[f"{layer}{attention}_layer_norm.weight"] = shapes[f"{layer}{attention}_layer_norm.bias"] = (h,)
        shapes[f"{layer}final_layer_norm.weight"] = shapes[f"{layer}final_layer_norm.bias"] = (h,)
        shapes[f"{layer}fc1.weight"] = (config.ffn, h)
        shapes[f"{layer}fc2.weight"] = (h, config.ffn)
    return shapes


def sinusoids(positions: int, hidden: int) -> np.ndarray:
    """Position vectors (positions, hidden): all cosines, then all sines, with half - 1 in the exponent's divisor."""
    half = hidden // 2
    rates = np.exp(np.arange(half) * -(math.log(10000.0) / (half - 1)))
    angles = np.arange(positions)[:, None] * rates[None, :]
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def gelu(x: mx.array) -> mx.array:
    """The exact Gaussian error linear unit, x Φ(x)."""
    return x * (1 + mx.erf(x / math.sqrt(2))) / 2


@dataclass(frozen=True)
class Layer:
    """One block's weights: q, k and v of the self-attention as one matrix; cross: None without cross-attention."""

    self_norm: Norm
    qkv: Linear
    self_out: Linear
    cross: Cross | None
    ffn_norm: Norm
    fc1: Linear
    fc2: Linear


class Decoder:
    """The language model. Weights are fixed after loading; keys and values of the past live in `Caches`."""

    def __init__(
        self, tensors: Tensors, config: DecoderConfig, dtype: mx.Dtype, bits: Bits = OFF, columns: bool = False
    ) -> None:
        self.config = config
        self.dtype = dtype
        self.layers = tuple(
            _load_layer(tensors, f"{PREFIX}layers.{i}.", config.cross_attention, dtype, bits, columns)
            for i in range(config.layers)
        )
        ks = range(config.codebooks)
        self.embedding = mx.concatenate([tensors.take(f"{PREFIX}embed_tokens.{k}.weight", dtype) for k in ks])
        self.head = linear(
            mx.concatenate([tensors.take(f"decoder.lm_heads.{k}.weight", dtype) for k in ks]),
            bits.attention,
            columns,
        )
        self.norm = _load_norm(tensors, f"{PREFIX}layer_norm", dtype)
        self.positions = mx.array(sinusoids(config.max_positions, config.hidden)).astype(dtype)
        self.offsets = mx.arange(config.codebooks) * (config.vocabulary + 1)
        mx.eval(self.embedding, self.head.parameters(), self.positions, self.offsets)

    def __call__(
        self, columns: mx.array, caches: Caches, slots: Slots, text: Sequence[LayerText]
    ) -> tuple[mx.array, Caches]:
        """Read columns of tokens and predict the one after the last.

        Args:
            columns: (B, T, K), the special token where the delay pattern has none.
            caches: keys and values of the columns before, one array per layer.
            slots: where in the caches these columns go and what they may look at.
            text: per layer what the rows have as conditioning; empty: no row has a text.

        Returns:
            logits (B, K, V) in float32, and the caches with these columns in them.
        """
        return self.read(self.embed(columns), caches, slots, text)

    def embed(self, columns: mx.array) -> mx.array:
        """What columns of tokens are to the blocks, before their positions: (B, T, K) to (B, T, C)."""
        return self.embedding[columns + self.offsets].sum(axis=2)

    def read(self, x: mx.array, caches: Caches, slots: Slots, text: Sequence[LayerText]) -> tuple[mx.array, Caches]:
        """Like calling the decoder, for columns that are embedded already, (B, T, C)."""
        x, caches = self.states(x, caches, slots, text)
        return self.logits(x[:, -1]), caches

    def logits(self, states: mx.array) -> mx.array:
        """What the heads make of states (B, C): (B, K, V) in float32."""
        logits = self.head(self.norm(states)).astype(mx.float32)
        return logits.reshape(len(states), self.config.codebooks, self.config.vocabulary)

    def states(self, x: mx.array, caches: Caches, slots: Slots, text: Sequence[LayerText]) -> tuple[mx.array, Caches]:
        """Embedded columns behind the last block, (B, T, C), and the caches with these columns in them."""
        config = self.config
        B, T, _ = x.shape
        x = x + slots.rows_of(self.positions, T)
        written = []
        for i, layer in enumerate(self.layers):
            qkv = layer.qkv(layer.self_norm(x)).reshape(B, T, 3, config.heads, config.head_dim).transpose(2, 0, 3, 1, 4)
            cache, keys, values, mask = slots.write(caches[i], qkv[1:].transpose(1, 0, 2, 3, 4))
            written.append(cache)
            y = mx.fast.scaled_dot_product_attention(qkv[0], keys, values, scale=config.head_dim**-0.5, mask=mask)
            x = layer.self_out.add(x, y.transpose(0, 2, 1, 3).reshape(B, T, config.hidden))
            if text:
                x = text[i].add(x)
            x = layer.fc2.add(x, gelu(layer.fc1(layer.ffn_norm(x))))
        return x, tuple(written)


def _load_layer(
    tensors: Tensors, name: str, cross_attention: bool, dtype: mx.Dtype, bits: Bits, columns: bool
) -> Layer:
    def product(*parts: str) -> Linear:
        weight = mx.concatenate([tensors.take(f"{name}{part}.weight", dtype) for part in parts])
        return linear(weight, bits.feed_forward if parts[0].startswith("fc") else bits.attention, columns)

    cross = None
    if cross_attention:
        cross = Cross(
            norm=_load_norm(tensors, f"{name}encoder_attn_layer_norm", dtype),
            query=product("encoder_attn.q_proj"),
            kv=product("encoder_attn.k_proj", "encoder_attn.v_proj"),
            out=product("encoder_attn.out_proj"),
        )
        mx.eval([part.parameters() for part in (cross.query, cross.kv, cross.out)])
    layer = Layer(
        self_norm=_load_norm(tensors, f"{name}self_attn_layer_norm", dtype),
        qkv=product("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
        self_out=product("self_attn.out_proj"),
        cross=cross,
        ffn_norm=_load_norm(tensors, f"{name}final_layer_norm", dtype),
        fc1=product("fc1"),
        fc2=product("fc2"),
    )
    products = (layer.qkv, layer.self_out, layer.fc1, layer.fc2)
    mx.eval([product.parameters() for product in products])  # now, so that the file's own tensors can go
    return layer


def _load_norm(tensors: Tensors, name: str, dtype: mx.Dtype) -> Norm:
    norm = Norm(tensors.take(f"{name}.weight", dtype), tensors.take(f"{name}.bias", dtype))
    mx.eval(norm.weight, norm.bias)
    return norm
