import numpy as np
import pytest

from audiogen_daemon.audio import loops
from tests.audio.rhythms import RATE, drums, pad


def seam_step(loop: np.ndarray) -> float:
    return float(np.abs(loop[0] - loop[-1]).max())


def test_the_end_runs_into_what_followed_it_and_the_rest_is_untouched():
    take = pad(4.5, 1)
    loop, seam = loops.close_loop(take, RATE, 4 * RATE)
    assert len(loop) == 4 * RATE
    np.testing.assert_allclose(loop[0], take[4 * RATE], atol=1e-6)
    blended = round(seam.seconds * RATE)
    np.testing.assert_array_equal(loop[blended:], take[blended : 4 * RATE])


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("make", [pad, lambda s, seed: drums(120, s, seed)])
def test_the_seam_is_no_step_and_no_dip(make, seed):
    loop, _ = loops.close_loop(make(4.6, seed), RATE, 4 * RATE)
    assert seam_step(loop) <= np.quantile(np.abs(np.diff(loop, axis=0)), 0.99)
    around = np.concatenate([loop[-RATE // 20 :], loop[: RATE // 20]])
    frames = np.sqrt(np.mean(around.reshape(-1, 160) ** 2, axis=1))
    own = np.sqrt(np.mean(loop[: len(loop) // 160 * 160].reshape(-1, 160) ** 2, axis=1))
    assert np.quantile(own, 0.001) <= frames.min() * 1.5
    assert frames.max() <= own.max()


def test_a_sound_that_goes_on_alike_is_blended_linearly_and_one_that_does_not_at_equal_power():
    time = np.arange(3 * RATE)[:, None] / RATE
    tone = (0.5 * np.sin(2 * np.pi * 200 * time)).astype(np.float32)
    loop, seam = loops.close_loop(tone, RATE, 2 * RATE)
    assert seam.alike == pytest.approx(1.0, abs=1e-3)
    np.testing.assert_allclose(loop, tone[: 2 * RATE], atol=1e-5)
    noise = np.random.default_rng(0).standard_normal((3 * RATE, 1)).astype(np.float32)
    blend = loops.join(noise[:RATE], noise[RATE : 2 * RATE])
    assert np.std(blend[RATE // 3 : 2 * RATE // 3]) == pytest.approx(1.0, abs=0.05)


def test_the_attack_of_the_first_beat_survives_where_nothing_follows_the_end():
    take = drums(120, 4.5, 2)
    take[4 * RATE :] = 0
    loop, _ = loops.close_loop(take, RATE, 4 * RATE)
    first = slice(0, RATE // 20)
    assert np.mean(loop[first] ** 2) > 0.7 * np.mean(take[first] ** 2)


def test_a_note_at_the_start_is_not_mixed_with_another_that_follows_the_end():
    time = np.arange(RATE // 2)[:, None] / RATE
    notes = [0.5 * np.sin(2 * np.pi * hertz * time) * np.exp(-12 * time) for hertz in (220, 330, 247, 294)]
    take = np.concatenate([*notes, notes[2]]).astype(np.float32)
    loop, seam = loops.close_loop(take, RATE, 2 * RATE)
    assert seam.seconds <= 0.01
    np.testing.assert_array_equal(loop[RATE // 100 :], take[RATE // 100 : 2 * RATE])


@pytest.mark.parametrize("beyond", [0, 1, 100])
def test_with_too_little_beyond_the_end_both_ends_are_silent(beyond):
    loop, seam = loops.close_loop(pad(4)[: 2 * RATE + beyond], RATE, 2 * RATE)
    assert (len(loop), seam.seconds) == (2 * RATE, 0.0)
    assert seam_step(loop) < 0.01


def test_too_short_a_take_is_refused():
    with pytest.raises(ValueError, match="10 samples are too few for a loop of 20"):
        loops.close_loop(np.zeros((10, 1), np.float32), RATE, 20)


def test_a_loop_begins_where_it_is_told_and_stays_whole():
    loop = pad(1)
    np.testing.assert_array_equal(loops.rotate(loop, 100)[0], loop[100])
    np.testing.assert_array_equal(loops.rotate(loops.rotate(loop, 100), -100), loop)


def humming(early: int) -> np.ndarray:
    """A loop that hums, with a loud hit so many samples before its middle."""
    time = np.arange(2 * RATE) / RATE
    hit = np.where(time >= 1 - early / RATE, 0.8 * np.exp(-20 * np.abs(time - 1)), 0)
    return (0.2 * np.sin(2 * np.pi * 150 * time + 1) + hit)[:, None].astype(np.float32)


@pytest.mark.parametrize("early", [0, 120, 320])
def test_a_loop_begins_just_before_the_attack_where_the_sound_is_near_zero(early):
    loop = humming(early)
    start = loops.begin_before(loop, RATE, RATE)
    ahead = (RATE - early - start) / RATE
    assert loops.LATEST - 0.001 <= ahead <= loops.EARLIEST + 0.001
    assert np.abs(loop[start]) < 0.05
    assert np.abs(loop[start] - loop[start - 1]) < 0.01


def test_a_loop_whose_beat_is_its_first_sample_begins_in_its_end():
    loop = np.roll(humming(0), -RATE, axis=0)
    assert -loops.EARLIEST * RATE - 1 <= loops.begin_before(loop, RATE, 0) <= -loops.LATEST * RATE + 1


@pytest.mark.parametrize("samples", [1, 10, 1000])
def test_a_loop_of_few_samples_begins_somewhere(samples):
    loop = pad(1)[:samples]
    assert len(loops.rotate(loop, loops.begin_before(loop, RATE, 0))) == samples
