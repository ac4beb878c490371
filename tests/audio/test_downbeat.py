import numpy as np
import pytest

from audiogen_daemon.audio.downbeat import beats_before_one
from tests.audio.rhythms import RATE, drums, marked


@pytest.mark.parametrize(
    ("kicks", "meter", "before"),
    [
        ([1, 0, 0, 0], 4, 0),
        ([0.1, 1, 0.1, 0.1], 4, 1),
        ([0.1, 0.1, 0.1, 1], 4, 3),
        ([0.1, 0.9, 0.1, 1], 4, 1),
        ([0.1, 0.1, 1], 3, 2),
        ([1, 1, 1, 1], 4, 0),
        ([0.5, 1, 0.5, 0.5], 4, 0),
    ],
    ids=["on one", "one early", "three early", "one and three", "in three", "on all", "not clearly"],
)
def test_the_one_is_where_the_low_end_is_in_every_bar(kicks, meter, before):
    assert beats_before_one(marked(kicks, 3), RATE, 0.0, 0.5, meter) == before


def test_half_a_bar_and_what_is_no_bar_of_quarters_is_not_told():
    assert beats_before_one(marked([0.1, 0.1, 1, 0.1], 3), RATE, 0.0, 0.5, 4) == 0
    sound = marked([0.1, 1, 0.1, 0.1], 3)
    assert beats_before_one(sound, RATE, 0.0, 0.5, 3.5) == 0
    assert beats_before_one(sound, RATE, 0.0, 0.5, 1) == 0


def test_one_bar_and_one_bar_that_is_otherwise_tell_nothing():
    sound = marked([0.1, 1, 0.1, 0.1], 4)
    assert beats_before_one(sound[: 7 * RATE // 2], RATE, 0.0, 0.5, 4) == 0
    sound[2 * RATE : 4 * RATE] = marked([1, 0.1, 0.1, 0.1], 1)
    assert beats_before_one(sound, RATE, 0.0, 0.5, 4) == 0


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("cut", [0, 1, 2, 3])
def test_drums_are_never_moved_from_a_stronger_beat_to_a_weaker_one(seed, cut):
    beat = 60 / 110
    sound = drums(110, 17.3 * beat, seed)[round(cut * beat * RATE) :]
    now = (cut + beats_before_one(sound, RATE, 0.0, beat, 4)) % 4
    assert now in ((cut,) if cut in (0, 2) else (cut, 0, 2))


@pytest.mark.parametrize("samples", [0, 1, 100])
def test_scraps_and_silence_tell_nothing(samples):
    assert beats_before_one(np.zeros((samples, 2), np.float32), RATE, 0.0, 0.5, 4) == 0
    assert beats_before_one(np.zeros((8 * RATE, 2), np.float32), RATE, 0.0, 0.5, 4) == 0
