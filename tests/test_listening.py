"""What the daemon hears of takes and of their engine, as calls of the monitor."""

import numpy as np
import pytest

from audiogen_daemon import listening as module
from audiogen_daemon import messages as m
from audiogen_daemon.config import load
from audiogen_daemon.listening import Listening

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
