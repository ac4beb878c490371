"""The monitor through real PortAudio: what a JACK server recorded is the take."""

import signal
from pathlib import Path

import numpy as np
import pytest

from audiogen_daemon.audio.resample import resample
from tests.audio.conftest import Jack, read

pytestmark = pytest.mark.jack


def take(seconds: float, rate: int, channels: int = 1) -> np.ndarray:
    rng = np.random.default_rng(7)
    tone = 0.2 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate)) / rate)
    return (tone[:, None] + 0.05 * rng.standard_normal((len(tone), channels))).astype(np.float32)


def find(heard: np.ndarray, pcm: np.ndarray) -> np.ndarray:
    """Return the stretch of what was heard that lines up with the take."""
    start = int(np.argmax(np.correlate(heard[:, 0], pcm[:4096, 0], "valid")))
    return heard[start : start + len(pcm)]


def test_a_take_is_heard_before_it_is_complete_and_exactly_as_it_will_be_saved(jack: Jack, tmp_path: Path) -> None:
    pcm = take(2.0, 32000)
    np.save(tmp_path / "take.npy", pcm)
    monitor = jack.monitor("")
    assert monitor.wait("DeviceOpened")["rate"] == 48000
    recorder = jack.record(tmp_path / "heard.wav", 3)

    monitor.send("make", str(tmp_path / "take.npy"), 32000, 1.5, 0.2, 0)
    playing, made, finished = monitor.wait("Playing"), monitor.wait("Made"), monitor.wait("Finished")

    recorder.wait(10)
    heard = read(tmp_path / "heard.wav")
    stem = np.repeat(resample(pcm, 32000, 48000), 2, axis=1)
    assert playing["at"] < made["at"] < finished["at"]
    assert 0.1 < playing["latency"] < 0.5
    assert finished["complete"]
    assert np.abs(find(heard, stem) - stem).max() <= 1e-3


def test_a_model_slower_than_time_is_heard_without_a_gap(jack: Jack, tmp_path: Path) -> None:
    pcm = take(1.5, 32000, channels=2)
    np.save(tmp_path / "take.npy", pcm)
    monitor = jack.monitor("system")
    monitor.wait("DeviceOpened")
    recorder = jack.record(tmp_path / "heard.wav", 4)

    monitor.send("make", str(tmp_path / "take.npy"), 32000, 0.8, 0.1, 0)
    playing, made = monitor.wait("Playing"), monitor.wait("Made")
    monitor.wait("Finished")
    monitor.send("state")
    state = monitor.wait("State")

    recorder.wait(10)
    stem = resample(pcm, 32000, 48000)
    assert playing["at"] < made["at"]
    assert state["starved"] == 0
    assert np.abs(find(read(tmp_path / "heard.wav"), stem) - stem).max() <= 1e-3


def test_a_model_that_stalls_and_a_stop_are_faded_and_a_stalled_device_comes_back(jack: Jack, tmp_path: Path) -> None:
    np.save(tmp_path / "take.npy", np.full((96000, 1), 0.5, np.float32))
    monitor = jack.monitor("")
    monitor.wait("DeviceOpened")
    recorder = jack.record(tmp_path / "heard.wav", 2)
    monitor.send("make", str(tmp_path / "take.npy"), 48000, 2.0, 0.1, 0.4)
    assert monitor.wait("Starved")["samples"] > 0
    recorder.wait(10)

    jack.server.send_signal(signal.SIGSTOP)
    assert "asked for nothing" in monitor.wait("DeviceLost")["reason"]
    jack.server.send_signal(signal.SIGCONT)
    monitor.wait("DeviceOpened")

    again = jack.record(tmp_path / "again.wav", 1)
    monitor.send("play", str(tmp_path / "take.npy"), 48000, False)
    monitor.wait("Playing")
    monitor.send("stop")
    assert not monitor.wait("Finished")["complete"]
    again.wait(10)
    for name in ("heard.wav", "again.wav"):
        heard = read(tmp_path / name)
        assert heard.max() == pytest.approx(0.5, abs=1e-6)
        assert np.abs(np.diff(heard, axis=0)).max() < 0.01


def test_a_sound_server_that_dies_is_found_again_at_its_new_rate(jack: Jack, tmp_path: Path) -> None:
    np.save(tmp_path / "take.npy", np.full((44100, 1), 0.5, np.float32))
    monitor = jack.monitor("")
    monitor.wait("DeviceOpened")
    jack.stop_server()
    monitor.wait("DeviceLost")
    jack.start_server(rate=44100)
    assert monitor.wait("DeviceOpened")["rate"] == 44100
    monitor.send("play", str(tmp_path / "take.npy"), 44100, False)
    monitor.wait("Playing")
