"""A count that stands still tells of a device that is lost, unless the whole machine stood still with it."""

_LOOK = 1.0
"""Seconds; nobody looks less often than twice a second."""


class Stillness:
    """Adds up how long a count has not grown, look by look.

    Between two looks that lie further apart this process did not run either: the machine slept, or had other things to
    do. A device needs a moment after that, and is given the whole patience anew.
    """

    def __init__(self, now: float) -> None:
        self._count = 0
        self._still = 0.0
        self._looked = now

    def look(self, count: int, now: float) -> float:
        """Return for how long the count has been the same, in seconds; `now` is monotonic."""
        gap = now - self._looked
        if count != self._count or gap > _LOOK:
            self._count, self._still = count, 0.0
        else:
            self._still += gap
        self._looked = now
        return self._still
