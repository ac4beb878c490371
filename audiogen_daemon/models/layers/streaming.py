"""Layers over time that give the same samples in one piece or in chunks.

A streaming layer takes inputs as they come and returns the outputs that no later input can change. What it needs again
it keeps in a state, a value that the caller carries. Only the true ends of the signal are padded, so that the outputs
of any chunking, joined, are those of the whole signal, and nothing is computed twice.
"""

import math
from dataclasses import dataclass
from typing import Any, Protocol

import mlx.core as mx

from audiogen_daemon.models.layers.activations import elu


class StreamingLayer(Protocol):
    """What every layer here offers; arrays are (B, T, C) and T may be 0.

    rate: outputs per input. late: outputs held back until later inputs are known: n inputs so far have given
    n * rate - late outputs, or none yet.
    """

    @property
    def rate(self) -> int: ...
    @property
    def late(self) -> int: ...

    def start(self, batch: int) -> Any:
        """Return the state before the first input."""
        ...

    def step(self, x: mx.array, state: Any) -> tuple[mx.array, Any]:
        """Return the outputs that are now certain, and the next state; the given state stays as it is."""
        ...

    def finish(self, x: mx.array, state: Any) -> mx.array:
        """Return all outputs that are left, `x` being the last inputs."""
        ...


@dataclass(frozen=True)
class Chain:
    """Layers in a row, which are a streaming layer again; its state is the tuple of theirs."""

    layers: tuple[StreamingLayer, ...]

    @property
    def rate(self) -> int:
        return math.prod(layer.rate for layer in self.layers)

    @property
    def late(self) -> int:
        late = 0
        for layer in self.layers:
            late = late * layer.rate + layer.late
        return late

    def start(self, batch: int) -> tuple[Any, ...]:
        return tuple(layer.start(batch) for layer in self.layers)

    def step(self, x: mx.array, state: tuple[Any, ...]) -> tuple[mx.array, tuple[Any, ...]]:
        states = []
        for layer, layer_state in zip(self.layers, state, strict=True):
            x, layer_state = layer.step(x, layer_state)
            states.append(layer_state)
        return x, tuple(states)

    def finish(self, x: mx.array, state: tuple[Any, ...]) -> mx.array:
        for layer, layer_state in zip(self.layers, state, strict=True):
            x = layer.finish(x, layer_state)
        return x

    def __call__(self, x: mx.array) -> mx.array:
        """Give all outputs in one piece, (B, T, in) -> (B, T * rate, out)."""
        return self.finish(x, self.start(x.shape[0]))


@dataclass(frozen=True)
class Elu:
    """Exponential linear unit; see `activations.elu`."""

    rate: int = 1
    late: int = 0

    def start(self, batch: int) -> None:
        return None

    def step(self, x: mx.array, state: None) -> tuple[mx.array, None]:
        return elu(x), state

    def finish(self, x: mx.array, state: None) -> mx.array:
        return elu(x)

    def __call__(self, x: mx.array) -> mx.array:
        return elu(x)
