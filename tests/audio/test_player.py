"""The player's blocks are the takes, with envelopes that fall on the sample and never on a step."""

import gc
import weakref

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiogen_daemon.audio.player import Player, Voice, fade_out
from audiogen_daemon.audio.ring import Ring
from audiogen_daemon.audio.sources import Loop, Streamed

RATE = 8000
SMOOTH = 0.03  # the largest step between two samples that is no click, for sounds of the kind used here


def tone(samples: int, channels: int = 1, level: float = 0.5) -> np.ndarray:
    wave = level * np.sin(2 * np.pi * 40 * np.arange(samples) / RATE)
    return np.repeat(wave[:, None], channels, axis=1).astype(np.float32)


def streamed(pcm: np.ndarray, ended: bool = True, room: int = 0) -> tuple[Voice, Ring]:
    ring = Ring(max(1, len(pcm) + room), pcm.shape[1])
    ring.write(pcm)
    source = Streamed(ring)
    source.ended = ended
    return Voice(source, armed=1), ring


def render(player: Player, frames: int, block: int = 128) -> np.ndarray:
    out = np.full((frames, player.channels), np.nan, np.float32)
    for start in range(0, frames, block):
        player.render(out[start : start + block])
    return out


def steepest(pcm: np.ndarray) -> float:
    """Return the largest step between two samples, silence before the first."""
    return float(np.abs(np.diff(pcm, axis=0, prepend=0)).max())


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("block", [64, 100, 1024, 5000])
def test_a_take_comes_out_as_it_went_in_whatever_the_block(channels: int, block: int) -> None:
    pcm = tone(3000, channels)
    player = Player(RATE, 2, block=1024)
    voice, _ = streamed(pcm)
    player.add(voice)
    out = render(player, 5000, block)
    assert np.array_equal(out[:3000], np.repeat(pcm, 2, axis=1) if channels == 1 else pcm)
    assert voice.complete
    assert voice.done
    assert not out[3100:].any()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 300), min_size=1, max_size=40), st.integers(0, 2000))
def test_a_scheduled_start_falls_on_its_frame_for_any_blocks(blocks: list[int], frame: int) -> None:
    pcm = tone(500)
    player = Player(RATE, 1)
    voice, _ = streamed(pcm)
    voice.start_frame = frame
    player.add(voice)
    out = np.concatenate([render(player, size, size) for size in blocks] + [render(player, 3000)])
    assert voice.first_frame == frame
    assert np.array_equal(out[frame : frame + 500], pcm)


def test_a_take_that_begins_and_ends_hard_is_kept_whole_and_makes_no_click() -> None:
    pcm = np.full((1000, 1), 0.8, np.float32)
    player = Player(RATE, 1)
    voice, _ = streamed(pcm)
    player.add(voice)
    out = render(player, 2000)
    assert voice.first_frame is not None
    assert np.array_equal(out[voice.first_frame : voice.first_frame + 1000], pcm)
    assert steepest(out) < SMOOTH


def test_a_stop_is_a_smooth_fade_of_the_length_asked_for() -> None:
    player = Player(RATE, 1)
    voice, _ = streamed(np.full((4000, 1), 0.8, np.float32))
    player.add(voice)
    render(player, 1024)
    player.release(voice, fade_out(80))
    out = render(player, 1024)
    assert not out[80:].any()
    assert out[40, 0] == pytest.approx(0.4, abs=0.02)
    assert voice.done
    assert not voice.complete


