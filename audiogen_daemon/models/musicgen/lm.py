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
from audiogen_daemon.models.layers.centred import Normalization, Scaling, absorb, centre
from audiogen_daemon.models.layers.linear import Dense, Linear, Norm, linear
from audiogen_daemon.models.layers.products import activated, behind, onto
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


@dataclass(frozen=True)
class Layer:
    """One block's weights: q, k and v of the self-attention as one matrix; cross: None without cross-attention."""

    self_norm: Normalization
    qkv: Linear
    self_out: Linear
    cross: Cross | None
    ffn_norm: Normalization
    fc1: Linear
    fc2: Linear


class Decoder:
    """The language model. Weights are fixed after loading; keys and values of the past live in `Caches`."""

    def __init__(
        self,
        tensors: Tensors,
        config: DecoderConfig,
        dtype: mx.Dtype,
        bits: Bits = OFF,
        columns: bool = False,
        centred: bool = False,
    ) -> None:
        """Take the weights out of a checkpoint's tensors. columns: see `linear`. centred: see `layers.centred`.

        Quantized or 16-bit weights would lose by it, so only float32 is centred.
        """
        self.config = config
        self.dtype = dtype
        self.centred = centred and dtype == mx.float32 and bits == OFF
        self.layers = tuple(
            _load_layer(tensors, f"{PREFIX}layers.{i}.", config.cross_attention, dtype, bits, columns, self.centred)
            for i in range(config.layers)
        )
        ks = range(config.codebooks)
        self.embedding = self._enter(
            mx.concatenate([tensors.take(f"{PREFIX}embed_tokens.{k}.weight", dtype) for k in ks])
        )
        heads = mx.concatenate([tensors.take(f"decoder.lm_heads.{k}.weight", dtype) for k in ks])
        norm = _load_norm(tensors, f"{PREFIX}layer_norm", dtype)
        self.norm, self.head = _behind(norm, heads, bits.attention, columns, self.centred)
        self.positions = self._enter(mx.array(sinusoids(config.max_positions, config.hidden)).astype(dtype))
        self.offsets = mx.arange(config.codebooks) * (config.vocabulary + 1)
        mx.eval(self.embedding, self.head.parameters(), self.positions, self.offsets)

    @property
    def nbytes(self) -> int:
        """Of the weights that every step reads."""
        products = [self.head]
        for layer in self.layers:
            products += [layer.qkv, layer.self_out, layer.fc1, layer.fc2]
            products += [layer.cross.query, layer.cross.out] if layer.cross is not None else []
        return sum(array.nbytes for product in products for array in product.parameters())

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
        logits = behind(self.norm, self.head, states[:, None]).astype(mx.float32)
        return logits.reshape(len(states), self.config.codebooks, self.config.vocabulary)

    def states(self, x: mx.array, caches: Caches, slots: Slots, text: Sequence[LayerText]) -> tuple[mx.array, Caches]:
        """Embedded columns behind the last block, (B, T, C), and the caches with these columns in them."""
        T = x.shape[1]
        if T > 1:
            x = self._enter(x)  # a prefix comes from outside; embeddings are as the blocks want them
        x = x + slots.rows_of(self.positions, T)
        written = []
        for i, layer in enumerate(self.layers):
            y, cache = slots.attend(behind(layer.self_norm, layer.qkv, x), caches[i])
            written.append(cache)
            x = onto(x, layer.self_out, y)
            if text:
                x = text[i].add(x)
            x = onto(x, layer.fc2, activated(layer.ffn_norm, layer.fc1, x))
        return x, tuple(written)

    def _enter(self, x: mx.array) -> mx.array:
        """Rows (..., C) as the blocks take them."""
        return centre(x) if self.centred else x


def _load_layer(
    tensors: Tensors, name: str, cross_attention: bool, dtype: mx.Dtype, bits: Bits, columns: bool, centred: bool
) -> Layer:
    def weight(*parts: str) -> mx.array:
        return mx.concatenate([tensors.take(f"{name}{part}.weight", dtype) for part in parts])

    def behind(norm: str, width: int, *parts: str) -> tuple[Normalization, Linear]:
        return _behind(_load_norm(tensors, f"{name}{norm}_layer_norm", dtype), weight(*parts), width, columns, centred)

    def back(part: str, width: int) -> Linear:
        return linear(centre(weight(part), axis=0) if centred else weight(part), width, columns)

    cross = None
    if cross_attention:
        norm, query = behind("encoder_attn", bits.attention, "encoder_attn.q_proj")
        kv = linear(weight("encoder_attn.k_proj", "encoder_attn.v_proj"), bits.attention, columns)
        cross = Cross(norm, query, kv, back("encoder_attn.out_proj", bits.attention))
        mx.eval([part.parameters() for part in (cross.query, cross.kv, cross.out)])
    self_norm, qkv = behind("self_attn", bits.attention, "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj")
    self_out = back("self_attn.out_proj", bits.attention)
    ffn_norm, fc1 = behind("final", bits.feed_forward, "fc1")
    layer = Layer(self_norm, qkv, self_out, cross, ffn_norm, fc1, back("fc2", bits.feed_forward))
    products = (layer.qkv, layer.self_out, layer.fc1, layer.fc2)
    mx.eval([product.parameters() for product in products])  # now, so that the file's own tensors can go
    return layer


def _behind(norm: Norm, weight: mx.array, bits: int, columns: bool, centred: bool) -> tuple[Normalization, Linear]:
    """A normalization and the product behind it."""
    if not centred:
        return norm, linear(weight, bits, columns)
    weight, bias = absorb(norm, weight)
    return Scaling(norm.epsilon), Dense(linear(weight, 0, columns).matrix().T, bias)


def _load_norm(tensors: Tensors, name: str, dtype: mx.Dtype) -> Norm:
    norm = Norm(tensors.take(f"{name}.weight", dtype), tensors.take(f"{name}.bias", dtype))
    mx.eval(norm.weight, norm.bias)
    return norm
