"""The residual block of SEANet.

Source: Tagliasacchi et al. 2020, arXiv:2009.02095; Défossez et al. 2022, arXiv:2210.13438, section 3.1.
"""

from dataclasses import dataclass

import mlx.core as mx

from audiogen_daemon.models.layers.activations import elu
from audiogen_daemon.models.layers.conv import Conv1d, Tail
from audiogen_daemon.models.layers.kernel import Kernel


@dataclass(frozen=True)
class ResidualBlock:
    """x + outer(ELU(inner(ELU(x)))): (B, T, C) -> (B, T, C).

    inner: to fewer channels, dilated. outer: back again, of one tap.
    """

    inner: Conv1d
    outer: Kernel

    @property
    def rate(self) -> int:
        return 1

    @property
    def late(self) -> int:
        return self.inner.late

    def start(self, batch: int) -> Tail:
        return self.inner.start(batch)

    def step(self, x: mx.array, state: Tail) -> tuple[mx.array, Tail]:
        window, state = self.inner.edges.step(x, state)
        return self._apply(window), state

    def finish(self, x: mx.array, state: Tail) -> mx.array:
        return self._apply(self.inner.edges.finish(x, state))

    def __call__(self, x: mx.array) -> mx.array:
        return self.finish(x, self.start(x.shape[0]))

    def _apply(self, window: mx.array) -> mx.array:
        """ELU(0) is 0, so that padding commutes with it and one window serves both the branch and the skip."""
        y = self.outer(elu(self.inner.kernel(elu(window))))
        left = self.inner.edges.left
        return window[:, left : left + y.shape[1]] + y
