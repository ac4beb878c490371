"""Keys and values of the columns read so far, in arrays that are written in place and grow by buckets.

One array per layer, (B, 2, heads, capacity, head_dim), keys before values. Writing returns a new value; MLX reuses the
memory when the caller has let go of the old one.
"""

from dataclasses import dataclass
from typing import Protocol

import mlx.core as mx

from audiogen_daemon.models.layers import cuda
from audiogen_daemon.models.layers.attention import attend

BUCKET = 256

Caches = tuple[mx.array, ...]


def start_caches(layers: int, rows: int, heads: int, head_dim: int, columns: int, dtype: mx.Dtype) -> Caches:
    """Empty caches with room for so many columns, rounded up to whole buckets."""
    return tuple(mx.zeros((rows, 2, heads, round_up(columns), head_dim), dtype) for _ in range(layers))


def grow(caches: Caches, columns: int) -> Caches:
    """The same caches with room for at least so many columns."""
    more = round_up(columns) - caches[0].shape[3]
    if more <= 0:
        return caches
    return tuple(mx.pad(cache, [(0, 0), (0, 0), (0, 0), (0, more), (0, 0)]) for cache in caches)


def round_up(columns: int) -> int:
    """Columns in whole buckets."""
    return -(-columns // BUCKET) * BUCKET


class Slots(Protocol):
    """Where columns go in the caches."""

    def rows_of(self, table: mx.array, count: int) -> mx.array:
        """The rows of a (positions, C) table for so many columns: (count, C)."""
        ...

    def attend(self, qkv: mx.array, cache: mx.array) -> tuple[mx.array, mx.array]:
        """Self-attention of columns, whose keys and values go into the cache.

        Args:
            qkv: (B, T, 3C), queries, keys and values, each with the heads one after another.
            cache: one layer's.

        Returns:
            (B, T, C), and the cache with these columns in it.
        """
        ...


@dataclass(frozen=True)
class ExactSlots:
    """Columns at a position known while the graph is built: only the filled part is looked at, nothing is masked."""

    position: int

    def rows_of(self, table: mx.array, count: int) -> mx.array:
        """See `Slots`."""
        return table[self.position : self.position + count]

    def attend(self, qkv: mx.array, cache: mx.array) -> tuple[mx.array, mx.array]:
        """See `Slots`."""
        end = self.position + qkv.shape[1]
        q, cache = write(qkv, cache, mx.array([self.position]))
        mask = "causal" if qkv.shape[1] > 1 else None
        return attend(q, cache[:, 0, :, :end], cache[:, 1, :, :end], mask), cache


@dataclass(frozen=True)
class BucketSlots:
    """One column at a position known only on the device: shapes never change, so that one compiled graph serves all.

    position: int32 scalar array. mask: (capacity,) bool, what is filled, this column included.
    """

    position: mx.array
    mask: mx.array

    def rows_of(self, table: mx.array, count: int) -> mx.array:
        """See `Slots`."""
        return mx.slice(table, self.position.reshape(1), axes=[0], slice_size=[count, table.shape[1]])

    def attend(self, qkv: mx.array, cache: mx.array) -> tuple[mx.array, mx.array]:
        """See `Slots`."""
        if cuda.attends(qkv, cache.shape[4]):
            return cuda.attend_past(qkv, cache, self.position)
        q, cache = write(qkv, cache, self.position.reshape(1))
        return attend(q, cache[:, 0], cache[:, 1], self.mask), cache


def write(qkv: mx.array, cache: mx.array, position: mx.array) -> tuple[mx.array, mx.array]:
    """Put the keys and values of (B, T, 3C) into a cache at (1,): queries (B, heads, T, head_dim), and the cache."""
    _, _, heads, _, head_dim = cache.shape
    parts = qkv.reshape(*qkv.shape[:2], 3, heads, head_dim).transpose(2, 0, 3, 1, 4)
    return parts[0], mx.slice_update(cache, parts[1:].transpose(1, 0, 2, 3, 4), position, axes=[3])
