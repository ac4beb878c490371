"""A ring buffer lets one thread write sound while another reads it, without a lock."""

import numpy as np
from numpy.typing import NDArray

PCM = NDArray[np.float32]
"""Sound as (samples, channels), float32, full scale ±1."""


class Ring:
    """Single producer, single consumer, preallocated.

    `written` and `read` only ever grow; each has exactly one thread that changes it, and both are published after
    the samples they speak of, so neither side can see half a write. Nothing here blocks, waits or allocates.

    Args:
        capacity: in samples, above 0.
        channels: above 0.
    """

    def __init__(self, capacity: int, channels: int) -> None:
        if capacity < 1 or channels < 1:
            raise ValueError(f"a ring of {capacity} samples and {channels} channels; both must be at least 1")
        self._data: PCM = np.zeros((capacity, channels), dtype=np.float32)
        self._capacity = capacity
        self._written = 0
        self._read = 0
        self._skip_to = 0

    @property
    def capacity(self) -> int:
        """Samples it can hold."""
        return self._capacity

    @property
    def channels(self) -> int:
        return int(self._data.shape[1])

    @property
    def written(self) -> int:
        """Samples ever taken in."""
        return self._written

    @property
    def read(self) -> int:
        """Samples ever given out or skipped."""
        return self._read

    @property
    def available(self) -> int:
        """Samples that can be read now."""
        return max(0, self._written - max(self._read, self._skip_to))

    @property
    def space(self) -> int:
        """Samples that can be written now; cleared samples count as taken until the reader has passed them."""
        return self._capacity - (self._written - self._read)

    def write(self, pcm: PCM) -> int:
        """Take as many samples as fit and return how many; the caller keeps the rest. Producer only."""
        count = min(len(pcm), self.space)
        start = self._written % self._capacity
        first = min(count, self._capacity - start)
        self._data[start : start + first] = pcm[:first]
        self._data[: count - first] = pcm[first:count]
        self._written += count
        return count

    def clear(self) -> None:
        """Ask the reader to skip all that is written so far. Producer only.

        The reader moves its own counter at its next read: moving it from here would pull samples away under it.
        """
        self._skip_to = self._written

    def peek_into(self, out: PCM, offset: int = 0) -> int:
        """Copy samples that lie `offset` ahead into `out` without consuming them; return how many. Consumer only."""
        if self._skip_to > self._read:
            self._read = self._skip_to
        count = max(0, min(len(out), self._written - self._read - offset))
        start = (self._read + offset) % self._capacity
        first = min(count, self._capacity - start)
        out[:first] = self._data[start : start + first]
        out[first:count] = self._data[: count - first]
        return count

    def advance(self, count: int) -> None:
        """Consume samples that were peeked at; `count` is at most what the peek returned. Consumer only."""
        self._read += count

    def read_into(self, out: PCM) -> int:
        """Move up to len(out) samples into `out` and return how many; the rest of `out` is left as it was."""
        count = self.peek_into(out)
        self.advance(count)
        return count
