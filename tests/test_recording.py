"""A recorder that dies or hangs is reported, and the next recording begins all the same."""

import queue
import subprocess
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from socket import socketpair

import pytest

from audiogen_daemon import messages as m
from audiogen_daemon import recording as module
from audiogen_daemon.config import Record
from audiogen_daemon.recording import InputRecorder

ORDER = m.StartRecording(0.0, 1.0)


@pytest.fixture
def start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Return a function that starts a recorder whose process runs this code, and one that waits for its word."""
    said: queue.SimpleQueue[m.Message] = queue.SimpleQueue()
    children: list[subprocess.Popen[bytes]] = []
    recorder = InputRecorder(Record("", 0.0), tmp_path, said.put)

    def go(code: str) -> m.Message:
        def spawn(name: str):
            assert name == "audiogen_daemon.audio.recorder"
            ours, theirs = socketpair()
            with theirs:
                children.append(subprocess.Popen([sys.executable, "-c", code], stdin=theirs))
            return children[-1], Connection(ours.detach())

        monkeypatch.setattr(module, "spawn", spawn)
        recorder.start(ORDER)
        word = said.get(timeout=20)
        recorder.close()
        return word

    yield go
    assert all(child.poll() is not None for child in children)


def test_a_recorder_that_dies_is_reported_and_the_next_one_is_heard(start, monkeypatch):
    assert start("raise SystemExit(3)") == m.RecordingFailed("the recording process ended; record again")
    monkeypatch.setattr(module, "PATIENCE", 0.5)
    assert "said nothing for 0.5 s" in start("import time; time.sleep(60)").reason


def test_where_no_process_can_be_started_the_reason_is_told(tmp_path, monkeypatch):
    def none(name):
        raise OSError("Resource temporarily unavailable")

    monkeypatch.setattr(module, "spawn", none)
    said: list[m.Message] = []
    InputRecorder(Record("", 0.0), tmp_path, said.append).start(ORDER)
    assert "no process can be started (Resource temporarily unavailable)" in said[0].reason


def test_without_a_recording_stop_grid_and_close_do_nothing(tmp_path):
    recorder = InputRecorder(Record("", 0.0), tmp_path, print)
    recorder.stop()
    recorder.set_grid(None)
    recorder.close()
