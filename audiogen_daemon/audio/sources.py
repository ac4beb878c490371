"""What a voice reads from: takes that come in while they are heard, loops and clips, seen by the callback alone."""

from typing import Protocol

from audiogen_daemon.audio.ring import PCM, Ring

_ENDLESS = 1 << 62


class Source(Protocol):
    """What a voice reads from: samples at the player's rate, seen by the callback alone."""

    @property
    def ended(self) -> bool:
        """Whether no more samples will come than are available now."""
        ...

    @property
    def available(self) -> int: ...
    @property
    def channels(self) -> int: ...

    def peek_into(self, out: PCM, offset: int = 0) -> int: ...

    def advance(self, count: int) -> None: ...


class Streamed:
    """A source that is still being filled by another thread, through a ring, and may go over into a loop.

    Args:
        take: whose samples they are. played: samples of it that were heard before the ring's first one.
    """

    def __init__(self, ring: Ring, take: int = 0, played: int = 0) -> None:
        self.ring = ring
        self.take = take
        self._played = played
        self.loop: Loop | None = None
        """What follows the last sample; set by the filling thread after its last write, before `ended`."""
        self.ended = False
        """Set by the filling thread after its last write."""

    @property
    def position(self) -> int:
        """The sample of the take that comes next."""
        return self._played + self.ring.read

    @property
    def available(self) -> int:
        return self.ring.available if self.loop is None else _ENDLESS

    @property
    def channels(self) -> int:
        return self.ring.channels

    def peek_into(self, out: PCM, offset: int = 0) -> int:
        if self.loop is None:
            return self.ring.peek_into(out, offset)
        left = self.ring.available
        done = self.ring.peek_into(out, offset) if offset < left else 0
        return done + self.loop.peek_into(out[done:], max(0, offset - left))

    def advance(self, count: int) -> None:
        left = min(count, self.ring.available) if self.loop is not None else count
        self.ring.advance(left)
        if self.loop is not None:
            self.loop.advance(count - left)


class Loop:
    """A source that repeats a finished take without an end.

    Args:
        pcm: (samples, channels), at least one sample.
        position: the sample it begins with.
        batch: the takes that were made with it; loops of one batch and length are swapped in phase.
    """

    ended = True
    available = _ENDLESS
    before = _ENDLESS

    def __init__(self, pcm: PCM, position: int = 0, batch: tuple[int, ...] = ()) -> None:
        if len(pcm) == 0:
            raise ValueError("a loop of 0 samples; give it at least one")
        self._pcm = pcm
        self.channels = int(pcm.shape[1])
        self.position = position % len(pcm)
        self.batch = batch

    def peek_into(self, out: PCM, offset: int = 0) -> int:
        done = 0
        start = (self.position + offset) % len(self._pcm)
        while done < len(out):
            count = min(len(out) - done, len(self._pcm) - start)
            out[done : done + count] = self._pcm[start : start + count]
            done += count
            start = 0
        return done

    def advance(self, count: int) -> None:
        self.position = (self.position + count) % len(self._pcm)

    def join(self, other: Source, ahead: int) -> None:
        """Go to where a loop of the same batch will be `ahead` samples from now; any other is ignored."""
        if isinstance(other, Streamed):
            ahead -= other.ring.available
        loop = other.loop if isinstance(other, Streamed) else other
        if isinstance(loop, Loop) and loop.batch and (loop.batch, len(loop._pcm)) == (self.batch, len(self._pcm)):
            self.position = (loop.position + ahead) % len(self._pcm)


class Clip:
    """A source that plays a finished take once.

    Args:
        pcm: (samples, channels).
        take: whose samples they are. batch: the takes that were made with it; it goes on where one of them is.
        position: the sample it begins with.
    """

    ended = True

    def __init__(self, pcm: PCM, take: int = 0, batch: tuple[int, ...] = (), position: int = 0) -> None:
        self._pcm = pcm
        self.channels = int(pcm.shape[1])
        self.take = take
        self.batch = batch
        self.position = position

    @property
    def available(self) -> int:
        return len(self._pcm) - self.position

    @property
    def before(self) -> int:
        """Samples there are before the next one."""
        return self.position

    def peek_into(self, out: PCM, offset: int = 0) -> int:
        piece = self._pcm[self.position + offset :][: len(out)]
        out[: len(piece)] = piece
        return len(piece)

    def advance(self, count: int) -> None:
        self.position = min(len(self._pcm), max(0, self.position + count))

    def join(self, other: Source, ahead: int) -> None:
        """Go to where another take of the batch will be `ahead` samples from now, unless this one is over by then."""
        if isinstance(other, Clip | Streamed) and other.take != self.take and other.take in self.batch:
            position = other.position + ahead
            self.position = position if position < len(self._pcm) else self.position
