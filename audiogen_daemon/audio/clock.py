"""A stream's clock says when a frame of the player's timeline is heard, and which frame is heard at a given time."""

import time
from collections import deque

LONGEST = 2.0
"""Seconds; a delay that says more is none, such as the 89478 s that PortAudio makes of a port of JACK without any."""
_CALLBACKS = 32
_JUMP = 0.1  # seconds; a stall or a new stream


def believable(seconds: float, otherwise: float = 0.0) -> float:
    """Return a delay that a driver tells, or another one where it tells nothing of worth."""
    return seconds if abs(seconds) <= LONGEST else otherwise


class StreamClock:
    """Smooths the jitter of callback times: callbacks come late, never early, so the earliest of the last 32 is right.

    One thread updates, any thread reads. Sound that was left out by the device, so that all frames come later, is
    followed within 32 callbacks, or at once where `interrupted` tells of it.

    Args:
        rate: Hz of the timeline.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._starts: deque[float] = deque(maxlen=_CALLBACKS)
        self._start: float | None = None

    def update(self, frame: int, heard_at: float) -> None:
        """Note that `frame` leaves the speaker at `heard_at`, in seconds of time.monotonic()."""
        start = heard_at - frame / self._rate
        if self._start is not None and abs(start - self._start) > _JUMP:
            self._starts.clear()
        self._starts.append(start)
        self._start = min(self._starts)

    def interrupted(self) -> None:
        """Forget what was noted: the device has dropped sound, and all frames come later from now on."""
        self._starts.clear()

    @property
    def running(self) -> bool:
        """Whether there has been an update, so that times and frames can be told from each other."""
        return self._start is not None

    def heard_at(self, frame: int) -> float:
        """Return when `frame` leaves the speaker, in seconds of time.monotonic(); now, unless it is running."""
        start = self._start
        return time.monotonic() if start is None else start + frame / self._rate

    def frame_at(self, moment: float) -> int:
        """Return the frame that leaves the speaker at `moment`, in seconds of time.monotonic(); 0 unless running."""
        start = self._start
        return 0 if start is None else round((moment - start) * self._rate)
