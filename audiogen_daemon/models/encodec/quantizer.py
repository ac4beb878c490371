"""Residual vector quantization: each codebook takes up what the ones before it left.

Source: Défossez et al. 2022, arXiv:2210.13438, section 3.2.
"""

from dataclasses import dataclass

import mlx.core as mx


@dataclass(frozen=True)
class Quantizer:
    """codebooks: (K, codebook size, D)."""

    codebooks: mx.array

    def encode(self, x: mx.array) -> mx.array:
        """Return the nearest entries, (B, T, D) -> (B, T, K) int32."""
        rest = x.reshape(-1, x.shape[-1])
        codes = []
        for book in self.codebooks:
            nearest = mx.argmax(2 * (rest @ book.T) - mx.square(book).sum(axis=-1), axis=-1)
            rest = rest - book[nearest]
            codes.append(nearest)
        return mx.stack(codes, axis=-1).reshape(*x.shape[:-1], len(codes)).astype(mx.int32)

    def decode(self, codes: mx.array) -> mx.array:
        """Return the sum of the entries, (B, T, K) -> (B, T, D); fewer codebooks than there are give a coarser sound.

        Raises:
            ValueError: codes is not such an array of whole numbers. Their values are not checked.
        """
        books, size, dimension = self.codebooks.shape
        if codes.ndim != 3 or not 1 <= codes.shape[2] <= books or not mx.issubdtype(codes.dtype, mx.integer):
            raise ValueError(f"codes are {codes.dtype} {codes.shape}, wanted whole numbers (batch, frames, {books})")
        offsets = mx.arange(codes.shape[2], dtype=mx.int32) * size
        return self.codebooks.reshape(-1, dimension)[codes.astype(mx.int32) + offsets].sum(axis=2)
