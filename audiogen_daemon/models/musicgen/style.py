"""A style to follow: a few coarse codes of what an excerpt sounds like stand before the text and the tokens.

Source: Rouard et al. 2024, arXiv:2407.12563; audiocraft's StyleConditioner. Its excerpt begins at random; here it is
always the middle of the sound, so that the same request gives the same take.
"""

import functools
from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from audiogen_daemon.models.encodec.quantizer import Quantizer
from audiogen_daemon.models.layers.activations import gelu
from audiogen_daemon.models.layers.linear import Dense, Norm
from audiogen_daemon.models.musicgen.heard import mono
from audiogen_daemon.models.musicgen.lm import sinusoids
from audiogen_daemon.models.musicgen.mert import Mert
from audiogen_daemon.models.musicgen.prefix import Prefix, in_front
from audiogen_daemon.models.musicgen.resample import resample
from audiogen_daemon.models.musicgen.style_config import MERT, PREFIX, StyleConfig
from audiogen_daemon.models.pipeline import PCM, Request
from audiogen_daemon.models.weights import Tensors

SHORTEST_SECONDS = 1.5
MERT_RATE = 24_000
REMEMBERED_STYLES = 8


@dataclass(frozen=True)
class Block:
    """One pre-norm block of the style's transformer."""

    norm1: Norm
    qkv: Dense
    out: Dense
    norm2: Norm
    fc1: Dense
    fc2: Dense


class StyleEncoder:
    """From an excerpt to its style; everything is computed in float32."""

    def __init__(self, tensors: Tensors, config: StyleConfig) -> None:
        def take(name: str) -> mx.array:
            return tensors.take(f"{PREFIX}{name}", mx.float32)

        def dense(name: str) -> Dense:
            return Dense(take(name).T)

        def norm(name: str) -> Norm:
            return Norm(take(f"{name}.weight"), take(f"{name}.bias"))

        self.config = config
        self._mert = Mert(tensors, config.mert, MERT)
        self._embed = Dense(take("embed.weight").T, take("embed.bias"))
        self._mean, variance = take("batch_norm.running_mean"), take("batch_norm.running_var")
        self._scale = mx.rsqrt(variance + 1e-5)
        self._blocks = [
            Block(
                norm1=norm(f"{at}.norm1"),
                qkv=dense(f"{at}.self_attn.in_proj_weight"),
                out=dense(f"{at}.self_attn.out_proj.weight"),
                norm2=norm(f"{at}.norm2"),
                fc1=dense(f"{at}.linear1.weight"),
                fc2=dense(f"{at}.linear2.weight"),
            )
            for at in (f"transformer.layers.{i}" for i in range(config.layers))
        ]
        books = [take(f"rvq.layers.{k}.codebook.embed") for k in range(config.codebooks)]
        self._quantizer = Quantizer(mx.stack(books[: config.codebooks_used]))
        mx.eval(self._scale, self._mean, self._quantizer.codebooks)

    def __call__(self, samples: mx.array) -> mx.array:
        """(B, samples) at 24 kHz to (B, T, hidden)."""
        return self._quantizer.decode(self._quantizer.encode(self.features(samples)))[:, :: self.config.every]

    def features(self, samples: mx.array) -> mx.array:
        """What is quantized: (B, samples) at 24 kHz to (B, frames, hidden)."""
        x = self._embed(self._mert(samples))
        x = x + mx.array(sinusoids(x.shape[1], self.config.hidden))
        for block in self._blocks:
            x = self._run(block, x)
        return (x - self._mean) * self._scale

    def _run(self, block: Block, x: mx.array) -> mx.array:
        B, T, C = x.shape
        heads = self.config.heads
        q, k, v = block.qkv(block.norm1(x)).reshape(B, T, 3, heads, C // heads).transpose(2, 0, 3, 1, 4)
        y = mx.fast.scaled_dot_product_attention(q, k, v, scale=(C // heads) ** -0.5)
        x = block.out.add(x, y.transpose(0, 2, 1, 3).reshape(B, T, C))
        return block.fc2.add(x, gelu(block.fc1(block.norm2(x))))


class Style:
    """Makes a request's prefix. sample_rate: of the request's sound."""

    def __init__(self, encoder: StyleEncoder, projection: Dense, sample_rate: int) -> None:
        self.encoder = encoder
        self._projection = projection
        self._sample_rate = sample_rate
        self._remember = functools.lru_cache(REMEMBERED_STYLES)(self._encode)

    def __call__(self, request: Request, text: mx.array | None) -> Prefix:
        """What stands before the tokens; see `Ahead`. With both a style and a text, guidance has three ways."""
        guidance = request.sampling.guidance
        if request.style is None:
            none = mx.zeros((1, 1, self._projection.right.shape[1]), self._projection.right.dtype)
            return in_front(none, none, text, guidance, same=True)
        style = self._remember(self.excerpt(request.style).tobytes())
        simple = in_front(style, mx.zeros_like(style), text, guidance, same=False)
        beta = self.encoder.config.beta if request.beta is None else request.beta
        if text is None or beta == 1.0:
            return simple
        both, unconditional = simple.rows[:1], mx.zeros_like(simple.rows[:1])
        style_only = mx.concatenate([style, mx.zeros_like(text)], axis=1)
        return Prefix(mx.concatenate([both, style_only, unconditional]), beta)

    def check(self, request: Request) -> None:
        """Raises ValueError for a style that cannot be followed, and for a melody."""
        if request.melody is not None:
            raise ValueError("melody is given, but this model follows a style; musicgen-melody follows a melody")
        if request.style is not None:
            mono("style", request.style, self._sample_rate, SHORTEST_SECONDS)

    def excerpt(self, style: PCM) -> np.ndarray:
        """The middle of (samples, 1 or 2), at most the length the model was trained on: (samples,)."""
        samples = mono("style", style, self._sample_rate, SHORTEST_SECONDS)
        length = min(len(samples), round(self.encoder.config.excerpt_seconds * self._sample_rate))
        start = (len(samples) - length) // 2
        return samples[start : start + length]

    def _encode(self, excerpt: bytes) -> mx.array:
        samples = resample(np.frombuffer(excerpt, np.float32), self._sample_rate, MERT_RATE)
        style = self._projection(self.encoder(mx.array(samples)[None]).astype(self._projection.right.dtype))
        mx.eval(style)
        return style
