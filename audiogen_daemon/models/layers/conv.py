"""Convolutions over time, streaming and padded as SEANet pads them."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import mlx.core as mx

from audiogen_daemon.models.layers.kernel import Kernel

PadMode = Literal["reflect", "constant"]


class Tail(NamedTuple):
    """Inputs that a layer still needs.

    kept: (B, n, C), the latest inputs. begun: whether the left end has been padded.
    """

    kept: mx.array
    begun: bool


def pad(x: mx.array, left: int, right: int, mode: PadMode) -> mx.array:
    """Lengthen both ends of (B, T, C) by zeros, or by the signal mirrored about its first and last sample.

    A signal too short to be mirrored is first lengthened by zeros on the right, which are taken off again.

    Source: `EncodecConv1d._pad1d` in transformers, after audiocraft's `pad1d`.
    """
    if mode == "constant":
        return mx.pad(x, [(0, 0), (left, right), (0, 0)])
    extra = max(0, max(left, right) + 1 - x.shape[1])
    if extra:
        x = mx.pad(x, [(0, 0), (0, extra), (0, 0)])
    parts = [x[:, left:0:-1]] if left else []
    parts.append(x)
    if right:
        parts.append(x[:, -2 : -2 - right : -1])
    padded = mx.concatenate(parts, axis=1)
    return padded[:, : padded.shape[1] - extra]


class Edges(NamedTuple):
    """The padding of one stride-1 layer, which is also how it streams.

    left, right: samples of padding, so that output t sees the inputs t - left to t + right. mode: how they are filled.
    """

    left: int
    right: int
    mode: PadMode

    @classmethod
    def around(cls, span: int, mode: PadMode) -> "Edges":
        """Return the padding that keeps the length when a kernel reaches over `span` + 1 samples."""
        return cls(span - span // 2, span // 2, mode)

    def start(self, batch: int, channels: int, dtype: mx.Dtype) -> Tail:
        """Return the state before the first input."""
        return Tail(mx.zeros((batch, 0, channels), dtype), False)

    def step(self, x: mx.array, tail: Tail) -> tuple[mx.array, Tail]:
        """Return the padded inputs of the outputs that are now certain (empty if none is), and the next state."""
        x = _join(tail.kept, x)
        if not tail.begun:
            if x.shape[1] <= (self.left if self.mode == "reflect" else 0):
                return x[:, :0], Tail(x, False)
            x = pad(x, self.left, 0, self.mode)
        span = self.left + self.right
        if x.shape[1] <= span:
            return x[:, :0], Tail(x, True)
        return x, Tail(x[:, x.shape[1] - span :], True)

    def finish(self, x: mx.array, tail: Tail) -> mx.array:
        """Return the padded inputs of all outputs that are left, `x` being the last inputs."""
        x = _join(tail.kept, x)
        if x.shape[1] == 0:
            return x
        return pad(x, 0 if tail.begun else self.left, self.right, self.mode)


def _join(kept: mx.array, x: mx.array) -> mx.array:
    if kept.shape[1] == 0:
        return x
    if x.shape[1] == 0:
        return kept
    return mx.concatenate([kept, x], axis=1)


@dataclass(frozen=True)
class Conv1d:
    """A convolution of stride 1 that keeps the length: (B, T, in) -> (B, T, out)."""

    kernel: Kernel
    mode: PadMode

    @property
    def edges(self) -> Edges:
        return Edges.around(self.kernel.reach, self.mode)

    @property
    def rate(self) -> int:
        return 1

    @property
    def late(self) -> int:
        return self.edges.right

    def start(self, batch: int) -> Tail:
        return self.edges.start(batch, self.kernel.inputs, self.kernel.bias.dtype)

    def step(self, x: mx.array, state: Tail) -> tuple[mx.array, Tail]:
        window, state = self.edges.step(x, state)
        return self.kernel(window), state

    def finish(self, x: mx.array, state: Tail) -> mx.array:
        return self.kernel(self.edges.finish(x, state))

    def __call__(self, x: mx.array) -> mx.array:
        return self.finish(x, self.start(x.shape[0]))


@dataclass(frozen=True)
class Downsample:
    """A convolution with stride whose kernel is twice the stride: (B, T, in) -> (B, ceil(T / stride), out).

    It does not stream. kernel: of two taps over blocks, stride * in -> out.
    """

    kernel: Kernel
    stride: int
    mode: PadMode

    def __call__(self, x: mx.array) -> mx.array:
        batch, length, channels = x.shape
        edges = Edges.around(self.stride, self.mode)
        x = pad(x, edges.left, edges.right + -length % self.stride, self.mode)
        return self.kernel(x.reshape(batch, -1, self.stride * channels))


@dataclass(frozen=True)
class Upsample:
    """A transposed convolution whose kernel is twice the stride: (B, T, in) -> (B, T * stride, out).

    Every block of `stride` outputs depends on two inputs, so it is a convolution of two taps from a zero before the
    first input to a zero after the last one. The outer half of the first and of the last block is cut off.

    kernel: of two taps, in -> stride * out.
    """

    kernel: Kernel
    stride: int

    @property
    def rate(self) -> int:
        return self.stride

    @property
    def late(self) -> int:
        return self.stride - self.stride // 2

    def start(self, batch: int) -> Tail:
        return Tail(mx.zeros((batch, 1, self.kernel.inputs), self.kernel.bias.dtype), False)

    def step(self, x: mx.array, state: Tail) -> tuple[mx.array, Tail]:
        if x.shape[1] == 0:
            return self._spread(x), state
        y = self._spread(mx.concatenate([state.kept, x], axis=1))
        return y[:, 0 if state.begun else self.late :], Tail(x[:, x.shape[1] - 1 :], True)

    def finish(self, x: mx.array, state: Tail) -> mx.array:
        if x.shape[1] == 0 and not state.begun:
            return self._spread(x)
        y = self._spread(mx.concatenate([state.kept, x, mx.zeros_like(state.kept)], axis=1))
        return y[:, 0 if state.begun else self.late : y.shape[1] - self.stride // 2]

    def __call__(self, x: mx.array) -> mx.array:
        return self.finish(x, self.start(x.shape[0]))

    def _spread(self, x: mx.array) -> mx.array:
        y = self.kernel(x)
        return y.reshape(y.shape[0], y.shape[1] * self.stride, self.kernel.outputs // self.stride)
