"""A feed brings one take to a player: what has not been heard yet waits at the take's own rate, without a limit.

The ring in front of the callback holds about two seconds at the device's rate; the rest stays here, so that the
producer is never slowed and a device that comes back at another rate goes on where the old one stopped.
Everything here belongs to one thread, the monitor's.
"""

from collections import deque
from typing import Protocol

import numpy as np

from audiogen_daemon.audio.player import Loop, Streamed, Voice
from audiogen_daemon.audio.preroll import Pace
from audiogen_daemon.audio.resample import StreamResampler, resample_loop
from audiogen_daemon.audio.ring import PCM, Ring
from audiogen_daemon.transport import Quantum

_RING_SECONDS = 2.0
_PIECE_SECONDS = 0.25


class Feed(Protocol):
    """What the monitor needs to know of a take, streamed or looped."""

    take_id: int
    accepted_at: float
    launch: Quantum
    voice: Voice | None
    announced: bool
    """Whether its first sample has been reported."""

    def attach(self, rate: int, channels: int) -> Voice:
        """Make the voice that plays the take, from what has been heard so far, on a device of this kind."""
        ...

    def fill(self) -> None:
        """Move what fits towards the voice."""
        ...

    def ready(self, reserve: int) -> bool:
        """Whether playing may begin, or go on; `reserve` is the least that must lie in the ring, in samples."""
        ...


class StreamedFeed:
    """A take that may still be in the making.

    Args:
        rate, channels: of the take. pace: decides when enough is buffered.
        accepted_at: when the take was asked for, time.monotonic(). launch: what it waits for once it may sound.
    """

    def __init__(
        self, take_id: int, rate: int, channels: int, pace: Pace, accepted_at: float, launch: Quantum = "off"
    ) -> None:
        self.take_id = take_id
        self.accepted_at = accepted_at
        self.launch = launch
        self.voice: Voice | None = None
        self.announced = False
        self._rate, self._channels, self._pace = rate, channels, pace
        self._chunks: deque[tuple[int, PCM]] = deque()
        self._fed = 0
        self._ended = False
        self._device_rate = rate
        self._attached_at = 0
        self._cursor = 0
        self._flushed = False

    def push(self, pcm: PCM, now: float) -> None:
        """Take the next samples; what is not a number becomes silence."""
        if len(pcm):
            self._chunks.append((self._fed, np.nan_to_num(pcm, nan=0.0, posinf=0.0, neginf=0.0)))
            self._fed += len(pcm)
            self._pace.feed(len(pcm) / self._rate, now)

    def end(self) -> None:
        """Note that nothing more will be pushed."""
        self._ended = True

    @property
    def heard(self) -> int:
        """Samples at the take's rate that the device has taken."""
        if self.voice is None:
            return self._attached_at
        return min(self._fed, self._attached_at + self._ring.read * self._rate // self._device_rate)

    def attach(self, rate: int, channels: int) -> Voice:
        self._attached_at = self._cursor = self.heard
        self._device_rate = rate
        self._ring = Ring(round(_RING_SECONDS * rate), min(channels, self._channels))
        self._resampler = StreamResampler(self._rate, rate, self._ring.channels)
        self._converted: PCM = np.zeros((0, self._ring.channels), dtype=np.float32)
        self._flushed = False
        self._source = Streamed(self._ring)
        self.voice = Voice(self._source)
        return self.voice

    def fill(self) -> None:
        while not self._source.ended:
            self._converted = self._converted[self._ring.write(self._converted) :]
            if len(self._converted):
                break
            if self._cursor < self._fed:
                self._converted = self._resampler.push(self._next())
            elif self._ended and not self._flushed:
                self._converted = self._resampler.finish()
                self._flushed = True
            else:
                self._source.ended = self._flushed
                break
        while self._chunks and self._chunks[0][0] + len(self._chunks[0][1]) <= self.heard:
            self._chunks.popleft()

    def _next(self) -> PCM:
        limit = round(_PIECE_SECONDS * self._rate)
        start, chunk = next((s, c) for s, c in self._chunks if s + len(c) > self._cursor)
        piece = chunk[self._cursor - start :][:limit]
        self._cursor += len(piece)
        return piece if piece.shape[1] == self._ring.channels else piece.mean(axis=1, keepdims=True, dtype=np.float32)

    def ready(self, reserve: int) -> bool:
        if self._source.ended:
            return True
        return self._ring.available >= reserve and (self._ended or self._pace.ready(self.heard / self._rate))


class LoopedFeed:
    """A finished take that repeats until it is stopped or replaced; the arguments are those of `StreamedFeed`.

    batch: the takes that were made with it, with which it stays in phase.
    """

    def __init__(
        self,
        take_id: int,
        pcm: PCM,
        rate: int,
        accepted_at: float,
        launch: Quantum = "off",
        batch: tuple[int, ...] = (),
    ) -> None:
        self.take_id = take_id
        self.accepted_at = accepted_at
        self.launch = launch
        self.voice: Voice | None = None
        self.announced = False
        self._pcm = np.nan_to_num(pcm, nan=0.0, posinf=0.0, neginf=0.0)
        self._rate = rate
        self._device_rate = rate
        self._loop: Loop | None = None
        self._batch = batch

    def attach(self, rate: int, channels: int) -> Voice:
        position = 0 if self._loop is None else self._loop.position * rate // self._device_rate
        pcm = self._pcm if self._pcm.shape[1] <= channels else self._pcm.mean(axis=1, keepdims=True, dtype=np.float32)
        self._device_rate = rate
        self._loop = Loop(resample_loop(pcm, self._rate, rate), position, self._batch)
        self.voice = Voice(self._loop)
        return self.voice

    def fill(self) -> None:
        """A loop lies ready as a whole."""

    def ready(self, reserve: int) -> bool:
        return True
