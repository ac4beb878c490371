"""A count that stands still tells of a device that is lost, unless the whole machine stood still with it."""

_LOOK = 0.6
"""Seconds that one look accounts for at most: the monitor looks twice a second."""


class Stillness:
    """Adds up how long a count has not grown, look by look.

    Between two looks that lie further apart this process did not run either: the machine slept, or had other things to
    do. A device needs a moment after that, and gets the whole patience anew.
    """

    def __init__(self, now: float) -> None:
        self._count = 0
        self._still = 0.0
        self._looked = now

    def seconds(self, count: int, now: float) -> float:
        """Return for how long the count has been the same, in seconds; `now` is monotonic."""
        if count != self._count:
            self._count, self._still = count, 0.0
        else:
            self._still += min(now - self._looked, _LOOK)
        self._looked = now
        return self._still
