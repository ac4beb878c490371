"""The speaker is a process with a monitor in it and nothing else, so that nobody's work makes its callback late.

The callback needs Python's lock within ten milliseconds; beside a thread that is busy in Python it does not get it.
What PortAudio does when a sound server dies (it may hang for minutes, or end the process) stays in here as well.
"""

import threading
from multiprocessing.connection import Connection
from typing import Any

from audiogen_daemon.audio.monitor import Monitor
from audiogen_daemon.audio.speaking import Call, Options, Pulse
from audiogen_daemon.child import parent

_PULSE = 0.1  # seconds between two reports


class Speaker:
    """Carries out calls that come through a pipe, and sends events and pulses back."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._sending = threading.Lock()
        self._over = threading.Event()

    def run(self) -> None:
        """Serve until the pipe closes or the empty call comes."""
        try:
            options: Options = self._pipe.recv()
        except EOFError:
            return
        monitor = Monitor(
            options.device, options.gain_db, options.preroll_margin, options.block, self._send, options.policy
        )
        pulse = threading.Thread(target=self._beat, args=(monitor,), name="pulse", daemon=True)
        with monitor:
            pulse.start()
            while call := self._next():
                getattr(monitor, call.name)(*call.arguments)
        self._over.set()

    def _next(self) -> Call | None:
        try:
            call: Call = self._pipe.recv()
        except (EOFError, OSError):
            return None
        return call if call.name else None

    def _beat(self, monitor: Monitor) -> None:
        while not self._over.wait(_PULSE):
            self._send(Pulse(monitor.device_name, monitor.latency, monitor.starved, monitor.levels(), monitor.stuck))

    def _send(self, message: Any) -> None:
        with self._sending:
            try:
                self._pipe.send(message)
            except OSError:
                # The daemon is gone; the read end notices too, and ends this process.
                self._over.set()


def main() -> None:
    """Serve the pipe whose descriptor is named."""
    Speaker(parent(__doc__)).run()


if __name__ == "__main__":
    main()
