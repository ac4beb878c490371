"""The monitor's rules, on an output whose blocks the test pulls itself."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from audiogen_daemon.audio import monitor as module
from audiogen_daemon.audio.commands import Incoming, Whole
from audiogen_daemon.audio.events import DeviceLost, DeviceOpened, Finished, MonitorEvent, Playing, Starved
from audiogen_daemon.audio.monitor import Monitor
from audiogen_daemon.audio.output import OutputError
from audiogen_daemon.audio.resample import resample
from audiogen_daemon.transport import Grid, Quantum
from tests.audio.card import BLOCK, Card


class Bench:
    """A monitor on a card, with what it reported."""

    def __init__(self, card: Card, **options: Any) -> None:
        self.card = card
        self.events: list[MonitorEvent] = []
        self.changed = threading.Condition()
        self.monitor = Monitor(None, 0.0, 0.1, BLOCK, self.note, **options)

    def note(self, event: MonitorEvent) -> None:
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def wait(self, kind: type | MonitorEvent, count: int = 1, seconds: float = 5.0) -> Any:
        def found() -> list[MonitorEvent]:
            return [e for e in self.events if e == kind or (isinstance(kind, type) and isinstance(e, kind))]

        with self.changed:
            assert self.changed.wait_for(lambda: len(found()) >= count, seconds), f"no {kind}; {self.events}"
            return found()[count - 1]

    def pull_until(self, done: Callable[[], Any], seconds: float = 5.0) -> np.ndarray:
        """Pull blocks, silence too, until `done`."""
        self.wait(DeviceOpened)
        deadline, parts, pause = time.monotonic() + seconds, [], threading.Event()
        while not done():
            assert time.monotonic() < deadline, f"not in {seconds} s; {self.events}"
            parts.append(self.card.pull())
            pause.wait(0.0005)
        return np.concatenate(parts) if parts else np.zeros((0, self.card.channels), np.float32)

    def pull_in_time(self, done: Callable[[], Any], seconds: float = 5.0) -> None:
        """Pull blocks as fast as a sound card would, until `done`."""
        begun, pause = time.monotonic(), threading.Event()
        while not done():
            elapsed = time.monotonic() - begun
            assert elapsed < seconds, f"not in {seconds} s; {self.events}"
            while self.card.player.position < elapsed * self.card.rate:
                self.card.pull()
            pause.wait(0.001)

    def has(self, event: MonitorEvent) -> Callable[[], bool]:
        return lambda: event in self.events

    def playing(self, take_id: int) -> Callable[[], bool]:
        return lambda: any(isinstance(e, Playing) and e.take_id == take_id for e in self.events)


Make = Callable[..., Bench]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Make]:
    made: list[Bench] = []

    def make(card: Card | None = None, **options: Any) -> Bench:
        new = Bench(card or Card(), **options)
        monkeypatch.setattr(module, "Output", new.card.open)
        monkeypatch.setattr(module, "refresh_devices", lambda: None)
        monkeypatch.setattr(module, "_BACK_OFF", (0.02, 0.08))
        made.append(new)
        new.monitor.start()
        return new

    yield make
    for each in made:
        each.monitor.close()


def noise(samples: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    pcm = 0.1 * np.random.default_rng(seed).standard_normal((samples, channels)).astype(np.float32)
    pcm[0] = pcm[-1] = 0
    return pcm


def trimmed(heard: np.ndarray) -> np.ndarray:
    sounding = np.flatnonzero(np.abs(heard).max(axis=1) > 0)
    return heard[sounding[0] : sounding[-1] + 1] if len(sounding) else heard[:0]


def give(
    bench: Bench,
    take_id: int,
    pcm: np.ndarray,
    size: int = 3200,
    speed: float = 5.0,
    rate: int = 32000,
    launch: Quantum = "off",
) -> None:
    bench.monitor.begin(Incoming(take_id, rate, pcm.shape[1], len(pcm), speed, time.monotonic(), launch))
    for start in range(0, len(pcm), size):
        bench.monitor.feed(take_id, pcm[start : start + size])
    bench.monitor.end(take_id)


@pytest.mark.parametrize(("rate", "channels"), [(32000, 2), (48000, 2), (44100, 1)])
@pytest.mark.parametrize("own", [1, 2])
def test_a_take_is_heard_whole_on_any_card(bench: Make, rate: int, channels: int, own: int) -> None:
    desk = bench(Card(rate, channels))
    pcm = noise(40_000, own)
    give(desk, 7, pcm)
    heard = desk.pull_until(desk.has(Finished(7, True)))
    mixed = pcm.mean(axis=1, keepdims=True) if channels < own else pcm
    expected = resample(np.repeat(mixed, channels // mixed.shape[1], axis=1), 32000, rate)
    start = int(np.argmax(np.correlate(heard[:, 0], expected[:2000, 0], "valid")))
    assert np.abs(heard[start : start + len(expected)] - expected).max() < 1e-6
    assert desk.monitor.starved == 0


def test_the_first_sound_is_reported_with_its_latency(bench: Make) -> None:
    desk = bench()
    desk.wait(DeviceOpened("card", 32000))
    accepted = time.monotonic()
    give(desk, 3, noise(16000))
    desk.pull_in_time(desk.playing(3))
    heard = time.monotonic() + desk.card.latency
    assert 0.02 < desk.wait(Playing).latency <= heard - accepted + 0.005


def test_a_slow_take_waits_until_it_will_last(bench: Make) -> None:
    desk = bench()
    pcm = noise(64_000)
    desk.monitor.begin(Incoming(1, 32000, 1, len(pcm), 0.5, time.monotonic()))
    desk.monitor.feed(1, pcm[:16_000])
    assert not desk.pull_until(lambda: desk.card.player.position > 20_000).any()
    desk.monitor.feed(1, pcm[16_000:60_000])
    desk.pull_until(desk.playing(1))


def test_feeding_minutes_at_once_takes_no_time_and_loses_nothing(bench: Make) -> None:
    desk = bench()
    pcm = noise(32000 * 120)
    begun = time.monotonic()
    give(desk, 1, pcm, size=32000)
    assert time.monotonic() - begun < 0.25
    desk.pull_until(desk.playing(1))
    assert desk.monitor.starved == 0


def test_a_new_take_crosses_over_when_it_sounds_and_not_before(bench: Make) -> None:
    desk = bench()
    give(desk, 1, noise(320_000))
    desk.pull_until(desk.playing(1))
    desk.monitor.begin(Incoming(2, 32000, 1, 64_000, 5.0, time.monotonic()))
    before = desk.pull_until(lambda: desk.card.player.position > 30_000)
    assert np.abs(before[-BLOCK:]).max() > 0
    desk.monitor.feed(2, noise(64_000, seed=1))
    desk.monitor.end(2)
    heard = desk.pull_until(desk.has(Finished(1, False)))
    assert desk.playing(2)()
    assert np.abs(heard[-BLOCK:]).max() > 0
    desk.pull_until(desk.has(Finished(2, True)))


def test_a_take_that_still_waits_is_dropped_by_the_next(bench: Make) -> None:
    desk = bench()
    desk.monitor.begin(Incoming(1, 32000, 1, 64_000, 0.1, time.monotonic()))
    desk.monitor.feed(1, noise(1000))
    give(desk, 2, noise(32_000))
    desk.pull_until(desk.has(Finished(2, True)))
    assert [e for e in desk.events if isinstance(e, Finished)] == [Finished(1, False), Finished(2, True)]


def test_a_stop_fades_within_its_time_and_later_feeds_are_ignored(bench: Make) -> None:
    desk = bench()
    pcm = np.full((64_000, 1), 0.5, np.float32)
    desk.monitor.begin(Incoming(1, 32000, 1, None, 5.0, time.monotonic()))
    desk.monitor.feed(1, pcm)
    desk.pull_until(desk.playing(1))
    desk.monitor.stop()
    heard = trimmed(desk.pull_until(desk.has(Finished(1, False))))
    fading = heard[np.flatnonzero(heard[:, 0] < 0.4999)[0] :]
    assert len(fading) <= 320
    assert np.abs(np.diff(fading[:, 0])).max() < 0.01
    desk.monitor.feed(1, pcm)
    assert not desk.pull_until(lambda p=desk.card.player.position: desk.card.player.position > p + 5000).any()


def test_starvation_is_counted_and_told_at_its_begin_and_end(bench: Make) -> None:
    desk = bench(policy="immediate")
    pcm = noise(32_000)
    desk.monitor.begin(Incoming(1, 32000, 1, len(pcm), 5.0, time.monotonic()))
    desk.monitor.feed(1, pcm[:8000])
    desk.pull_until(lambda: any(isinstance(e, Starved) for e in desk.events))
    desk.pull_until(lambda p=desk.card.player.position: desk.card.player.position > p + 2000)
    desk.monitor.feed(1, pcm[8000:])
    desk.monitor.end(1)
    desk.pull_until(desk.has(Finished(1, True)))
    told = [e.samples for e in desk.events if isinstance(e, Starved)]
    assert len(told) == 2
    assert told[-1] == desk.monitor.starved > told[0] > 0


def test_a_take_is_heard_on_the_next_bar_after_it_may_sound(bench: Make) -> None:
    desk = bench()
    desk.wait(DeviceOpened)
    asked, pcm = time.monotonic(), noise(16000)
    desk.monitor.set_grid(Grid(asked - 9.6, 0.5, 2.5))
    give(desk, 1, pcm, launch="bar")
    desk.pull_in_time(desk.playing(1))
    assert asked + desk.wait(Playing).latency == pytest.approx(asked + 0.4, abs=0.01)


def test_a_waiting_take_follows_a_grid_that_moves_and_begins_at_once_without_one(bench: Make) -> None:
    desk = bench()
    desk.wait(DeviceOpened)
    asked = time.monotonic()
    desk.monitor.set_grid(Grid(asked + 30, 60.0, 60.0))
    give(desk, 1, noise(16000), launch="bar")
    desk.pull_in_time(lambda: time.monotonic() > asked + 0.1)
    desk.monitor.set_grid(Grid(asked + 0.5, 60.0, 60.0))
    desk.pull_in_time(desk.playing(1))
    assert desk.wait(Playing).latency == pytest.approx(0.5, abs=0.01)
    desk.monitor.set_grid(Grid(asked + 30, 60.0, 60.0))
    give(desk, 2, noise(16000), launch="bar")
    desk.pull_in_time(lambda: time.monotonic() > asked + 0.7)
    assert not desk.playing(2)()
    desk.monitor.set_grid(None)
    desk.pull_in_time(desk.playing(2))


def test_a_stop_on_the_bar_is_silent_from_the_bar_on(bench: Make) -> None:
    desk = bench()
    desk.wait(DeviceOpened)
    desk.monitor.play(Whole(noise(32000), 32000, loop=True, take_id=1))
    desk.pull_in_time(desk.playing(1))
    bar = time.monotonic() + 0.3
    desk.monitor.set_grid(Grid(bar, 60.0, 60.0))
    desk.monitor.stop(take_id=1, launch="bar")
    desk.pull_in_time(desk.has(Finished(1, False)))
    assert desk.card.clock.heard_at(desk.card.player.position) == pytest.approx(bar, abs=0.05)


@pytest.mark.parametrize("rate", [32000, 48000])
def test_a_lost_device_comes_back_by_name_and_the_take_goes_on_there(bench: Make, rate: int) -> None:
    desk = bench(Card(32000))
    ramp = np.concatenate([np.linspace(0, 0.9, 95_000), np.linspace(0.9, 0, 1000)])
    pcm = ramp.astype(np.float32)[:, None]
    give(desk, 1, pcm)
    desk.pull_until(desk.playing(1))
    before = trimmed(desk.pull_until(lambda: desk.card.player.position > 20_000))[-1, 0]
    desk.card.trouble, desk.card.gone, desk.card.rate = OutputError("still away"), "the stream ended", rate
    desk.wait(DeviceLost)
    desk.card.trouble = None
    desk.wait(DeviceOpened("card", rate))
    heard = trimmed(desk.pull_until(desk.has(Finished(1, True))))
    tail = heard[: np.argmax(heard[:, 0])]
    assert len([e for e in desk.events if isinstance(e, DeviceLost)]) == 1
    assert len([e for e in desk.events if isinstance(e, Playing)]) == 1
    step = int(0.02 * rate)
    assert tail[step, 0] == pytest.approx(before, abs=0.02)
    assert heard[:, 0].max() == pytest.approx(0.9, abs=2e-3)


def test_a_take_does_not_wait_for_ever_for_a_lost_device(bench: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEEP", 0.05)
    card = Card()
    card.trouble = OutputError("nothing here")
    desk = bench(card)
    give(desk, 1, noise(1000))
    desk.wait(Finished(1, False))
    card.trouble = None
    desk.wait(DeviceOpened)
    assert not card.pull(2048).any()


def test_a_portaudio_that_hangs_is_left_to_whoever_replaces_the_process(
    bench: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in {"_IDLE": 0.01, "_KEEP": 0.05, "_HANGS": 0.2}.items():
        monkeypatch.setattr(module, name, seconds)
    desk = bench()
    desk.wait(DeviceOpened)
    assert not desk.monitor.stuck
    monkeypatch.setattr(desk.card, "close", lambda: None)
    desk.card.gone = "the sound server died"
    desk.pull_until(lambda: desk.monitor.stuck)
    assert [e.reason for e in desk.events if isinstance(e, DeviceLost)] == [
        "the sound server died; takes go on, and sound comes back with the device"
    ]


def test_without_portaudio_it_says_so_once_and_ignores_all(bench: Make) -> None:
    card = Card()
    card.trouble = OutputError("no PortAudio; to hear takes: sudo apt install libportaudio2", lasting=True)
    desk = bench(card)
    assert "apt install" in desk.wait(DeviceLost).reason
    give(desk, 1, noise(1000))
    desk.monitor.play(Whole(noise(100), 32000))
    desk.monitor.stop()
    desk.monitor.set_gain_db(-6)
    assert desk.monitor.levels() == (-120.0, -120.0)
    assert (desk.monitor.device_name, desk.monitor.latency, desk.monitor.starved) == ("", 0.0, 0)
    desk.monitor.close()
    assert len(desk.events) == 1
    assert card.opened == 0


def test_moving_to_another_device_carries_the_take_along(bench: Make) -> None:
    desk = bench()
    give(desk, 1, noise(64_000))
    desk.pull_until(desk.playing(1))
    desk.monitor.set_device("headphones")
    desk.wait(DeviceOpened("headphones", 32000))
    desk.pull_until(desk.has(Finished(1, True)))
    assert desk.card.opened == 2


def test_a_loop_plays_until_it_is_stopped(bench: Make) -> None:
    desk = bench()
    pcm = noise(1000)
    desk.monitor.play(Whole(pcm, 32000, loop=True, take_id=4))
    heard = trimmed(desk.pull_until(lambda: desk.card.player.position > 40_000))
    start = int(np.argmax(np.correlate(heard[:, 0], pcm[:, 0], "valid")[:1500]))
    rounds = heard[start : start + 5000, 0]
    assert np.allclose(rounds, np.tile(pcm[:, 0], 5), atol=1e-6)
    desk.monitor.stop()
    desk.pull_until(desk.has(Finished(4, False)))


def test_what_is_not_a_number_is_silence_and_never_reaches_the_speaker(bench: Make) -> None:
    desk = bench()
    pcm = noise(8000)
    pcm[1000:2000] = np.nan
    pcm[3000] = np.inf
    give(desk, 1, pcm)
    heard = desk.pull_until(desk.has(Finished(1, True)))
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() < 1


def test_a_take_that_replaces_itself_finishes_once(bench: Make) -> None:
    desk = bench()
    for _ in range(2):
        desk.monitor.play(Whole(noise(64_000), 32000, take_id=5))
        desk.pull_until(lambda p=desk.card.opened and desk.card.player.position: desk.card.player.position > p + 8000)
    desk.pull_until(desk.has(Finished(5, True)))
    assert [e for e in desk.events if isinstance(e, Finished)] == [Finished(5, True)]


def test_closing_fades_what_plays(bench: Make) -> None:
    desk = bench()
    desk.monitor.play(Whole(np.full((64_000, 1), 0.5, np.float32), 32000))
    desk.pull_until(desk.playing(0))
    closer = threading.Thread(target=desk.monitor.close)
    closer.start()
    heard = trimmed(desk.pull_until(lambda: desk.card.closed))
    closer.join()
    assert np.abs(np.diff(heard[:, 0], append=0)).max() < 0.01
    assert desk.has(Finished(0, False))()


def test_levels_are_in_decibels_after_the_gain(bench: Make) -> None:
    desk = bench()
    desk.monitor.set_gain_db(-6.0)
    desk.wait(DeviceOpened)
    desk.monitor.play(Whole(np.full((64_000, 1), 0.5, np.float32), 32000))
    desk.pull_until(desk.playing(0))
    desk.pull_until(lambda p=desk.card.player.position: desk.card.player.position > p + 2000)
    desk.monitor.levels()
    desk.card.pull()
    assert desk.monitor.levels() == pytest.approx((-12.04, -12.04), abs=0.05)
