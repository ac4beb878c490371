"""A stream's clock says when a frame of the player's timeline is heard, and which frame is heard at a given time."""

import time


class StreamClock:
    """Smooths the jitter of callback times; a delay-locked loop of first order.

    One thread updates, any thread reads.

    Source: F. Adriaensen, "Using a DLL to filter time", Linux Audio Conference 2005, reduced to a fixed rate.

    Args:
        rate: Hz of the timeline.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._anchor: tuple[int, float] | None = None

    def update(self, frame: int, heard_at: float) -> None:
        """Note that `frame` leaves the speaker at `heard_at`, in seconds of time.monotonic()."""
        if self._anchor is not None:
            expected = self._anchor[1] + (frame - self._anchor[0]) / self._rate
            error = heard_at - expected
            # A jump this long is a stall or a new stream, not jitter.
            if abs(error) < 0.1:
                heard_at = expected + 0.05 * error
        self._anchor = (frame, heard_at)

    @property
    def running(self) -> bool:
        """Whether there has been an update, so that times and frames can be told from each other."""
        return self._anchor is not None

    def heard_at(self, frame: int) -> float:
        """Return when `frame` leaves the speaker, in seconds of time.monotonic(); now, unless it is running."""
        anchor = self._anchor
        if anchor is None:
            return time.monotonic()
        return anchor[1] + (frame - anchor[0]) / self._rate

    def frame_at(self, moment: float) -> int:
        """Return the frame that leaves the speaker at `moment`, in seconds of time.monotonic(); 0 unless running."""
        anchor = self._anchor
        if anchor is None:
            return 0
        return anchor[0] + round((moment - anchor[1]) * self._rate)
