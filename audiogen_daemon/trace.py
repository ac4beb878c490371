"""A Chrome trace of every event from datagram to speaker, so that any latency can be looked at.

Open the file in chrome://tracing or ui.perfetto.dev. Source: the Trace Event Format, JSON array form.
"""

import contextlib
import json
import logging
import time
from pathlib import Path
from typing import Any, Protocol, TextIO

from audiogen_daemon.errors import CommandError

log = logging.getLogger(__name__)

LANES = ("osc", "session", "engine", "monitor", "stems")


class Tracer(Protocol):
    """Takes notes of what happened when."""

    def note(self, lane: str, name: str, at: float | None = None, **details: Any) -> None:
        """Note an event; `at` is time.monotonic(), None is now."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


class NoTrace:
    """Takes no notes."""

    def note(self, lane: str, name: str, at: float | None = None, **details: Any) -> None:
        """Forget it."""

    def close(self) -> None:
        """There is nothing to finish."""


class FileTrace:
    """Writes each event as it happens: a trace that was cut short still opens. Where no more can be written it ends.

    Raises:
        CommandError: the file cannot be written at all.
    """

    def __init__(self, path: Path) -> None:
        self._began = time.monotonic()
        self._ended = False
        try:
            self._file: TextIO = path.open("w", encoding="utf-8")
        except OSError as error:
            raise CommandError(f"--trace {path} cannot be written: {error.strerror}; name another file") from error
        self._file.write("[\n")
        for number, lane in enumerate(LANES):
            self._write({"ph": "M", "pid": 1, "tid": number, "name": "thread_name", "args": {"name": lane}})

    def note(self, lane: str, name: str, at: float | None = None, **details: Any) -> None:
        """Write the event as an instant on its lane; microseconds since the daemon began."""
        moment = (time.monotonic() if at is None else at) - self._began
        event = {"ph": "i", "s": "t", "pid": 1, "tid": LANES.index(lane), "ts": round(moment * 1e6), "name": name}
        self._write({**event, "args": {k: str(v) for k, v in details.items()}})

    def close(self) -> None:
        """End the array and the file."""
        with contextlib.suppress(OSError):
            self._file.write("{}]\n" * (not self._ended))
            self._file.close()

    def _write(self, event: dict[str, Any]) -> None:
        if self._ended:
            return
        try:
            self._file.write(json.dumps(event) + ",\n")
            self._file.flush()
        except OSError as error:
            self._ended = True
            log.warning("the trace ends here, it cannot be written: %s", error.strerror)
