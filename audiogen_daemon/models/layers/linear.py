"""Products with a weight matrix, dense or quantized; parameters are values, never changed after loading."""

from dataclasses import dataclass

import mlx.core as mx

GROUP_SIZE = 64


@dataclass(frozen=True)
class Dense:
    """y = x Wᵀ (+ b). weight: (out, in), the layout in which checkpoints and BLAS agree; bias: (out,)."""

    weight: mx.array
    bias: mx.array | None = None

    def __call__(self, x: mx.array) -> mx.array:
        if self.bias is None:
            return x @ self.weight.T
        return mx.addmm(self.bias, x, self.weight.T)

    def add(self, residual: mx.array, x: mx.array) -> mx.array:
        """residual + x Wᵀ in one operation; only for products without bias."""
        return mx.addmm(residual, x, self.weight.T)

    def matrix(self) -> mx.array:
        """(out, in), dense."""
        return self.weight

    def parameters(self) -> list[mx.array]:
        """The arrays to evaluate."""
        return [self.weight] if self.bias is None else [self.weight, self.bias]


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


def linear(weight: mx.array, bits: int = 0) -> Linear:
    """A product without bias; quantized when bits is 4 or 8 and the rows divide into groups of 64."""
    if bits == 0 or weight.shape[-1] % GROUP_SIZE:
        return Dense(weight)
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
