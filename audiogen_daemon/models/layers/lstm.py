"""A long short-term memory whose state the caller carries."""

from dataclasses import dataclass
from typing import NamedTuple

import mlx.core as mx


class Memory(NamedTuple):
    """What one layer remembers: hidden and cell, each (B, H)."""

    hidden: mx.array
    cell: mx.array


@dataclass(frozen=True)
class LSTMLayer:
    """One layer, (B, T, in) -> (B, T, H).

    wx: (4H, in), wh: (4H, H), bias: (4H,). The gates lie in the order input, forget, output, candidate, so that one
    sigmoid covers three.

    Source: Hochreiter & Schmidhuber 1997, with the gates of `torch.nn.LSTM`.
    """

    wx: mx.array
    wh: mx.array
    bias: mx.array

    def start(self, batch: int) -> Memory:
        nothing = mx.zeros((batch, self.wh.shape[1]), self.wh.dtype)
        return Memory(nothing, nothing)

    def step(self, x: mx.array, state: Memory) -> tuple[mx.array, Memory]:
        """Read at least one input."""
        projected = x @ self.wx.T + self.bias
        recurrent = self.wh.T
        hidden, cell = state
        outputs = []
        for t in range(x.shape[1]):
            hidden, cell = _cell(mx.addmm(projected[:, t], hidden, recurrent), cell)
            outputs.append(hidden)
        return mx.stack(outputs, axis=1), Memory(hidden, cell)


def _cell(gates: mx.array, cell: mx.array) -> tuple[mx.array, mx.array]:
    size = cell.shape[-1]
    opened = mx.sigmoid(gates[:, : 3 * size])
    taken, kept, shown = opened[:, :size], opened[:, size : 2 * size], opened[:, 2 * size :]
    cell = kept * cell + taken * mx.tanh(gates[:, 3 * size :])
    return shown * mx.tanh(cell), cell


@dataclass(frozen=True)
class ResidualLSTM:
    """LSTM layers of equal size, with their input added to their output: (B, T, C) -> (B, T, C)."""

    layers: tuple[LSTMLayer, ...]

    @property
    def rate(self) -> int:
        return 1

    @property
    def late(self) -> int:
        return 0

    def start(self, batch: int) -> tuple[Memory, ...]:
        return tuple(layer.start(batch) for layer in self.layers)

    def step(self, x: mx.array, state: tuple[Memory, ...]) -> tuple[mx.array, tuple[Memory, ...]]:
        if x.shape[1] == 0:
            return x, state
        y, memories = x, []
        for layer, memory in zip(self.layers, state, strict=True):
            y, memory = layer.step(y, memory)
            memories.append(memory)
        return x + y, tuple(memories)

    def finish(self, x: mx.array, state: tuple[Memory, ...]) -> mx.array:
        return self.step(x, state)[0]

    def __call__(self, x: mx.array) -> mx.array:
        return self.finish(x, self.start(x.shape[0]))
