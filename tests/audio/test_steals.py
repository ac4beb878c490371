"""Takes that are stolen, cancelled and swapped at any moment never make a click."""

import random

import numpy as np
import pytest

from audiogen_daemon.audio.player import Player, Voice, fade_out
from audiogen_daemon.audio.ring import PCM, Ring
from audiogen_daemon.audio.sources import Clip, Loop, Streamed

RATE = 48000
BLOCKS = (64, 256, 512, 1024)


def groove(rng: np.random.Generator, seconds: float) -> PCM:
    """Return kicks with hard attacks, noise on the eighths and a bass note, (samples, 2)."""
    time = np.arange(round(seconds * RATE)) / RATE
    kick = 0.6 * np.exp(-30 * (time % 0.5)) * np.cos(2 * np.pi * 50 * (time % 0.5))
    hats = 0.15 * np.exp(-60 * (time % 0.25)) * rng.uniform(-1, 1, len(time))
    bass = 0.3 * np.sin(2 * np.pi * 55 * time + rng.uniform(0, 6))
    return np.stack([kick + bass + hats, kick - bass - hats], axis=1).astype(np.float32)


def hum(rng: np.random.Generator, seconds: float) -> PCM:
    """Return a loud low note that begins and ends anywhere in its wave, (samples, 1)."""
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.9 * np.sin(2 * np.pi * 60 * time + rng.uniform(0, 6))).astype(np.float32)[:, None]


def streamed(pcm: PCM, take: int = 0) -> Streamed:
    source = Streamed(Ring(len(pcm), pcm.shape[1]), take)
    source.ring.write(pcm)
    source.ended = True
    return source


def play_at_random(clips: list[PCM], seed: int, steals: int) -> tuple[PCM, int]:
    """Steal, cancel and wait at random; return all that came out, (samples, 2), and how often something was stolen."""
    rng = random.Random(seed)
    player, voices, heard, stolen = Player(RATE, 2), [], [], 0
    while stolen < steals:
        voices = [voice for voice in voices if not voice.done]
        choice = rng.random()
        if choice < 0.6:
            clip = rng.choice(clips)
            start = rng.randrange(len(clip) - 960)
            source = (
                Loop(clip, start) if rng.random() < 0.5 else streamed(clip[start : start + rng.randrange(480, 48000)])
            )
            frame = None if rng.random() < 0.5 else player.position + rng.randrange(4800)
            voices.append(Voice(source, frame, replaces=tuple(voices), armed=1))
            player.add(voices[-1])
            stolen += 1
        elif choice < 0.8 and voices:
            frame = None if rng.random() < 0.5 else player.position + rng.randrange(2400)
            player.release(rng.choice(voices), fade_out(round(rng.uniform(0.01, 0.05) * RATE)), frame)
        for _ in range(rng.randrange(8)):
            out = np.zeros((rng.choice(BLOCKS), 2), np.float32)
            player.render(out)
            heard.append(out)
    return np.concatenate(heard), stolen


@pytest.mark.parametrize("seed", [1, 2])
def test_a_thousand_steals_and_cancels_make_no_step_above_the_clips_own(seed: int) -> None:
    rng = np.random.default_rng(seed)
    clips = [groove(rng, 2.0) for _ in range(6)]
    heard, stolen = play_at_random(clips, seed, 1000)
    assert stolen == 1000
    assert np.abs(np.diff(heard, axis=0)).max() <= max(np.abs(np.diff(clip, axis=0)).max() for clip in clips)


def test_a_thousand_steals_of_a_low_note_never_click() -> None:
    rng = np.random.default_rng(3)
    clips = [hum(rng, 2.0) for _ in range(6)]
    heard, _ = play_at_random(clips, 3, 1000)
    step = max(np.abs(np.diff(clip, axis=0)).max() for clip in clips)
    ramp = 0.9 * np.pi / 2 / (0.007 * RATE)  # the steepest fade, at full level
    assert np.abs(np.diff(heard, axis=0)).max() <= np.sqrt(2) * step + 2 * ramp


def render(player: Player, frames: int) -> PCM:
    out = np.zeros((frames, 2), np.float32)
    for start in range(0, frames, 512):
        player.render(out[start : start + 512])
    return out