def test_starvation_fades_out_is_counted_and_goes_on_where_it_was() -> None:
    pcm = tone(3000)
    player = Player(RATE, 1, edge=0.01)
    voice, ring = streamed(pcm[:1000], ended=False, room=2000)
    player.add(voice)
    first = render(player, 2048)
    assert voice.starvations == 1
    assert not first[1001:].any()
    assert player.starved == 2048 - 1000

    ring.write(pcm[1000:])
    assert not render(player, 512).any(), "it waits until it is armed again"
    voice.source.ended = True  # type: ignore[misc]
    voice.armed = voice.starvations + 1
    second = render(player, 2304)
    assert steepest(np.concatenate([first, second])) < SMOOTH
    edge = player.edge
    assert np.allclose(second[edge : 3000 - 1000 + edge], pcm[1000:], atol=1e-6)
    assert voice.complete


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 700), st.integers(0, 900)), min_size=1, max_size=12), st.integers(33, 400))
def test_no_pattern_of_late_audio_makes_a_click(arrivals: list[tuple[int, int]], block: int) -> None:
    pcm = tone(sum(count for count, _ in arrivals))
    player = Player(RATE, 1)
    voice, ring = streamed(pcm[:0], ended=False, room=len(pcm))
    voice.armed = 0
    player.add(voice)
    out, fed = [], 0
    for count, frames in arrivals:
        fed += ring.write(pcm[fed : fed + count])
        if ring.available > player.edge:
            voice.armed = voice.starvations + 1
        out.append(render(player, frames, block))
    voice.source.ended = True  # type: ignore[misc]
    voice.armed = voice.starvations + 1
    out.append(render(player, len(pcm) + 2 * player.edge + block, block))
    assert voice.done
    assert ring.read == len(pcm)
    assert steepest(np.concatenate(out)) < SMOOTH


def test_a_new_take_crosses_over_at_equal_power() -> None:
    rng = np.random.default_rng(0)
    noise = (0.2 * rng.standard_normal((16000, 2, 1))).astype(np.float32)
    player = Player(RATE, 1, crossfade=0.05)
    old, _ = streamed(noise[:, 0])
    new, _ = streamed(noise[:, 1])
    player.add(old)
    render(player, 2048)
    new.replaces = (old,)
    player.add(new)
    out = render(player, 2048)
    middle = out[100:300]
    assert old.done
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.2, rel=0.15)
    assert np.array_equal(out[400:], noise[400:2048, 1])


def test_a_replaced_take_is_not_kept_in_memory() -> None:
    player = Player(RATE, 1)
    old, _ = streamed(tone(4000))
    player.add(old)
    render(player, 512)
    new, _ = streamed(tone(4000))
    new.replaces = (old,)
    player.add(new)
    render(player, 1024)
    remembered = weakref.ref(old)
    del old
    gc.collect()
    assert remembered() is None


def test_loops_repeat_without_a_gap_and_swap_in_phase() -> None:
    a, b = tone(1000), -tone(1000)
    player = Player(RATE, 1)
    first = Voice(Loop(a), armed=1)
    player.add(first)
    assert np.array_equal(render(player, 3100), np.tile(a, (4, 1))[:3100])
    second = Voice(Loop(b, position=3500), start_frame=3500, replaces=(first,), armed=1)
    player.add(second)
    out = render(player, 2000)
    assert np.allclose(out[-500:], np.tile(b, (9, 1))[4600:5100])


def test_gain_moves_in_a_ramp_and_unity_changes_nothing() -> None:
    player = Player(RATE, 1)
    voice, _ = streamed(np.full((4000, 1), 0.5, np.float32))
    player.add(voice)
    render(player, 512)
    player.set_gain(0.25)
    out = render(player, 1024, 64)
    assert np.abs(np.diff(out, axis=0)).max() < SMOOTH
    assert out[-1, 0] == 0.125


def test_peaks_are_those_since_they_were_last_asked_for() -> None:
    player = Player(RATE, 2)
    voice, _ = streamed(np.tile(np.array([[0.5, 0.25]], np.float32), (2000, 1)))
    player.add(voice)
    render(player, 1024)
    assert player.take_peak() == (0.5, 0.25)
    render(player, 3000)
    player.take_peak()
    render(player, 512)
    assert player.take_peak() == (0.0, 0.0)
