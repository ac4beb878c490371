"""Talking to a running daemon from Python: send, ask, generate and wait for the stem."""

import socket
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from audiogen_daemon.control import osc
from audiogen_daemon.errors import CommandError, EngineError, JobError
from audiogen_daemon.messages import Peer

RENEW = 30.0
"""Seconds between two renewals of the subscription."""

ANSWER = 1.0
"""Seconds that a daemon has to answer."""


class Client:
    """A UDP socket that talks to one daemon and hears its answers on the port it sends from; a context manager.

    >>> with Client() as daemon:                                              # doctest: +SKIP
    ...     path = daemon.generate("dusty rhodes loop", bars=4, tempo=92)
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 11010) -> None:
        self.peer = Peer(host, port)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, osc.RECEIVE_BUFFER)
        self._socket.bind(("::" if family == socket.AF_INET6 else "0.0.0.0", 0))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    @property
    def port(self) -> int:
        """The port that answers come to."""
        port: int = self._socket.getsockname()[1]
        return port

    def send(self, address: str, *values: Any) -> None:
        """Send one message; int, float, bool and str go as what they are."""
        self._socket.sendto(osc.encode(address, values), (self.peer.host, self.peer.port))

    def answers(self, seconds: float) -> Iterator[tuple[str, list[Any]]]:
        """Yield (address, arguments) of each message that arrives within `seconds`."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                datagram = self._socket.recv(osc.MAX_DATAGRAM)
            except (TimeoutError, ConnectionRefusedError):
                return
            yield from osc.decode(datagram)

    def ask(self, address: str, *values: Any, answer: str, timeout: float = ANSWER) -> list[Any]:
        """Send a message and return the arguments of its answer.

        Raises:
            CommandError: the daemon answered /error. EngineError: nothing answered in time.
        """
        self.send(address, *values)
        for heard, arguments in self.answers(timeout):
            if heard == answer:
                return arguments
            if heard == "/error" and arguments and arguments[0] == address:
                raise CommandError(str(arguments[1]))
        raise self._nobody(timeout)

    def generate(
        self,
        prompt: str,
        progress: Callable[[float], None] | None = None,
        timeout: float = 600.0,
        **settings: Any,
    ) -> Path:
        """Have a take made and return its stem; of several variations, that of the first.

        Args:
            progress: called with 0 to 1.
            timeout: seconds for the whole take.
            settings: as in `/set/NAME`, for this take only.

        Raises:
            CommandError: refused. JobError: it failed or was cancelled. EngineError: no answer in time.
        """
        self.send("/subscribe")
        take = self._ask_for_take(prompt, settings)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for address, values in self.answers(min(RENEW, deadline - time.monotonic())):
                if not values or values[0] != take:
                    continue
                if address == "/take/progress" and progress is not None:
                    progress(values[1])
                elif address == "/stem/saved":
                    return Path(values[1])
                elif address in ("/take/failed", "/take/cancelled"):
                    raise JobError(address.removeprefix("/take/"), " ".join(map(str, values[1:])) or "cancelled")
            self.send("/subscribe")
        raise EngineError(f"take {take} was not finished within {timeout:g} s")

    def record(
        self, bars: float | None = None, progress: Callable[[float, float], None] | None = None, timeout: float = 900.0
    ) -> Path:
        """Have the input recorded into the in folder and return the file.

        Args:
            bars: None takes as many as are set.
            progress, timeout, errors: as in `recorded`.
        """
        self.ask("/subscribe", answer="/subscribed")
        self.send("/record", *([] if bars is None else [str(bars)]))  # as text: a lone 1.0 is a button's press
        return self.recorded(progress, timeout)

    def recorded(self, progress: Callable[[float, float], None] | None = None, timeout: float = 900.0) -> Path:
        """Wait for the recording that goes on, and return its file; `/record/stop` from anywhere ends it early.

        Args:
            progress: called with the seconds that there are and the peak in dBFS.
            timeout: seconds for all of it.

        Raises:
            CommandError: refused, or nothing could be recorded. JobError: it was stopped before it had begun.
            EngineError: no end in time.
        """
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            for address, values in self.answers(min(RENEW, deadline - time.monotonic())):
                if address == "/record/progress" and progress is not None:
                    progress(values[0], values[1])
                elif address == "/record/done":
                    return Path(values[2])
                elif address == "/record/cancelled":
                    raise JobError("cancelled", "the recording was stopped before it had begun")
                elif address == "/error" and values[0] == "/record":
                    raise CommandError(str(values[1]))
            self.send("/subscribe")
        raise EngineError(f"the recording was not finished within {timeout:g} s")

    def _ask_for_take(self, prompt: str, settings: dict[str, Any]) -> int:
        """Return the number of the take; what others ask for meanwhile is heard too, so the request has a name."""
        name = f"python-{uuid.uuid4().hex[:12]}"
        pairs = [word for pair in settings.items() for word in pair]
        self.send("/generate", prompt, *pairs, "client", name)
        for heard, values in self.answers(ANSWER):
            if heard == "/take/queued" and values[2:3] == [name]:
                return int(values[0])
            if heard == "/error" and values[2:] == [name]:
                raise CommandError(str(values[1]))
        raise self._nobody(ANSWER)

    def _nobody(self, seconds: float) -> EngineError:
        return EngineError(
            f"no answer from {self.peer.host}:{self.peer.port} within {seconds:g} s; is the daemon running? "
            "start it: audiogen-daemon run"
        )
