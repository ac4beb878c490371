"""Softmax attention of rows (B, T, C) whose heads lie one after another."""

import mlx.core as mx


def by_head(x: mx.array, heads: int) -> mx.array:
    """(B, T, C) as (B, heads, T, head_dim)."""
    B, T, C = x.shape
    return x.reshape(B, T, heads, C // heads).transpose(0, 2, 1, 3)


def attend(q: mx.array, keys: mx.array, values: mx.array, mask: mx.array | str | None) -> mx.array:
    """What queries (B, heads, T, head_dim) find: (B, T, C)."""
    B, heads, T, head_dim = q.shape
    y = mx.fast.scaled_dot_product_attention(q, keys, values, scale=head_dim**-0.5, mask=mask)
    return y.transpose(0, 2, 1, 3).reshape(B, T, heads * head_dim)
