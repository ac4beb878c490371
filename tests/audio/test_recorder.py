"""The recorder's file and its words, with an input that is made up: exact length, no file overwritten, every cure."""

import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile

from audiogen_daemon.audio import recorder as module
from audiogen_daemon.audio.clock import StreamClock
from audiogen_daemon.audio.input import InputError
from audiogen_daemon.audio.recorder import Recorder
from audiogen_daemon.audio.recording import Cancelled, Failed, Kept, Order, Recorded, Started, Waiting
from audiogen_daemon.audio.ring import Ring
from audiogen_daemon.transport import Grid

RATE = 8000


class MadeUp:
    """An input that gives `pcm` (samples, channels) in real time, then nothing."""

    def __init__(self, pcm: np.ndarray, name: str = "a microphone") -> None:
        self.name, self.rate, self.channels, self.dropped = name, RATE, pcm.shape[1], 0
        self.ring, self.clock, self.closed = Ring(10 * RATE, pcm.shape[1]), StreamClock(RATE), False
        self.began = time.monotonic()
        self._pcm = pcm

    def lost(self) -> str:
        """Deliver what is due by now; the recorder asks before each look."""
        due = self._pcm[self.ring.written : round((time.monotonic() - self.began) * RATE)]
        if len(due):
            self.clock.update(self.ring.written, self.began + self.ring.written / RATE)
            self.ring.write(due)
        return "the stream ended" if self.ring.written == len(self._pcm) else ""

    def close(self) -> None:
        self.closed = True


