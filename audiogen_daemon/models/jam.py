"""A jam outlives what it is told wrongly: a generator that checks what is sent before the take itself sees it."""

from collections.abc import Callable, Generator
from typing import Any

from audiogen_daemon.models.pipeline import Audio, Progress, Request

Items = Generator[Progress | Audio, Request | None, None]


class Jam(Items):
    """The items of an endless take. check: raises ValueError for a request that cannot be followed."""

    def __init__(self, items: Items, check: Callable[[Request], None]) -> None:
        self._items = items
        self._check = check

    def send(self, request: Request | None, /) -> Progress | Audio:
        """Steer, and return the next item.

        Raises:
            ValueError: the request is refused; the jam goes on as before.
        """
        if request is not None:
            self._check(request)
        return self._items.send(request)

    def throw(self, *error: Any) -> Progress | Audio:
        """End the jam by an error; `close` uses it."""
        return self._items.throw(*error)
