"""The speaker process may die, hang or be told to leave; the daemon's side always knows, and starts another."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import pytest

from audiogen_daemon.audio import isolated
from audiogen_daemon.audio.commands import Incoming
from audiogen_daemon.audio.events import DeviceLost, DeviceOpened, Finished
from audiogen_daemon.audio.isolated import IsolatedMonitor
from audiogen_daemon.audio.speaker import Speaker
from audiogen_daemon.audio.speaking import Call, Options, Pulse


class Desk:
    """A monitor in its own process, and what it reported; the machine may have a sound card or not."""

    def __init__(self) -> None:
        self.events: list[Any] = []
        self.changed = threading.Condition()
        self.monitor = IsolatedMonitor("no card has this name", 0.0, 0.1, 1024, self.note)

    def note(self, event: Any) -> None:
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def wait(self, kind: type, count: int = 1, seconds: float = 30.0) -> Any:
        def found() -> list[Any]:
            return [e for e in self.events if isinstance(e, kind)]

        with self.changed:
            assert self.changed.wait_for(lambda: len(found()) >= count, seconds), f"no {kind}; {self.events}"
            return found()[count - 1]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(isolated, "_BACK_OFF", (0.05, 0.1))
    made = Desk()
    made.monitor.start()
    yield made
    made.monitor.close()


def test_events_come_from_the_process_and_closing_ends_it(desk: Desk) -> None:
    assert desk.wait(DeviceLost).reason
    pid = desk.monitor.pid
    assert pid != os.getpid()
    desk.monitor.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert not any(isinstance(e, DeviceOpened) for e in desk.events)


def test_a_process_that_is_killed_is_replaced_and_its_takes_are_finished(desk: Desk) -> None:
    desk.wait(DeviceLost)
    desk.monitor.begin(Incoming(7, 32000, 1, 32000, 1.0, time.monotonic()))
    desk.monitor.feed(7, np.zeros((100, 1), np.float32))
    first = desk.monitor.pid
    os.kill(first, signal.SIGKILL)
    assert desk.wait(Finished) == Finished(7, False)
    assert "sound process ended" in desk.wait(DeviceLost, 2).reason
    desk.wait(DeviceLost, 3)
    assert desk.monitor.pid != first


def test_a_process_that_is_silent_is_killed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "_PATIENCE", 0.5)
    desk.wait(DeviceLost)
    os.kill(desk.monitor.pid, signal.SIGSTOP)
    assert "said nothing for" in desk.wait(DeviceLost, 2).reason


def test_a_process_in_which_portaudio_hangs_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "_BACK_OFF", (0.05, 0.1))
    spawn = isolated.spawn

    def hung(module: str):
        monkeypatch.setattr(isolated, "spawn", spawn)
        child, pipe = spawn(module)
        pipe.close()
        ours, theirs = (Connection(end.detach()) for end in socket.socketpair())
        ends.append(theirs)
        theirs.send(Pulse("card", 0.0, 0, (-120.0, -120.0), True))
        return child, ours

    monkeypatch.setattr(isolated, "spawn", hung)
    made, ends = Desk(), []
    with made.monitor:
        assert made.wait(DeviceLost).reason == "PortAudio hangs in the sound process; it starts again"
        made.wait(DeviceLost, 2)
        assert made.monitor.pid
    ends[0].close()


def test_a_process_that_cannot_be_started_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "_BACK_OFF", (0.05, 0.1))
    spawn, tries = isolated.spawn, []

    def second_time(module: str):
        tries.append(module)
        if len(tries) == 1:
            raise OSError("Resource temporarily unavailable")
        return spawn(module)

    monkeypatch.setattr(isolated, "spawn", second_time)
    made = Desk()
    with made.monitor:
        assert "Resource temporarily unavailable" in made.wait(DeviceLost).reason
        made.wait(DeviceLost, 2)
        assert made.monitor.pid


def test_calls_return_at_once_whatever_the_process_does(desk: Desk) -> None:
    desk.wait(DeviceLost)
    os.kill(desk.monitor.pid, signal.SIGSTOP)
    begun = time.monotonic()
    desk.monitor.begin(Incoming(1, 32000, 1, None, 1.0, begun))
    for _ in range(200):
        desk.monitor.feed(1, np.zeros((32000, 1), np.float32))
    desk.monitor.stop()
    assert desk.monitor.levels() == (-120.0, -120.0)
    assert time.monotonic() - begun < 0.5
    os.kill(desk.monitor.pid, signal.SIGCONT)


@pytest.mark.parametrize("last_word", [True, False])
def test_the_speaker_leaves_when_told_and_when_the_daemon_is_gone(last_word: bool) -> None:
    ours, theirs = (Connection(end.detach()) for end in socket.socketpair())
    speaker = threading.Thread(target=Speaker(theirs).run)
    speaker.start()
    ours.send(Options("no card has this name", 0.0, 0.1, 1024, "auto"))
    ours.send(Call("set_gain_db", (-6.0,)))
    while not isinstance(ours.recv(), Pulse):
        pass
    if last_word:
        ours.send(Call(""))
    else:
        ours.close()
    speaker.join(10)
    assert not speaker.is_alive()
    theirs.close()
    ours.close()
