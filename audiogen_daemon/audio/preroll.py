"""How much of a take must be buffered before it may sound, so that it never starves at the speed it is made."""

from dataclasses import dataclass
from typing import Literal

Policy = Literal["auto", "immediate", "complete"]
"""auto: as soon as it should last to the end. immediate: with the first chunk. complete: when all of it is made, or as
auto where there is no end."""

ENDLESS = 4.0
"""Seconds to buffer of a take without an end that is made more slowly than it is heard: it has gaps, but few."""

_PRIOR = 1.0  # seconds of wall time that the estimate given beforehand weighs


def needed(remaining: float, speed: float, margin: float) -> float:
    """Return the seconds of audio to buffer before `remaining` seconds are played.

    While it plays, the model makes the rest: `remaining * (1 - speed)` is what it will lack at the end. On top comes
    the audio that is played while the model makes its next `margin` seconds; the whole take is always enough.
    """
    speed = max(speed, 1e-3)
    return min(remaining, max(0.0, remaining * (1 - speed)) + margin / speed)


@dataclass
class Pace:
    """Follows one take while it is made; all times in seconds of one monotonic clock.

    Args:
        total: seconds of the whole take; None if not known.
        speed: seconds of audio per second of wall time, estimated beforehand.
        margin: the longest stretch of audio that may arrive at once.
    """

    total: float | None
    speed: float
    margin: float
    policy: Policy = "auto"
    fed: float = 0.0
    _began: tuple[float, float] | None = None
    _after_first: float = 0.0

    def feed(self, seconds: float, now: float) -> None:
        """Note that `seconds` of audio arrived, and follow the speed."""
        self.fed += seconds
        if self._began is None:
            self._began = (now, self.speed)
            return
        self._after_first += seconds
        began, given = self._began
        self.speed = (given * _PRIOR + self._after_first) / (_PRIOR + now - began)

    def ready(self, played: float) -> bool:
        """Whether playing may begin, or go on after a starvation, when `played` seconds have been heard."""
        buffered = self.fed - played
        if self.policy == "immediate":
            return buffered > 0
        if self.total is None:
            return buffered >= (ENDLESS if self.speed < 1 else self.margin / self.speed)
        if self.policy == "complete":
            return False
        return buffered > 0 and buffered >= needed(max(0.0, self.total - played), self.speed, self.margin)
