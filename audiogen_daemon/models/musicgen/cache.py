"""Keys and values of the columns read so far, in arrays that are written in place and grow by buckets.

One array per layer, (B, 2, heads, capacity, head_dim), keys before values. Writing returns a new value; MLX reuses the
memory when the caller has let go of the old one.
"""

from dataclasses import dataclass
from typing import Protocol

import mlx.core as mx

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

    def write(self, cache: mx.array, kv: mx.array) -> tuple[mx.array, mx.array, mx.array, mx.array | str | None]:
        """Put kv (B, 2, heads, T, head_dim) in; returns the cache, the keys and values to look at, and the mask."""
        ...


@dataclass(frozen=True)
class ExactSlots:
    """Columns at a position known while the graph is built: only the filled part is looked at, nothing is masked."""

    position: int

    def rows_of(self, table: mx.array, count: int) -> mx.array:
        """See `Slots`."""
        return table[self.position : self.position + count]

    def write(self, cache: mx.array, kv: mx.array) -> tuple[mx.array, mx.array, mx.array, mx.array | str | None]:
        """See `Slots`."""
        T = kv.shape[3]
        end = self.position + T
        cache = mx.slice_update(cache, kv, mx.array([self.position]), axes=[3])
        return cache, cache[:, 0, :, :end], cache[:, 1, :, :end], "causal" if T > 1 else None


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

    def write(self, cache: mx.array, kv: mx.array) -> tuple[mx.array, mx.array, mx.array, mx.array | str | None]:
        """See `Slots`."""
        cache = mx.slice_update(cache, kv, self.position.reshape(1), axes=[3])
        return cache, cache[:, 0], cache[:, 1], self.mask
