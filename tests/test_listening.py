"""What the daemon hears of takes and of their engine, as calls of the monitor."""

import numpy as np
import pytest

from audiogen_daemon import listening as module
from audiogen_daemon import messages as m
from audiogen_daemon.config import load
from audiogen_daemon.listening import Listening
from tests.audio.conftest import wait_for

PCM = np.zeros((4, 1), np.float32)


class Noted:
    """Stands in for the monitor: notes what is called."""

    def __init__(self, *arguments, **options) -> None:
        self.calls: list[tuple] = []

    def __getattr__(self, name):
        return lambda *arguments, **options: self.calls.append((name, *arguments))


@pytest.fixture
def monitor(monkeypatch) -> Noted:
    noted = Noted()
    monkeypatch.setattr(module, "IsolatedMonitor", lambda *arguments, **options: noted)
    return noted


def test_what_plays_of_a_take_ends_when_its_engine_dies(monitor):
    listening = Listening(load(None, []).monitor, print)
    for take in (1, 2):
        listening.begin(m.JobStarted(take, 1000, 1, 8), 1.0, 0.0, "off", False)
        listening.feed(take, PCM)
    listening.end(1)
    listening.end_all()
    listening.feed(2, PCM)
    assert [call for call in monitor.calls if call[0] == "end"] == [("end", 1, False), ("end", 2, False)]
    assert [call[1] for call in monitor.calls if call[0] == "feed"] == [1, 2]


class Wishes:
    """A listening whose lookup of outputs is the test's, and what it told."""

    def __init__(self, monkeypatch, *sets: str) -> None:
        self.asked: list[tuple[str, str]] = []
        self.told: list[m.Message] = []
        monkeypatch.setattr(module, "why_unusable", self.why_unusable)
        self.listening = Listening(load(None, list(sets)).monitor, self.told.append)

    def why_unusable(self, device: str, playing: str) -> str:
        self.asked.append((device, playing))
        return "" if device == "Headphones" else f'no output matches "{device}"; name one of: Speakers, Headphones'

    def wish(self, *names: str) -> None:
        for name in names:
            self.listening.set_device(m.MonitorDevice(name, sender=ASKER, address="/monitor/device"))


ASKER = m.Peer("127.0.0.1", 9001)


def moves(monitor: Noted) -> list:
    return [call[1] for call in monitor.calls if call[0] == "set_device"]


def test_a_device_that_is_not_there_leaves_the_sound_where_it_is_and_the_one_who_asked_is_told(monitor, monkeypatch):
    monitor.device_name = "Speakers"
    wishes = Wishes(monkeypatch)
    wishes.wish("foo")
    wait_for(lambda: wishes.told)
    reason = 'no output matches "foo"; name one of: Speakers, Headphones; the sound stays on "Speakers"'
    assert wishes.told == [m.Invalid(reason, sender=ASKER, address="/monitor/device")]
    assert moves(monitor) == []


def test_the_sound_moves_to_devices_that_are_there_in_the_order_asked_for(monitor, monkeypatch):
    monitor.device_name = "Speakers"
    wishes = Wishes(monkeypatch)
    wishes.wish("Headphones", "foo", "speakers", "speak", "")
    wait_for(lambda: moves(monitor) == ["Headphones", "speakers", None])
    assert wishes.asked == [(name, "Speakers") for name in ("Headphones", "foo", "speak")], (
        "what plays, and the system's own, need no lookup"
    )


def test_a_monitor_that_is_switched_off_says_so_when_a_device_is_asked_for(monkeypatch):
    wishes = Wishes(monkeypatch, "monitor.enabled=false")
    wishes.wish("Headphones")
    wait_for(lambda: wishes.told)
    assert [invalid.reason for invalid in wishes.told] == ["the monitor is switched off; set monitor.enabled = true"]
