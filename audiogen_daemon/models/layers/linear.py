"""Products with a weight matrix, dense or quantized; parameters are values, never changed after loading."""

from dataclasses import dataclass

import mlx.core as mx

GROUP_SIZE = 64


@dataclass(frozen=True)
class Dense:
    """y = x R (+ b). right: (in, out), in either order in memory; bias: (out,)."""

    right: mx.array
    bias: mx.array | None = None

    def __call__(self, x: mx.array) -> mx.array:
        if self.bias is None:
            return x @ self.right
        return mx.addmm(self.bias, x, self.right)

    def add(self, residual: mx.array, x: mx.array) -> mx.array:
        """residual + x R in one operation; only for products without bias."""
        return mx.addmm(residual, x, self.right)

    def matrix(self) -> mx.array:
        """(out, in), dense."""
        return self.right.T

    def parameters(self) -> list[mx.array]:
        """The arrays to evaluate."""
        return [self.right] if self.bias is None else [self.right, self.bias]


@dataclass(frozen=True)
class Quantized:
    """y = x Wᵀ with W in groups of 64 values along `in`, each group with its own scale and offset (`mx.quantize`)."""

    weight: mx.array
    scales: mx.array
    biases: mx.array
    bits: int

    def __call__(self, x: mx.array) -> mx.array:
        return mx.quantized_matmul(x, self.weight, self.scales, self.biases, True, GROUP_SIZE, self.bits)

    def add(self, residual: mx.array, x: mx.array) -> mx.array:
        """residual + x Wᵀ."""
        return residual + self(x)

    def matrix(self) -> mx.array:
        """(out, in), dense, as the quantized values are read."""
        return mx.dequantize(self.weight, self.scales, self.biases, GROUP_SIZE, self.bits)

    def parameters(self) -> list[mx.array]:
        """The arrays to evaluate."""
        return [self.weight, self.scales, self.biases]


Linear = Dense | Quantized


def linear(weight: mx.array, bits: int = 0, columns: bool = False) -> Linear:
    """A product without bias, of a weight (out, in) as checkpoints have it.

    Args:
        bits: 8 or 4 to quantize where the rows divide into groups of 64; 0 not to.
        columns: lay a dense weight out anew as (in, out), which some BLAS libraries read twice as fast.
    """
    if bits == 0 or weight.shape[-1] % GROUP_SIZE:
        return Dense(mx.contiguous(weight.T) if columns else weight.T)
    packed, scales, biases = mx.quantize(weight, GROUP_SIZE, bits)
    return Quantized(packed, scales, biases, bits)


@dataclass(frozen=True)
class Norm:
    """Layer normalisation over C. weight, bias: (C,)."""

    weight: mx.array
    bias: mx.array
    epsilon: float = 1e-5

    def __call__(self, x: mx.array) -> mx.array:
        return mx.fast.layer_norm(x, self.weight, self.bias, self.epsilon)
