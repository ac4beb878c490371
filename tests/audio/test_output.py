"""Outputs open at the device's own rate, notice when it is gone, and say what helps where there is none."""

import builtins
import sys
import threading
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from audiogen_daemon.audio.clock import StreamClock
from audiogen_daemon.audio.output import Output, OutputError, refresh_devices
from audiogen_daemon.audio.player import Player


class Stream:
    """Stands in for sounddevice's OutputStream."""

    latency = 0.04

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.active = False
        self.may_close = threading.Event()
        self.may_close.set()

    def start(self) -> None:
        self.active = True

    def close(self, ignore_errors: bool) -> None:
        self.may_close.wait(10)
        self.active = False

    def block(self, frames: int, underflow: bool = False) -> np.ndarray:
        out = np.full((frames, self.options["channels"]), np.nan, np.float32)
        moment = SimpleNamespace(outputBufferDacTime=5.03, currentTime=5.0)
        self.options["callback"](out, frames, moment, underflow)
        return out


@pytest.fixture
def portaudio(monkeypatch: pytest.MonkeyPatch) -> Any:
    class PortAudioError(Exception):
        pass

    devices = [
        {"index": 0, "name": "Microphone", "default_samplerate": 48000.0, "max_output_channels": 0},
        {"index": 1, "name": "Speakers", "default_samplerate": 44100.0, "max_output_channels": 8},
        {"index": 2, "name": "Mono Horn", "default_samplerate": 48000.0, "max_output_channels": 1},
    ]

    def query_devices(device: str | None = None, kind: str | None = None) -> Any:
        if kind is None:
            return fake.devices
        outputs = [d for d in fake.devices if d["max_output_channels"] and (device or "").lower() in d["name"].lower()]
        if not outputs:
            raise ValueError(f"No output device matching {device!r}")
        return outputs[0]

    fake: Any = ModuleType("sounddevice")
    fake.PortAudioError, fake.OutputStream = PortAudioError, Stream
    fake.devices, fake.query_devices = devices, query_devices
    fake._exit_handler = fake._initialize = fake._terminate = lambda: None
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return fake


def a_player(rate: int, channels: int) -> Player:
    return Player(rate, channels)


@pytest.mark.parametrize(
    ("device", "name", "rate", "channels"),
    [(None, "Speakers", 44100, 2), ("speak", "Speakers", 44100, 2), ("Mono Horn", "Mono Horn", 48000, 1)],
)
def test_a_device_is_opened_by_name_at_its_own_rate(
    portaudio: Any, device: str | None, name: str, rate: int, channels: int
) -> None:
    output = Output(device, 1024, a_player)
    options = output._stream.options
    assert (output.name, output.rate, output.channels, output.latency) == (name, rate, channels, 0.04)
    assert (options["samplerate"], options["channels"], options["blocksize"]) == (rate, channels, 1024)
    assert (output.player.rate, output.player.channels) == (rate, channels)


def test_the_callback_fills_the_block_and_follows_the_clock(portaudio: Any) -> None:
    output = Output(None, 1024, a_player)
    assert not output.clock.running
    assert np.array_equal(output._stream.block(512), np.zeros((512, 2)))
    output._stream.block(512, underflow=True)
    assert (output.callbacks, output.underflows, output.player.position) == (2, 1, 1024)
    assert output.clock.heard_at(1024) - output.clock.heard_at(0) == pytest.approx(1024 / 44100)


def test_a_stream_that_ended_or_asks_for_nothing_is_lost(portaudio: Any) -> None:
    output = Output(None, 1024, a_player)
    assert output.lost(patience=0.0) == "the device asked for nothing in 0 s"
    output._stream.block(64)
    assert output.lost(patience=0.0) == ""
    output._stream.options["finished_callback"]()
    assert output.lost() == "the stream ended"


def test_a_portaudio_that_hangs_holds_nobody_up(portaudio: Any) -> None:
    output = Output(None, 1024, a_player)
    output._stream.may_close.clear()
    output.close(patience=0.01)
    assert not output.closed
    output._stream.may_close.set()
    output.close(patience=5.0)
    assert output.closed


def test_without_the_library_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *rest: Any) -> Any:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real(name, *rest)

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(OutputError, match=r"PortAudio library not found.*install") as error:
        Output(None, 1024, a_player)
    assert error.value.lasting


def test_without_a_device_the_cure_is_named(portaudio: Any) -> None:
    with pytest.raises(OutputError, match=r'no output matches "Headphones".*Speakers, Mono Horn') as error:
        Output("Headphones", 1024, a_player)
    assert not error.value.lasting
    portaudio.devices = portaudio.devices[:1]
    with pytest.raises(OutputError, match="no sound output; connect one"):
        Output(None, 1024, a_player)


def test_a_device_that_does_not_start_is_named(portaudio: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Stream) -> None:
        raise portaudio.PortAudioError("device unavailable")

    monkeypatch.setattr(Stream, "start", refuse)
    with pytest.raises(OutputError, match='"Speakers" does not start'):
        Output(None, 1024, a_player)


def test_portaudio_that_does_not_come_back_is_an_output_error(portaudio: Any) -> None:
    refresh_devices()

    def refuse() -> None:
        raise portaudio.PortAudioError("no host")

    portaudio._initialize = refuse
    with pytest.raises(OutputError, match="does not start again"):
        refresh_devices()


def test_the_clock_sees_through_late_callbacks_and_follows_a_jump() -> None:
    clock, rng = StreamClock(48000), np.random.default_rng(0)
    errors = []
    for index in range(400):
        true = 100.0 + index * 1024 / 48000
        clock.update(index * 1024, true + rng.exponential(0.003))
        errors.append(abs(clock.heard_at(index * 1024) - true))
    assert max(errors[40:]) < 0.001
    assert clock.frame_at(clock.heard_at(12345)) == 12345
    clock.update(400 * 1024, 500.0)
    assert clock.heard_at(400 * 1024) == 500.0


def test_the_clock_follows_sound_that_was_dropped_at_once_when_told_and_soon_when_not() -> None:
    for told, patience in ((True, 1), (False, 40)):
        clock = StreamClock(48000)
        for index in range(100):
            dropped = 0.0 if index < 50 else 0.0107
            if told and index == 50:
                clock.interrupted()
            clock.update(index * 1024, 100.0 + index * 1024 / 48000 + dropped)
            late = clock.heard_at(0) - 100.0 - dropped
            assert abs(late) < 1e-6 or (not told and 50 <= index < 50 + patience)
