"""The real daemon in a process of its own, and a client that speaks plain OSC over UDP to it."""

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

Heard = tuple[str, list[Any]]
STARTUP = 60.0
ANSWER = 15.0
LAST_WORD = "/drained"


class LiveDaemon:
    """A running daemon: where it listens, and all it has said to the port it notifies."""

    def __init__(self, port: int, ear: socket.socket, stems: Path, process: subprocess.Popen[bytes]) -> None:
        self.port = port
        self.process = process
        self.notify_port: int = ear.getsockname()[1]
        self.stems = stems
        self.heard: list[Heard] = []
        self._ear = ear
        self._arrived: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        """Empty the kernel's small buffer at once, so that a burst of answers is not lost here."""
        while True:
            try:
                datagram = self._ear.recv(65535)
            except OSError:
                return
            if not datagram:
                return
            self._arrived.put(datagram)

    def hear(self, timeout: float) -> Heard | None:
        """Return the next message, noted in `heard`; None when there is none for that many seconds."""
        try:
            message = OscMessage(self._arrived.get(timeout=max(0.0, timeout)))
        except queue.Empty:
            return None
        self.heard.append((message.address, list(message.params)))
        return self.heard[-1]

    def send(self, address: str, *values: Any) -> None:
        """Send one message; int, float, bool and str go as what they are."""
        builder = OscMessageBuilder(address)
        for value in values:
            builder.add_arg(value)
        self._ear.sendto(builder.build().dgram, ("127.0.0.1", self.port))

    def wait(self, address: str, want: Callable[[list[Any]], bool] = lambda _: True, since: int = 0) -> list[Any]:
        """Return the arguments of the first such message heard since that many were."""
        deadline, seen = time.monotonic() + ANSWER, since
        while True:
            for path, values in self.heard[seen:]:
                if path == address and want(values):
                    return values
            seen = len(self.heard)
            left = deadline - time.monotonic()
            assert left > 0, f"no {address} within {ANSWER:g} s; the last were {self.heard[since:][-12:]}"
            self.hear(left)

    def drain(self) -> None:
        """Take in all that was said so far and not waited for: what came before a last word of our own."""
        self._ear.sendto(OscMessageBuilder(LAST_WORD).build().dgram, ("127.0.0.1", self.notify_port))
        while (heard := self.hear(ANSWER)) is not None and heard[0] != LAST_WORD:
            pass
        assert heard is not None
        self.heard.pop()

    def ask(self, *messages: tuple[str, tuple[Any, ...]]) -> list[Heard]:
        """Send messages and return all that was said until the daemon had taken them in."""
        since, token = len(self.heard), time.monotonic_ns() % 2**31
        for address, values in messages:
            self.send(address, *values)
        self.send("/ping", token)
        self.wait("/pong", lambda values: values == [token], since)
        return self.heard[since:]


@contextmanager
def live_daemon(
    folder: Path,
    *settings: str,
    port: int = 0,
    environment: dict[str, str] | None = None,
    arguments: tuple[str, ...] = (),
) -> Iterator[LiveDaemon]:
    """Run a daemon with the tone model, silent, on free ports or on `port`, with its files under `folder`."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 * 2**20)
        ear.bind(("127.0.0.1", 0))
        port = port or free_port()
        wanted = (
            "engine.model=tone",
            "monitor.enabled=false",
            f"osc.listen=127.0.0.1:{port}",
            f"osc.notify=127.0.0.1:{ear.getsockname()[1]}",
            f"stems.folder={folder / 'stems'}",
            f"daemon.state={folder / 'state'}",
            *settings,
        )
        command = [sys.executable, "-m", "audiogen_daemon", "run", *arguments]
        command += [word for setting in wanted for word in ("--set", setting)]
        with open(folder / "daemon.log", "wb") as log:
            process = subprocess.Popen(
                command, stdout=log, stderr=log, env={"OMP_NUM_THREADS": "1", **(environment or os.environ)}
            )
        try:
            daemon = LiveDaemon(port, ear, folder / "stems", process)
            _until_it_answers(daemon, process, folder / "daemon.log")
            yield daemon
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closing:
                closing.sendto(b"", ear.getsockname())  # ends the thread that reads
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def free_port() -> int:
    """Return a UDP port that nothing listens on now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _until_it_answers(daemon: LiveDaemon, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + STARTUP
    while time.monotonic() < deadline:
        assert process.poll() is None, f"the daemon left at once:\n{log.read_text()[-2000:]}"
        heard = daemon.hear(0.1)
        if heard is None:
            daemon.send("/status")
        elif heard[0] == "/status/reply" and "ready" in heard[1]:
            daemon.ask()
            return
    raise AssertionError(f"the daemon is not ready after {STARTUP:g} s:\n{log.read_text()[-2000:]}")
