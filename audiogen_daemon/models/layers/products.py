"""A product together with what stands before or behind it, in the quickest way that the backend has."""

import mlx.core as mx

from audiogen_daemon.models.layers import cuda
from audiogen_daemon.models.layers.activations import gelu
from audiogen_daemon.models.layers.centred import Normalization
from audiogen_daemon.models.layers.linear import Linear, Norm


def behind(norm: Normalization, linear: Linear, x: mx.array) -> mx.array:
    """Rows (B, T, in) normalized and multiplied."""
    if isinstance(norm, Norm) and cuda.multiplies(x):
        return cuda.product(x, linear, norm=norm)
    return linear(norm(x))


def activated(norm: Normalization, linear: Linear, x: mx.array) -> mx.array:
    """Rows (B, T, in) normalized, multiplied and sent through a GELU."""
    if isinstance(norm, Norm) and cuda.multiplies(x):
        return cuda.product(x, linear, norm=norm, gelu=True)
    return gelu(linear(norm(x)))


def onto(residual: mx.array, linear: Linear, x: mx.array) -> mx.array:
    """The residual (B, T, out) plus rows (B, T, in) multiplied; only for products without bias."""
    if cuda.multiplies(x):
        return cuda.product(x, linear, residual=residual)
    return linear.add(residual, x)
