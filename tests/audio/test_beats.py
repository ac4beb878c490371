import numpy as np
import pytest

from audiogen_daemon.audio import beats
from tests.audio.rhythms import RATE, drums, pad


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("off", [-0.07, -0.02, 0.0, 0.03, 0.07])
def test_the_tempo_of_drums_is_found_to_a_quarter_per_cent(seed, off):
    asked = 80 + 10 * seed
    beat = beats.track(drums(asked * (1 + off), 8, seed), RATE, asked)
    assert beat.confidence > beats.SURE
    assert beat.tempo == pytest.approx(asked * (1 + off), rel=0.0025)


@pytest.mark.parametrize("delay", [0.0, 0.003, 0.05, 0.2, 0.4])
def test_the_first_beat_is_found_where_it_is_played(delay):
    beat = beats.track(drums(120, 8, 3, delay), RATE, 118)
    assert beat.first == pytest.approx(delay, abs=0.006)


@pytest.mark.parametrize("seed", range(5))
def test_sounds_without_a_beat_are_never_sure(seed):
    noise = 0.1 * np.random.default_rng(seed).standard_normal((8 * RATE, 1)).astype(np.float32)
    for sound in (pad(8, seed), noise):
        beat = beats.track(sound, RATE, 120)
        assert beat is None or beat.confidence < beats.SURE


@pytest.mark.parametrize("other", [0.8, 0.85, 1.2, 1.3])
def test_a_tempo_that_is_quite_another_is_not_forced_onto_the_grid(other):
    for seed in range(4):
        beat = beats.track(drums(120 * other, 8, seed), RATE, 120)
        assert beat.confidence < beats.SURE


@pytest.mark.parametrize(("samples", "level"), [(8 * RATE, 0.0), (0, 0.0), (100, 1.0), (RATE, 0.5)])
def test_silence_and_scraps_have_no_beat(samples, level):
    assert beats.track(np.full((samples, 2), level, np.float32), RATE, 120) is None


def test_stereo_and_other_rates_are_heard_alike():
    mono = drums(100, 6, 1, rate=44100)
    beat = beats.track(np.repeat(mono, 2, axis=1), 44100, 104)
    assert beat.tempo == pytest.approx(100, rel=0.0025)