def noise(seconds: float, level: float = 0.3, channels: int = 1) -> np.ndarray:
    return (level * np.random.default_rng(2).uniform(-1, 1, (round(seconds * RATE), channels))).astype(np.float32)


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Record into tmp_path/in; returns the events and the input."""

    def go(pcm: np.ndarray, seconds: float, bars: float = 0.0, grid: Grid | None = None, at=(), do=None):
        source = MadeUp(pcm)
        monkeypatch.setattr(module, "Input", lambda device: source)
        events = []

        def say(event):
            events.append(event)
            if isinstance(event, at):
                do(recorder)

        recorder = Recorder(Order(None, tmp_path / "in", bars, seconds, grid, 0.0), say)
        worker = threading.Thread(target=recorder.run)
        worker.start()
        worker.join(20)
        assert not worker.is_alive()
        assert source.closed
        return events, source

    return go


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "in").iterdir())


@pytest.mark.parametrize("channels", [1, 2])
def test_the_file_has_exactly_so_many_samples_in_24_bits_and_they_are_those_of_the_input(record, tmp_path, channels):
    pcm = np.round(noise(2.0, channels=channels) * 2**23).astype(np.float32) / np.float32(2**23)
    events, _ = record(pcm, 0.5001)
    assert isinstance(events[0], Started)
    assert events[0] == Started("recording_001.wav", round(0.5001 * RATE) / RATE)
    assert events[-1] == Kept(tmp_path / "in" / "recording_001.wav", round(0.5001 * RATE) / RATE)
    found, rate = soundfile.read(events[-1].path, dtype="float32", always_2d=True)
    assert (rate, soundfile.info(events[-1].path).subtype) == (RATE, "PCM_24")
    assert np.array_equal(found, pcm[: round(0.5001 * RATE)])


def test_an_odd_number_of_bytes_is_a_whole_wav(record, tmp_path):
    events, _ = record(noise(1.0), 101 / RATE)
    assert soundfile.info(events[-1].path).frames == 101
    assert events[-1].path.stat().st_size % 2 == 0


def test_a_recording_begins_on_the_bar_that_comes_and_lasts_its_bars(record, tmp_path):
    pcm = noise(3.0)
    grid = Grid(time.monotonic() + 0.4, 0.1, 0.4)
    events, source = record(pcm, 99.0, bars=2.0, grid=grid)
    assert isinstance(events[0], Waiting)
    assert 0 < events[0].seconds <= 0.4
    found, _ = soundfile.read(events[-1].path, dtype="float32", always_2d=True)
    assert len(found) == round(2 * 0.4 * RATE)
    start = round((grid.next(source.began, "bar") - source.began) * RATE)
    assert np.abs(found - pcm[start : start + len(found)]).max() < 2**-22


def test_levels_are_those_of_the_input(record):
    events, _ = record(np.full((RATE, 1), 0.5, np.float32), 0.3)
    levels = [event.level for event in events if isinstance(event, Recorded)]
    assert levels == pytest.approx([-6.02] * len(levels), abs=0.01)
    assert events[-2].seconds == 0.3


def test_what_there_is_when_it_is_stopped_is_kept(record):
    events, _ = record(noise(5.0), 4.0, at=Recorded, do=Recorder.stop)
    assert 0 < events[-1].seconds < 2.0
    assert soundfile.info(events[-1].path).duration == events[-1].seconds


def test_one_that_is_stopped_before_its_bar_leaves_nothing(record, tmp_path):
    events, _ = record(noise(5.0), 1.0, 1.0, Grid(time.monotonic() + 60, 15.0, 60.0), at=Waiting, do=Recorder.stop)
    assert events[-1] == Cancelled()
    assert files(tmp_path) == []


def test_a_daw_that_stops_lets_what_waits_for_its_bar_begin(record):
    def stand(recorder):
        recorder.grid = None

    events, _ = record(noise(5.0), 0.3, 1.0, Grid(time.monotonic() + 60, 15.0, 60.0), at=Waiting, do=stand)
    assert events[-1].seconds == 0.3


def test_what_no_sample_can_be_becomes_silence_or_full_scale(record):
    pcm = noise(1.0)
    pcm[100:103, 0] = (np.nan, np.inf, -np.inf)
    found, _ = soundfile.read(record(pcm, 0.1)[0][-1].path, dtype="float32")
    assert found[100:103] == pytest.approx([0, 1, -1], abs=1e-6)


def test_no_file_is_overwritten_and_numbers_go_on(record, tmp_path):
    (tmp_path / "in").mkdir()
    for name in ("recording_001.wav", "recording_007.flac"):
        (tmp_path / "in" / name).write_bytes(b"mine")
    events, _ = record(noise(1.0), 0.1)
    assert events[-1].path.name == "recording_008.wav"
    assert (tmp_path / "in" / "recording_001.wav").read_bytes() == b"mine"


def test_a_name_that_is_taken_meanwhile_is_left_alone(record, tmp_path, monkeypatch):
    def late(*arguments):
        (tmp_path / "in" / "recording_001.wav").write_bytes(b"mine")
        return write_part(*arguments)

    write_part = module.atomic.write_part
    monkeypatch.setattr(module.atomic, "write_part", late)
    events, _ = record(noise(1.0), 0.1)
    assert events[-1].path.name == "recording_002.wav"
    assert (tmp_path / "in" / "recording_001.wav").read_bytes() == b"mine"


@pytest.mark.parametrize(
    ("pcm", "remark"),
    [
        (np.zeros((RATE, 1), np.float32), 'only silence came from "a microphone"'),
        (np.ones((RATE, 1), np.float32), "it clips; turn the input down"),
        (noise(0.2), "it ends early: the stream ended"),
    ],
)
def test_what_may_be_wrong_is_said_and_the_file_is_kept(record, pcm, remark):
    events, _ = record(pcm, 0.5)
    assert remark in events[-1].remark
    assert events[-1].path.exists()


def test_on_a_mac_silence_names_the_microphone_permission(record, monkeypatch):
    monkeypatch.setattr(module, "sys", SimpleNamespace(platform="darwin"))
    events, _ = record(np.zeros((RATE, 1), np.float32), 0.2)
    assert "Privacy & Security" in events[-1].remark
    assert "run in Terminal" in events[-1].remark


def test_a_device_that_goes_away_while_the_bar_is_waited_for_is_named(record, tmp_path):
    events, _ = record(noise(0.1), 1.0, 1.0, Grid(time.monotonic() + 60, 15.0, 60.0))
    assert "connect it again" in events[-1].reason
    assert files(tmp_path) == []


def test_a_full_disk_is_refused_before_anybody_plays_and_named_when_it_fills_up(record, tmp_path, monkeypatch):
    usage = module.shutil.disk_usage(tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(module.shutil, "disk_usage", lambda folder: usage._replace(free=1000))
        assert "0 MB left" in record(noise(1.0), 0.2)[0][-1].reason

    class Full:
        def __init__(self, *arguments):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "GrowingWav", Full)
    assert "is full; free some space" in record(noise(1.0), 0.2)[0][-1].reason
    assert files(tmp_path) == []


def test_without_the_drop_folder_or_an_input_the_reason_is_told(tmp_path, monkeypatch):
    events = []
    Recorder(Order(None, tmp_path / "gone" / "in", 0.0, 0.2, None, 0.0), events.append).run()
    assert "went away; bring it back" in events[-1].reason

    def none(device):
        raise InputError("this machine has no sound input; connect a microphone or an interface")

    monkeypatch.setattr(module, "Input", none)
    Recorder(Order(None, tmp_path, 0.0, 0.2, None, 0.0), events.append).run()
    assert events[-1] == Failed("this machine has no sound input; connect a microphone or an interface")