@pytest.mark.parametrize("beat", [30000, 30001, 30719])
def test_a_loop_takes_over_on_the_beat_with_its_attack_whole(beat: int) -> None:
    rng = np.random.default_rng(4)
    one, two = groove(rng, 2.0), groove(rng, 1.0)
    player = Player(RATE, 2)
    first = Voice(Loop(one, batch=(1, 2)), armed=1)
    player.add(first)
    player.add(Voice(Loop(two, batch=(1, 2)), beat, replaces=(first,), armed=1))
    heard = render(player, beat + len(two))
    assert np.array_equal(heard[beat:], two)
    assert np.abs(np.diff(heard, axis=0)).max() <= max(np.abs(np.diff(clip, axis=0)).max() for clip in (one, two))


@pytest.mark.parametrize("frame", [None, 31000])
def test_loops_of_one_batch_swap_in_phase_and_others_from_their_beginning(frame: int | None) -> None:
    rng = np.random.default_rng(5)
    one, two = groove(rng, 1.0), groove(rng, 1.0)
    for batch in ((1, 2), ()):
        player = Player(RATE, 2)
        first = Voice(Loop(one, batch=batch), armed=1)
        player.add(first)
        render(player, 29696)
        player.add(Voice(Loop(two, batch=batch), frame, replaces=(first,), armed=1))
        heard = render(player, 4800)
        began, settled = (29696, 29696 + 1440) if frame is None else (frame, frame)
        wanted = np.roll(two, (first.first_frame if batch else began) - settled, axis=0)
        assert np.array_equal(heard[settled - 29696 :], wanted[: 29696 + 4800 - settled])
        assert first.done


@pytest.mark.parametrize("frame", [None, 31000])
@pytest.mark.parametrize("streams", [True, False])
def test_a_clip_goes_on_where_another_take_of_its_batch_is(streams: bool, frame: int | None) -> None:
    rng = np.random.default_rng(7)
    one, two = groove(rng, 1.0), groove(rng, 1.0)
    player = Player(RATE, 2)
    first = Voice(streamed(one, take=1) if streams else Clip(one, 1, (1, 2)), armed=1)
    player.add(first)
    heard = [render(player, 29696)]
    player.add(Voice(Clip(two, 2, (1, 2)), frame, replaces=(first,), armed=1))
    heard.append(render(player, 19456))
    pcm, settled = np.concatenate(heard), 29696 + 1440 if frame is None else frame
    began = first.first_frame
    assert np.array_equal(pcm[began : settled - 1440], one[: settled - 1440 - began])
    assert np.array_equal(pcm[settled : began + len(two)], two[settled - began :])
    assert np.abs(np.diff(pcm, axis=0)).max() <= max(np.abs(np.diff(clip, axis=0)).max() for clip in (one, two))
    assert first.done


@pytest.mark.parametrize(
    ("take", "batch", "seconds"),
    [(1, (1, 2), 1.0), (3, (3, 4), 1.0), (2, (), 1.0), (2, (1, 2), 0.5)],
    ids=["the same take", "another request", "alone", "too short to go on"],
)
def test_a_clip_that_cannot_go_on_begins_at_its_beginning(take: int, batch: tuple[int, ...], seconds: float) -> None:
    rng = np.random.default_rng(8)
    one, two = groove(rng, 1.0), groove(rng, seconds)
    player = Player(RATE, 2)
    first = Voice(Clip(one, 1, (1, 2)), armed=1)
    player.add(first)
    render(player, 30208)
    player.add(Voice(Clip(two, take, batch), replaces=(first,), armed=1))
    assert np.array_equal(render(player, 9728)[1440:], two[1440:9728])


def test_a_take_that_is_still_made_takes_over_on_the_beat_within_ten_milliseconds() -> None:
    rng = np.random.default_rng(6)
    one, two = groove(rng, 2.0), groove(rng, 1.0)
    player = Player(RATE, 2)
    first = Voice(Loop(one), armed=1)
    player.add(first)
    player.add(Voice(streamed(two), 30000, replaces=(first,), armed=1))
    heard = render(player, 33000)
    assert np.array_equal(heard[first.first_frame : 30000], one[: 30000 - first.first_frame])
    assert np.array_equal(heard[30480:], two[480:3000])
