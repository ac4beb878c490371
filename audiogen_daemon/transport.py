"""Where the DAW's beats fall: from what it says of its clock, the beat at any moment and the next bar.

Messages are late by the network and by the sender's own timer, never early. So of the recent ones the earliest is
believed, as time protocols do; jitter shrinks to that of the quickest message. All times are seconds of one
monotonic clock, all beats are quarter notes, as in Live and in Link.

Source: D. Mills, "Internet Time Synchronization: the Network Time Protocol", 1991, section 5 (minimum filter).
"""

import dataclasses
import math
from dataclasses import dataclass
from typing import Literal

Quantum = Literal["off", "beat", "bar"]
"""What something waits for before it begins: nothing, the next beat or the next bar."""

WINDOW = 4.0
"""Seconds of messages that are remembered."""
STALE = 10.0
"""Seconds without a message after which a clock counts as gone."""
_AHEAD = 0.03  # seconds ahead of what was expected: the song was moved, for no message is early
_BEHIND = 0.02  # seconds behind, several times alike: the song was moved, for delays are not alike
_ALIKE = 0.01
_AGREE = 4  # messages
_SAME = 0.001  # seconds that nobody hears


@dataclass(frozen=True)
class Grid:
    """The beats and bars to come.

    origin: when a bar begins. beat: seconds of one note of the signature's lower number. bar: seconds.
    until: from then on nothing is known, unless a new grid comes.
    """

    origin: float
    beat: float
    bar: float
    until: float = math.inf

    def next(self, moment: float, quantum: Quantum) -> float:
        """Return the first boundary at `moment` or later; `moment` itself when nothing is waited for or known."""
        if quantum == "off" or moment > self.until:
            return moment
        bars, into = divmod(moment - self.origin, self.bar)
        start = self.origin + bars * self.bar
        step = self.bar if quantum == "bar" else self.beat
        return start + min(self.bar, math.ceil(into / step - 1e-9) * step)

    def differs(self, other: "Grid | None") -> bool:
        """Whether something begun on this grid would be heard to begin elsewhere on the other one."""
        if other is None or (self.beat, self.bar) != (other.beat, other.bar):
            return True
        apart = (self.origin - other.origin + self.bar / 2) % self.bar - self.bar / 2
        return abs(apart) > _SAME or abs(self.until - other.until) > STALE / 2


@dataclass(frozen=True)
class Transport:
    """What is known of the DAW's clock; replaced, never changed.

    tempo: quarter notes per minute, 0 when not known. position: the beat while it stands.
    start: when the song would have had to begin for the beat to be where it is; None when not known.
    told: (when, start) as single messages have it, oldest first. at: of the last message.
    offset: seconds by which the DAW's sound comes after the position that it tells.
    """

    tempo: float = 0.0
    signature: tuple[int, int] = (4, 4)
    playing: bool = False
    position: float | None = None
    start: float | None = None
    told: tuple[tuple[float, float], ...] = ()
    at: float = 0.0
    offset: float = 0.0

    def with_tempo(self, tempo: float, at: float) -> "Transport":
        """Return the transport after a change of tempo; the beat goes on from where it is."""
        if tempo == self.tempo:
            return dataclasses.replace(self, at=at)
        beat = self.beat_at(at)
        start = None if beat is None or tempo <= 0 else at - beat * 60.0 / tempo
        return dataclasses.replace(self, tempo=tempo, start=start, told=(), at=at)

    def with_signature(self, numerator: int, denominator: int) -> "Transport":
        """Return the transport after a change of time signature; bars count from the song's beginning."""
        return dataclasses.replace(self, signature=(numerator, denominator))

    def with_playing(self, playing: bool, at: float) -> "Transport":
        """Return the transport after it was started or stopped."""
        if playing == self.playing:
            return dataclasses.replace(self, at=at)
        position, start = self.position, None
        if not playing:
            position = self.beat_at(at)
        elif position is not None and self.tempo > 0:
            start = at - position * 60.0 / self.tempo
        return dataclasses.replace(self, playing=playing, position=position, start=start, told=(), at=at)

    def with_beat(self, beat: float, at: float) -> "Transport":
        """Return the transport after the DAW said that its song is at this beat."""
        if not self.playing or self.tempo <= 0:
            return dataclasses.replace(self, position=beat, at=at)
        start = at - beat * 60.0 / self.tempo
        if self.start is None or start < self.start - _AHEAD:
            return dataclasses.replace(self, start=start, told=((at, start),), at=at)
        told = (*(one for one in self.told if one[0] > at - WINDOW), (at, start))
        latest = [one[1] for one in told[-_AGREE:]]
        if len(told) < _AGREE:
            believed = min(self.start, start)
        elif min(latest) > self.start + _BEHIND and max(latest) - min(latest) < _ALIKE:
            told, believed = told[-_AGREE:], min(latest)
        else:
            believed = min(one[1] for one in told)
        return dataclasses.replace(self, start=believed, told=told, at=at)

    def beat_at(self, moment: float) -> float | None:
        """Return the beat at a moment; None when it is not known."""
        if not self.playing:
            return self.position
        return None if self.start is None else (moment - self.start) * self.tempo / 60.0

    def grid(self) -> Grid | None:
        """Return where beats and bars fall; None while the DAW stands or too little is known of it."""
        if not self.playing or self.start is None:
            return None
        numerator, denominator = self.signature
        beat = 60.0 / self.tempo * 4.0 / denominator
        return Grid(self.start + self.offset, beat, numerator * beat, self.at + STALE)

    def next_boundary(self, now: float, quantum: Quantum) -> float:
        """Return when the next beat or bar is heard, `now` or later; `now` itself when there is none to wait for."""
        grid = self.grid()
        return now if grid is None else grid.next(now, quantum)
