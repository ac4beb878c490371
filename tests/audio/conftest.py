"""A JACK server without hardware, so that the monitor is heard through real PortAudio."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from ctypes.util import find_library
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

CLIENT = Path(__file__).parent / "monitor_client.py"


def wait_for(condition: Callable[[], Any], seconds: float = 10.0, say: Callable[[], object] = lambda: "") -> Any:
    """Return the condition's first true value; fail at the deadline with what `say` finds."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        pause.wait(0.01)
    raise AssertionError(f"nothing came within {seconds:g} s: {say() or condition}")


class Jack:
    """A dummy server at 48 kHz with its own home, and a monitor in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = f"audiogen{os.getpid()}"
        run = folder / "run"
        run.mkdir(mode=0o700, exist_ok=True)
        self.env = os.environ | {
            "HOME": str(folder),
            "PYTHONPATH": str(Path(__file__).parents[2]),
            "XDG_RUNTIME_DIR": str(run),
            "JACK_DEFAULT_SERVER": self.name,
            "JACK_NO_AUDIO_RESERVATION": "1",
            "JACK_NO_START_SERVER": "1",
        }
        self.children: list[subprocess.Popen[Any]] = []
        self.server: subprocess.Popen[Any] | None = None

    def spawn(self, *command: str, **options: Any) -> subprocess.Popen[Any]:
        child = subprocess.Popen(command, env=self.env, **options)
        self.children.append(child)
        return child

    def start_server(self, rate: int = 48000, period: int = 2048) -> None:
        # On two busy cores an engine beside it may take 20 ms of a core at a time: 43 ms blocks stand that.
        log = (self.folder / "jack.log").open("ab")
        command = ["jackd", "-n", self.name, "--no-realtime", "-d", "dummy", "-r", str(rate), "-p", str(period)]
        self.server = self.spawn(*command, "-C", "2", "-P", "2", stdout=log, stderr=log)
        log.close()
        wait_for(lambda: "system:playback_1" in self.ports())

    def stop_server(self) -> None:
        assert self.server is not None
        self.server.terminate()
        self.server.wait(10)

    def xruns(self) -> int:
        """Return how many blocks the server says were dropped on the way to it: the machine was too busy."""
        return (self.folder / "jack.log").read_text(errors="replace").lower().count("xrun")

    def ports(self, *options: str) -> str:
        return subprocess.run(["jack_lsp", *options], env=self.env, capture_output=True, text=True).stdout

    def record(self, path: Path, seconds: int) -> subprocess.Popen[Any]:
        ports = [line for line in self.ports().splitlines() if line.startswith("PortAudio:out_")]
        quiet = subprocess.DEVNULL
        recorder = self.spawn(
            "jack_rec", "-f", str(path), "-d", str(seconds), "-b", "32", *ports, stdout=quiet, stderr=quiet
        )
        wait_for(lambda: "jackrec" in self.ports("-c") or recorder.poll() is not None)
        return recorder

    def monitor(self, *arguments: str) -> "Client":
        child = self.spawn(
            sys.executable, str(CLIENT), *arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        return Client(child)

    def close(self) -> None:
        for child in reversed(self.children):
            if child.stdin is not None:
                child.stdin.close()
            elif child.poll() is None:
                child.send_signal(signal.SIGTERM)
            if child.poll() is None:
                try:
                    child.wait(5)
                except subprocess.TimeoutExpired:
                    child.kill()
                    child.wait()
            if child.stdout is not None:
                child.stdout.close()


class Client:
    """Talks to `monitor_client.py`: commands in, events out, both as lines of JSON."""

    def __init__(self, child: subprocess.Popen[Any]) -> None:
        self.child = child
        self.seen: list[dict[str, Any]] = []

    def send(self, *words: Any) -> None:
        self.child.stdin.write(json.dumps(words) + "\n")
        self.child.stdin.flush()

    def wait(self, event: str) -> dict[str, Any]:
        """Return the next event of that name; earlier ones of other names stay in `seen`."""
        while True:
            line = self.child.stdout.readline()
            assert line, f"the monitor's process ended before {event}; it said {self.seen}"
            self.seen.append(json.loads(line))
            if self.seen[-1]["event"] == event:
                return self.seen[-1]


@pytest.fixture
def jack(tmp_path: Path) -> Iterator[Jack]:
    if not (shutil.which("jackd") and shutil.which("jack_rec") and find_library("portaudio")):
        pytest.skip("jackd, jack_rec or libportaudio2 is not installed: sudo apt install jackd2 libportaudio2")
    server = Jack(tmp_path)
    try:
        server.start_server()
        yield server
    finally:
        server.close()


def read(path: Path) -> np.ndarray:
    pcm, _ = soundfile.read(path, dtype="float32", always_2d=True)
    return pcm
