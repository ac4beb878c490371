"""A finished loop goes on where the take that is heard ends, on the sample, and in phase when it comes late."""

import time

import numpy as np
import pytest

from audiogen_daemon.audio import monitor as module
from audiogen_daemon.audio.commands import Incoming, Whole
from audiogen_daemon.audio.events import DeviceOpened, Finished
from audiogen_daemon.audio.resample import resample_loop
from tests.audio.card import Card
from tests.audio.test_monitor import Bench

LENGTH = 16000


def tone(samples: int, rate: int = 32000, start: int = 0) -> np.ndarray:
    """Two tones of whole waves per half a second: a piece of that length loops."""
    time = np.arange(start, start + samples) / rate
    return (0.4 * np.sin(2 * np.pi * 16 * time) + 0.2 * np.sin(2 * np.pi * 200 * time)).astype(np.float32)[:, None]


@pytest.fixture(params=[32000, 48000])
def bench(request, monkeypatch):
    card = Card(request.param)
    monkeypatch.setattr(module, "Output", card.open)
    bench = Bench(card)
    with bench.monitor:
        yield bench


def start(bench, loops=True):
    bench.monitor.begin(Incoming(1, 32000, 1, LENGTH, 10.0, time.monotonic()))
    bench.monitor.feed(1, tone(LENGTH))
    bench.monitor.end(1, loops)


def pull(bench, frames: int) -> np.ndarray:
    return bench.pull_until(lambda: bench.card.player.position >= frames)[:, 0]


def aligned(heard: np.ndarray, wanted: np.ndarray) -> int:
    size = 1 << (len(heard) + len(wanted)).bit_length()
    product = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(wanted, size)), size)
    return int(np.argmax(product[: len(heard)]))


def test_the_loop_follows_the_preview_without_a_gap_a_step_or_a_doubled_sample(bench):
    rate = bench.card.rate
    start(bench)
    # The loop comes at another rate than the preview, as stems do.
    bench.monitor.take_over(1, tone(LENGTH * 48000 // 32000, 48000), 48000)
    heard = pull(bench, 3 * rate)
    wanted = np.tile(tone(LENGTH * rate // 32000, rate)[:, 0], 4)
    first = np.flatnonzero(np.abs(heard) > 1e-4)[0]
    begin = first + aligned(heard[first : first + rate // 2], wanted[: rate // 4])
    middle = heard[begin + 2000 : begin + 2 * rate]
    np.testing.assert_allclose(middle, wanted[2000 : 2000 + len(middle)], atol=2e-3)
    assert not [event for event in bench.events if isinstance(event, Finished)]


def test_a_loop_that_comes_after_the_end_begins_at_once_in_phase(bench):
    rate = bench.card.rate
    start(bench)
    before = bench.pull_until(lambda: [e for e in bench.events if isinstance(e, Finished)])[:, 0]
    bench.monitor.take_over(1, tone(LENGTH * rate // 32000, rate), rate)
    after = bench.pull_until(lambda: bench.card.player.position > len(before) + rate)[:, 0]
    heard = np.concatenate([before, after])
    period = LENGTH * rate // 32000
    first = np.flatnonzero(np.abs(before) > 0.05)[0] + period // 4
    late = np.flatnonzero(np.abs(after) > 0.05)[0] + len(before) + period // 4
    turns = -(-(late - first) // period)
    np.testing.assert_allclose(
        heard[first + turns * period : first + turns * period + 1000], heard[first : first + 1000], atol=2e-3
    )


@pytest.mark.parametrize("ending", ["stopped", "replaced", "unknown"])
def test_a_take_that_is_no_longer_wanted_stays_silent(bench, ending):
    start(bench)
    bench.pull_until(lambda: bench.card.player.position > 4000)
    if ending == "stopped":
        bench.monitor.stop()
        bench.pull_until(lambda: [e for e in bench.events if isinstance(e, Finished)])
    elif ending == "replaced":
        bench.monitor.play(Whole(np.zeros((100, 1), np.float32), 32000, take_id=2))
        bench.pull_until(lambda: len([e for e in bench.events if isinstance(e, Finished)]) == 2)
    bench.monitor.take_over(9 if ending == "unknown" else 1, tone(LENGTH), 32000)
    heard = bench.pull_until(lambda: bench.card.player.position > 4 * LENGTH)
    assert np.abs(heard[-256:]).max() == 0.0


def test_the_end_does_not_wait_for_a_loop_for_ever(bench):
    start(bench)
    bench.pull_until(lambda: Finished(1, True) in bench.events)


def test_a_loop_that_plays_goes_on_in_phase_on_another_device(bench):
    start(bench)
    bench.monitor.take_over(1, tone(LENGTH), 32000)
    pull(bench, 2 * bench.card.rate)
    bench.card.gone = "pulled out"
    bench.wait(DeviceOpened, 2)
    heard = bench.pull_until(lambda: bench.card.player.position > bench.card.rate)[:, 0]
    wanted = np.tile(resample_loop(tone(LENGTH), 32000, bench.card.rate)[:, 0], 6)
    piece = heard[bench.card.rate // 2 :][:4000]
    begin = aligned(wanted, piece)
    np.testing.assert_allclose(piece, wanted[begin : begin + len(piece)], atol=5e-3)
