"""The recorder through real PortAudio: what a JACK client plays is what lies in the file, on the beat."""

import os
import queue
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiogen_daemon import messages as m
from audiogen_daemon.config import Record
from audiogen_daemon.recording import InputRecorder
from audiogen_daemon.transport import Grid
from tests.audio.conftest import Jack

pytestmark = pytest.mark.jack

RATE = 48000
NEAR = 1.0
"""Seconds of blocks that tell when one of them left."""
ENDS = (m.RecordingDone, m.RecordingCancelled, m.RecordingFailed)


class Source:
    """An instrument: a JACK client that plays samples over and over from a moment on; PortAudio sees an input."""

    def __init__(self, jack: Jack, pcm: np.ndarray, at: float = 0.0) -> None:
        self._file = jack.folder / "source.npy"
        np.save(self._file, pcm)
        script = str(Path(__file__).parent / "jack_source.py")
        self._child = jack.spawn(
            sys.executable,
            script,
            str(self._file),
            *([str(at)] if at else []),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._child.stdout.readline() == "ready\n"

    def end(self) -> None:
        """Fall silent."""
        self._child.stdin.close()
        assert self._child.stdout.readline() == "saved\n"

    def left(self, sample: int) -> float:
        """Return when a sample left, after the end, in monotonic seconds: of the blocks around it the earliest counts.

        A server may drop blocks, so that all that follows leaves later; it asks for no block too early.
        """
        at, first = np.load(self._file.with_name("source.npy.blocks.npy")).T
        near = np.abs(first - sample) < NEAR * RATE
        return float((at[near] - first[near] / RATE).min() + sample / RATE)


@pytest.fixture
def pcm() -> np.ndarray:
    return (0.25 * np.random.default_rng(5).uniform(-1, 1, 30 * RATE)).astype(np.float32)


@pytest.fixture
def record(jack, tmp_path, monkeypatch):
    """Record from a device into tmp_path/in; returns the events."""
    for name in jack.env:
        if name.startswith("JACK") or name in ("HOME", "XDG_RUNTIME_DIR", "PYTHONPATH"):
            monkeypatch.setenv(name, jack.env[name])
    said: queue.SimpleQueue[m.Message] = queue.SimpleQueue()
    (tmp_path / "in").mkdir()

    def go(device: str, order: m.StartRecording, stop_at: type | None = None, offset: float = 0.0) -> list[m.Message]:
        recorder = InputRecorder(Record(device, offset), tmp_path / "in", said.put)
        recorder.start(order)
        events = []
        while not events or not isinstance(events[-1], ENDS):
            events.append(said.get(timeout=30))
            if stop_at is not None and isinstance(events[-1], stop_at):
                recorder.stop()
        recorder.close()
        return events

    return go


def found_in(pcm: np.ndarray, path: str, seconds: float = 30.0) -> tuple[np.ndarray, int]:
    """Return the recording (samples,) and where in what was played its first seconds lie, by correlation."""
    got, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert (rate, got.shape[1]) == (RATE, 1)
    part = got[: round(seconds * RATE), 0]
    size = 1 << (len(pcm) + len(part)).bit_length()
    match = np.fft.irfft(np.fft.rfft(pcm, size) * np.conj(np.fft.rfft(part, size)), size)
    return got[:, 0], int(np.argmax(match[: len(pcm)]))


def test_what_is_played_is_recorded_sample_by_sample_and_exactly_as_long(jack, record, pcm):
    source = Source(jack, pcm)
    done = record("source", m.StartRecording(0.0, 2.00001))[-1]
    source.end()
    got, start = found_in(pcm, done.path)
    assert len(got) == round(2.00001 * RATE)
    assert np.abs(got - pcm[start : start + len(got)]).max() <= 2**-23


@pytest.mark.parametrize("offset", [0.0, 0.05])
def test_the_first_sample_is_that_of_the_bar_and_the_length_is_that_of_the_bars(jack, record, pcm, offset):
    source = Source(jack, pcm)
    grid = Grid(time.monotonic() + 0.321, 60 / 128, 4 * 60 / 128)
    events = record("source", m.StartRecording(1.0, 99.0, grid), offset=offset)
    source.end()
    got, start = found_in(pcm, events[-1].path, seconds=0.5)
    assert len(got) == round(1.0 * 4 * 60 / 128 * RATE)
    bars = (source.left(start) - offset - grid.origin) / grid.bar
    assert abs(bars - round(bars)) * grid.bar < 0.005
    assert isinstance(events[0], m.RecordingWaiting)


def test_what_there_is_when_it_is_stopped_is_kept_and_the_device_is_free_again(jack, record, pcm):
    source = Source(jack, pcm)
    events = record("source", m.StartRecording(0.0, 60.0), stop_at=m.RecordingProgress)
    assert "PortAudio" not in jack.ports()
    source.end()
    got, start = found_in(pcm, events[-1].path)
    assert 0 < len(got) < 5 * RATE
    assert np.abs(got - pcm[start : start + len(got)]).max() <= 2**-23


def test_an_unused_jack_input_is_silence_and_said_to_be(jack, record):
    assert "only silence came" in record("system", m.StartRecording(0.0, 0.2))[-1].remark


def test_an_input_that_is_not_there_is_named_with_those_that_are(jack, record, tmp_path):
    reason = record("nothing like it", m.StartRecording(0.0, 1.0))[-1].reason
    assert 'no input matches "nothing like it"; set record.device to one of: ' in reason
    assert "system" in reason
    assert os.listdir(tmp_path / "in") == []
