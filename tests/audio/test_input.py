"""Inputs know when each sample was captured, whatever their driver stamps and tells."""

import time
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from audiogen_daemon.audio import input as module
from audiogen_daemon.audio.input import Input

RATE = 48_000
UNSIGNED = 2**32 / RATE
"""Seconds of latency that PortAudio tells of a JACK port without any: minus one frame, unsigned."""


class Stream:
    """Stands in for sounddevice's InputStream."""

    latency = 0.02
    active = True

    def __init__(self, callback: Any, **_: Any) -> None:
        self.callback = callback

    def start(self) -> None:
        """Nothing runs by itself."""


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Any:
    def go(latency: float) -> Input:
        info = {"index": 0, "name": "Microphone", "default_samplerate": float(RATE), "max_input_channels": 1}
        stream = type("Told", (Stream,), {"latency": latency})
        portaudio = SimpleNamespace(
            query_devices=lambda *_: info, InputStream=stream, PortAudioError=type("PortAudioError", (Exception,), {})
        )
        monkeypatch.setattr(module, "load_portaudio", lambda: portaudio)
        return Input(None)

    return go


def captured(source: Input, stamps: list[tuple[float, float]], frames: int = 1024) -> float:
    """Let blocks come in at once, with (now, captured) of the driver's clock; return how long ago the first one was."""
    before = time.monotonic()
    for now, stamp in stamps:
        moment = SimpleNamespace(currentTime=now, inputBufferAdcTime=stamp)
        source._stream.callback(np.zeros((frames, 1), np.float32), frames, moment, None)
    return before - source.clock.heard_at(0)


def test_a_driver_that_stamps_is_believed(opened):
    assert captured(opened(0.02), [(900.0, 899.95)]) == pytest.approx(0.05, abs=0.01)


def test_a_block_that_is_cut_in_two_tells_one_time(opened):
    half = 1024 / RATE
    assert captured(opened(UNSIGNED), [(900.0, 900.0), (900.0, 900.0 + half)]) == pytest.approx(0.0, abs=0.01)


@pytest.mark.parametrize(("latency", "told"), [(0.02, 0.02), (UNSIGNED, 0.0)])
def test_a_driver_that_stamps_nothing_is_late_by_its_latency_and_a_block(opened, latency, told):
    assert captured(opened(latency), [(900.0, 0.0)]) == pytest.approx(told + 1024 / RATE, abs=0.01)
