"""MERT: what music sounds like, 75 vectors a second, learned without labels. The style of a take comes from it.

Source: Li et al. 2023, arXiv:2306.00107; the architecture is HuBERT base, `HubertModel` in transformers: strided
convolutions, a convolution for positions, post-norm transformer blocks.
"""

from collections.abc import Callable
from dataclasses import dataclass

import mlx.core as mx

from audiogen_daemon.models.layers.activations import gelu
from audiogen_daemon.models.layers.linear import Dense, Norm
from audiogen_daemon.models.musicgen.style_config import NEW, OLD, MertConfig
from audiogen_daemon.models.weights import Tensors


@dataclass(frozen=True)
class Block:
    """One transformer block: attention, then the feed-forward, each followed by its norm."""

    qkv: Dense
    out: Dense
    attention_norm: Norm
    inner: Dense
    outer: Dense
    final_norm: Norm


class Mert:
    """Computes in float32 whatever the weights are stored in."""

    def __init__(self, tensors: Tensors, config: MertConfig, prefix: str) -> None:
        def take(name: str) -> mx.array:
            return tensors.take(prefix + name, mx.float32)

        def dense(*names: str) -> Dense:
            weight = mx.concatenate([take(f"{name}.weight") for name in names])
            return Dense(weight.T, mx.concatenate([take(f"{name}.bias") for name in names]))

        def norm(name: str) -> Norm:
            return Norm(take(f"{name}.weight"), take(f"{name}.bias"), config.epsilon)

        self._config = config
        self._convolutions = [
            mx.contiguous(take(f"feature_extractor.conv_layers.{i}.conv.weight").transpose(0, 2, 1))
            for i in range(len(config.widths))
        ]
        self._first_norm = norm("feature_extractor.conv_layers.0.layer_norm")
        self._projection_norm = norm("feature_projection.layer_norm")
        self._projection = dense("feature_projection.projection")
        self._positions = self._merged(take, f"{prefix}encoder.pos_conv_embed.conv." + NEW[0] in tensors.folder.tensors)
        self._position_bias = take("encoder.pos_conv_embed.conv.bias")
        self._norm = norm("encoder.layer_norm")
        self._blocks = [self._block(dense, norm, f"encoder.layers.{i}.") for i in range(config.layers)]

    @staticmethod
    def _merged(take: Callable[[str], mx.array], modern: bool) -> mx.array:
        """The kernel for positions (out, taps, in), whose magnitude is per tap."""
        magnitude, direction = (take(f"encoder.pos_conv_embed.conv.{name}") for name in (NEW if modern else OLD))
        weight = direction * (magnitude / mx.sqrt(mx.square(direction).sum(axis=(0, 1), keepdims=True)))
        return mx.contiguous(weight.transpose(0, 2, 1))

    @staticmethod
    def _block(dense: Callable[..., Dense], norm: Callable[[str], Norm], name: str) -> Block:
        block = Block(
            qkv=dense(*(f"{name}attention.{part}_proj" for part in ("q", "k", "v"))),
            out=dense(f"{name}attention.out_proj"),
            attention_norm=norm(f"{name}layer_norm"),
            inner=dense(f"{name}feed_forward.intermediate_dense"),
            outer=dense(f"{name}feed_forward.output_dense"),
            final_norm=norm(f"{name}final_layer_norm"),
        )
        mx.eval([product.parameters() for product in (block.qkv, block.out, block.inner, block.outer)])
        return block

    def __call__(self, samples: mx.array) -> mx.array:
        """(B, samples) at 24 kHz to the last layer's (B, frames, hidden)."""
        x = samples[:, :, None]
        for i, (weight, stride) in enumerate(zip(self._convolutions, self._config.strides, strict=True)):
            x = mx.conv1d(x, weight, stride=stride)
            x = gelu(self._over_time(x) if i == 0 else x)
        x = self._projection(self._projection_norm(x))
        reach, length = self._config.reach, x.shape[1]
        near = mx.conv1d(x, self._positions, padding=reach // 2, groups=self._config.groups)[:, :length]
        x = self._norm(x + gelu(near + self._position_bias))
        for block in self._blocks:
            x = self._run(block, x)
        return x

    def _over_time(self, x: mx.array) -> mx.array:
        """Each channel normalised over time: a group norm with as many groups as channels."""
        centred = x - x.mean(axis=1, keepdims=True)
        scale = mx.rsqrt(mx.square(centred).mean(axis=1, keepdims=True) + 1e-5)
        return centred * scale * self._first_norm.weight + self._first_norm.bias

    def _run(self, block: Block, x: mx.array) -> mx.array:
        B, T, C = x.shape
        heads = self._config.heads
        q, k, v = block.qkv(x).reshape(B, T, 3, heads, C // heads).transpose(2, 0, 3, 1, 4)
        y = mx.fast.scaled_dot_product_attention(q, k, v, scale=(C // heads) ** -0.5)
        x = block.attention_norm(x + block.out(y.transpose(0, 2, 1, 3).reshape(B, T, C)))
        return block.final_norm(x + block.outer(gelu(block.inner(x))))
