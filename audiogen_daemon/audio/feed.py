"""A feed brings one take to a player: what has not been heard yet waits at the take's own rate, without a limit.

The ring in front of the callback holds about two seconds at the device's rate; the rest stays here, so that the
producer is never slowed and a device that comes back at another rate goes on where the old one stopped.
Everything here belongs to one thread, the monitor's.
"""

from collections import deque
from typing import Protocol

import numpy as np

from audiogen_daemon.audio.player import Voice
from audiogen_daemon.audio.preroll import Pace
from audiogen_daemon.audio.resample import StreamResampler, resample, resample_loop
from audiogen_daemon.audio.ring import PCM, Ring
from audiogen_daemon.audio.sources import Clip, Loop, Streamed
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

    _source: Streamed
    _ring: Ring

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
        self._awaits_loop = False
        self._loop: tuple[PCM, int, tuple[int, ...]] | None = None

    def push(self, pcm: PCM, now: float) -> None:
        """Take the next samples; what is not a number becomes silence."""
        if len(pcm):
            self._chunks.append((self._fed, np.nan_to_num(pcm, nan=0.0, posinf=0.0, neginf=0.0)))
            self._fed += len(pcm)
            self._pace.feed(len(pcm) / self._rate, now)

    def end(self, loops: bool = False) -> None:
        """Note that nothing more will be pushed; with `loops`, the end waits for `take_over` as long as it can."""
        self._ended = True
        self._awaits_loop = loops

    def take_over(self, pcm: PCM, rate: int, batch: tuple[int, ...]) -> bool:
        """Let a loop follow the last sample; False when the end has left for the player already."""
        if self._flushed:
            return False
        self._loop = (np.nan_to_num(pcm, nan=0.0, posinf=0.0, neginf=0.0), rate, batch)
        return True

    @property
    def heard(self) -> int:
        """Samples at the take's rate that the device has taken."""
        if self.voice is None:
            return self._attached_at
        return min(self._fed, self._attached_at + self._ring.read * self._rate // self._device_rate)

    def attach(self, rate: int, channels: int) -> Voice:
        self._attached_at = self._cursor = self.heard
        in_loop = self.voice is not None and self._source.loop is not None and self._ring.available == 0
        before, before_rate = self._source.loop if in_loop else None, self._device_rate
        self._device_rate = rate
        self._ring = Ring(round(_RING_SECONDS * rate), min(channels, self._channels))
        self._resampler = StreamResampler(self._rate, rate, self._ring.channels)
        self._converted: PCM = np.zeros((0, self._ring.channels), dtype=np.float32)
        self._flushed = False
        self._source = Streamed(self._ring, self.take_id, self._attached_at * rate // self._rate)
        if before is not None:
            self._cursor, self._flushed = self._fed, True
            self._go_over(before.position * rate // before_rate)
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
                waiting = self._awaits_loop and self._loop is None
                if waiting and self._ring.available > _PIECE_SECONDS * self._device_rate:
                    break
                self._converted = self._last_samples()
                self._flushed = True
            else:
                if self._flushed:
                    self._go_over(0)
                    self._source.ended = True
                break
        while self._chunks and self._chunks[0][0] + len(self._chunks[0][1]) <= self.heard:
            self._chunks.popleft()

    def _last_samples(self) -> PCM:
        """Return what the filter still held: with a loop to come, as it sounds when that follows."""
        if self._loop is None:
            return self._resampler.finish()
        pcm, rate, _ = self._loop
        head = resample(np.resize(pcm, (max(1, rate // 4), pcm.shape[1])), rate, self._rate)
        left = self._resampler.owed
        return self._resampler.push(self._folded(head))[:left]

    def _go_over(self, position: int) -> None:
        if self._loop is not None and self._source.loop is None:
            pcm, rate, batch = self._loop
            self._source.loop = Loop(resample_loop(self._folded(pcm), rate, self._device_rate), position, batch)

    def _folded(self, pcm: PCM) -> PCM:
        channels = self._ring.channels
        return pcm if pcm.shape[1] == channels else pcm.mean(axis=1, keepdims=True, dtype=np.float32)

    def _next(self) -> PCM:
        limit = round(_PIECE_SECONDS * self._rate)
        start, chunk = next((s, c) for s, c in self._chunks if s + len(c) > self._cursor)
        piece = chunk[self._cursor - start :][:limit]
        self._cursor += len(piece)
        return self._folded(piece)

    def ready(self, reserve: int) -> bool:
        if self._source.ended:
            return True
        return self._ring.available >= reserve and (self._ended or self._pace.ready(self.heard / self._rate))


class LoopedFeed:
    """A finished take that repeats until it is stopped or replaced; the arguments are those of `StreamedFeed`.

    batch: the takes that were made with it, with which it stays in phase. origin: the player's frame on which its first
    sample falls, wherever it begins; None is where it begins.
    """

    def __init__(
        self,
        take_id: int,
        pcm: PCM,
        rate: int,
        accepted_at: float,
        launch: Quantum = "off",
        batch: tuple[int, ...] = (),
        origin: int | None = None,
    ) -> None:
        self.take_id = take_id
        self.accepted_at = accepted_at
        self.launch = launch
        self.voice: Voice | None = None
        self.announced = False
        self._pcm = np.nan_to_num(pcm, nan=0.0, posinf=0.0, neginf=0.0)
        self._rate = rate
        self._device_rate = rate
        self._source: Loop | Clip | None = None
        self._batch = batch
        self._origin = origin

    def attach(self, rate: int, channels: int) -> Voice:
        position = 0 if self._source is None else self._source.position * rate // self._device_rate
        pcm = self._pcm if self._pcm.shape[1] <= channels else self._pcm.mean(axis=1, keepdims=True, dtype=np.float32)
        self._device_rate = rate
        self._source = self._source_at(pcm, rate, position)
        self.voice = Voice(self._source, origin=self._origin)
        self._origin = None  # on another device the position is known
        return self.voice

    def _source_at(self, pcm: PCM, rate: int, position: int) -> Loop | Clip:
        return Loop(resample_loop(pcm, self._rate, rate), position, self._batch)

    def fill(self) -> None:
        """It lies ready as a whole."""

    def ready(self, reserve: int) -> bool:
        return True


class ClippedFeed(LoopedFeed):
    """A finished take that is heard once, and goes on where another one of its batch is that it replaces."""

    def _source_at(self, pcm: PCM, rate: int, position: int) -> Loop | Clip:
        return Clip(resample(pcm, self._rate, rate), self.take_id, self._batch, position)


def sounds(feed: Feed) -> bool:
    """Whether a take has begun to be heard."""
    return feed.voice is not None and feed.voice.first_frame is not None
