"""What does not loop neither begins nor ends with a click, and keeps everything between."""

from dataclasses import replace

import numpy as np
import pytest

from audiogen_daemon.audio import stems
from audiogen_daemon.audio.edges import FALL, RISE, faded
from tests.audio.test_stems import a_record

RATE = 44100


def humming(seconds: float = 1.0) -> np.ndarray:
    """A sound that is in full swing at both ends."""
    return np.cos(0.05 * np.arange(round(seconds * RATE))).astype(np.float32)[:, None]


def test_the_ends_are_faded_and_all_between_stays():
    sound = humming()
    out = faded(sound, RATE)
    rise, fall = round(RISE * RATE), round(FALL * RATE)
    assert out[0] == 0
    assert abs(out[-1, 0]) < 1e-3
    assert np.array_equal(out[rise:-fall], sound[rise:-fall])
    assert sound[0] == 1, "the sound itself is left alone"


@pytest.mark.parametrize("samples", [0, 1, 2, 50])
def test_a_sound_shorter_than_the_fades_is_faded_all_over(samples):
    out = faded(np.ones((samples, 2), np.float32), RATE)
    assert out.shape == (samples, 2)
    assert np.all(out <= 1)


@pytest.mark.parametrize(("loop", "samples", "fades"), [(0, RATE, True), (1, RATE, False), (1, None, True)])
def test_stems_are_faded_but_for_whole_loops(loop, samples, fades):
    form = stems.StemFormat(rate=RATE, encoding="float32")
    out, _ = stems.render(replace(a_record(), loop=loop), humming(), RATE, form, samples)
    assert (abs(out[0, 0]) < 0.5) == fades
