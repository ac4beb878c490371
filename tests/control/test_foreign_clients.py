"""Programs that we did not write talk with the real daemon: Pure Data and liblo's command-line tools."""

import queue
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pythonosc.osc_message_builder import OscMessageBuilder

from tests.live_daemon import LiveDaemon, free_port, live_daemon

HERE = Path(__file__).parent
PATCH = HERE.parents[1] / "docs" / "puredata" / "audiogen.pd"
DEADLINE = 20.0
BURST = 2000


@pytest.fixture(scope="module")
def daemon(tmp_path_factory) -> Iterator[LiveDaemon]:
    with live_daemon(tmp_path_factory.mktemp("daemon")) as running:
        running.ask(("/set/seconds", (0.5,)))
        yield running


def program(name: str, package: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not here; apt-get install {package}")
    return found


class Lines:
    """What a program prints, line by line, as it prints it."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.seen: list[str] = []
        self._queue: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, args=(process.stdout,), daemon=True).start()

    def _read(self, stream) -> None:
        for line in stream:
            self._queue.put(line.rstrip())

    def wait(self, pattern: str) -> re.Match[str]:
        deadline = time.monotonic() + DEADLINE
        while True:
            try:
                line = self._queue.get(timeout=max(0.01, deadline - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no line like {pattern} in {self.seen}") from None
            self.seen.append(line)
            found = re.search(pattern, line)
            if found:
                return found


@contextmanager
def started(*command: str) -> Iterator[Lines]:
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    )
    try:
        yield Lines(process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def pure_data(patch: Path, *messages: str) -> Iterator[Lines]:
    sends = [word for message in messages for word in ("-send", message)]
    flags = ("-nogui", "-noaudio", "-nomidi", "-noprefs", "-stderr", "-open", str(patch))
    with started(program("pd", "puredata-core"), *flags, *sends) as lines:
        yield lines


def patched(source: Path, folder: Path, daemon: LiveDaemon, listen: int) -> Path:
    text = source.read_text("utf-8")
    assert "11010" in text
    copy = folder / source.name
    copy.write_text(text.replace("11010", str(daemon.port)).replace("11012", str(listen)), "utf-8")
    return copy


def test_the_pure_data_patch_makes_a_take_and_hears_it_through_to_the_end(daemon, tmp_path):
    patch = patched(PATCH, tmp_path, daemon, free_port())
    with pure_data(patch, "generate symbol dusty\\ rhodes\\ loop") as lines:
        number = lines.wait(r"audiogen: take queued (\d+) 0")[1]
        lines.wait(rf"audiogen: take progress {number} 1 0")
        lines.wait(rf"audiogen: take done {number} 0\.\d+ \d+")
        assert "dusty" in lines.wait(rf"audiogen: stem saved {number} (.*)")[1]


def test_the_pure_data_patch_sets_a_tempo_and_hears_why_another_was_refused(daemon, tmp_path):
    patch = patched(PATCH, tmp_path, daemon, free_port())
    with pure_data(patch, "tempo 127.5", "tempo 400") as lines:
        lines.wait(r"audiogen: state tempo 127\.5")
        assert "30 to 300" in lines.wait(r"audiogen: error /set/tempo (.*)")[1].replace("\\ ", " ")


def test_the_pure_data_patch_cancels(daemon, tmp_path):
    daemon.ask(("/set/seconds", (60,)))
    patch = patched(PATCH, tmp_path, daemon, free_port())
    with pure_data(patch, "generate symbol long\\ one", "cancel bang") as lines:
        number = lines.wait(r"audiogen: take queued (\d+)")[1]
        lines.wait(rf"audiogen: take cancelled {number}")
    daemon.ask(("/set/seconds", (0.5,)))


def test_a_burst_of_pure_data_loses_nothing(daemon, tmp_path):
    since = len(daemon.heard)
    with pure_data(patched(HERE / "burst.pd", tmp_path, daemon, free_port()), f"burst {BURST}"):
        daemon.wait("/pong", lambda values: values == [BURST - 1.0], since)
    answered = [values[0] for path, values in daemon.heard[since:] if path == "/pong"]
    assert answered == [float(number) for number in range(BURST)]


def test_a_burst_of_commands_and_pings_loses_nothing_and_keeps_its_order(daemon):
    datagrams = []
    for number in range(BURST):
        builder = OscMessageBuilder("/set/seconds" if number % 2 else "/ping")
        builder.add_arg(1 + number / 8 if number % 2 else number)
        datagrams.append(builder.build().dgram)
    since = len(daemon.heard)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        for datagram in datagrams:
            client.sendto(datagram, ("127.0.0.1", daemon.port))
        daemon.wait("/state/seconds", lambda values: values == [1 + (BURST - 1) / 8], since)
    heard = [(path, values) for path, values in daemon.heard[since:] if path in ("/pong", "/state/seconds")]
    assert [values[0] for path, values in heard if path == "/pong"] == list(range(0, BURST, 2))
    assert len(heard) == BURST
    daemon.ask(("/set/seconds", (0.5,)))


@contextmanager
def oscdump(daemon: LiveDaemon) -> Iterator[Lines]:
    """Run liblo's oscdump on a port of its own that hears everything."""
    port = free_port()
    with started(program("oscdump", "liblo-tools"), "-L", str(port)) as lines:
        deadline = time.monotonic() + DEADLINE
        while not lines.seen and time.monotonic() < deadline:
            daemon.send("/subscribe", port)
            daemon.send("/ping", "are you there")
            try:
                lines.seen.append(lines._queue.get(timeout=0.2))
            except queue.Empty:
                continue
        yield lines
        daemon.ask(("/unsubscribe", (port,)))


def oscsend(daemon: LiveDaemon, *words: str) -> None:
    tool = program("oscsend", "liblo-tools")
    subprocess.run([tool, "127.0.0.1", str(daemon.port), *words], check=True, timeout=10)


def test_liblo_makes_a_take_and_hears_progress_and_its_end(daemon):
    with oscdump(daemon) as lines:
        oscsend(daemon, "/generate", "s", "warm loop")
        number = lines.wait(r"/take/queued ii (\d+) 0")[1]
        lines.wait(rf"/take/progress iff {number} 1\.0+ 0\.0+")
        lines.wait(rf"/take/done iff {number} 0\.\d+ \d+")
        assert lines.wait(rf'/stem/saved is {number} "(.*)"')[1].endswith(".wav")


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (("/set/tempo", "f", "400"), r'/error ss "/set/tempo" ".*30 to 300 bpm.*"'),
        (("/set/temprature", "f", "1"), r'/error ss "/set/temprature" ".*did you mean /set/temperature\?"'),
        (("/generate", "ssi", "loop", "secnds", "8"), r'/error ss "/generate" ".*did you mean seconds\?"'),
        (("/set/signature", "s", "7/8"), r'/state/signature s "7/8"'),
        (("/set/signature", "ii", "4", "4"), r'/state/signature s "4/4"'),
        (("/set/bars", "s", "4"), r"/state/bars f 4\.0"),
        (("/set/bars", "d", "0"), r"/state/bars f 0\.0"),
        (("/set/loop", "T"), r"/state/loop i 1"),
        (("/set/loop", "F"), r"/state/loop i 0"),
        (("/set/seed", "h", "4294967295"), r"/state/seed h 4294967295"),
        (("/set/seed", "i", "-1"), r"/state/seed i -1"),
    ],
)
def test_liblo_sends_every_type_and_hears_the_answer(daemon, words, answer):
    with oscdump(daemon) as lines:
        oscsend(daemon, *words)
        lines.wait(answer)
