"""The count-in that clips begin with and that the checkpoint declares."""

import json

import numpy as np
import pytest

from training.clip import EIGHTHS
from training.count_in import CountIn, count_in_click


@pytest.mark.parametrize("eighth", EIGHTHS)
def test_a_count_in_is_two_beats_with_a_click_on_each(eighth):
    click = CountIn().click(2 * eighth)
    beat = 2 * eighth * 640

    assert click.shape == (2 * beat,)
    for start in (0, beat):
        assert np.abs(click[start : start + 320]).max() > 0.2
        assert np.abs(click[start + beat - 640 : start + beat]).max() < 1e-4


def test_the_second_click_is_lower_than_the_first():
    click = CountIn().click(32)
    peaks = [np.argmax(np.abs(np.fft.rfft(part[:6400]))) * 5 for part in np.split(click, 2)]

    assert peaks == [pytest.approx(1600, abs=10), pytest.approx(1200, abs=10)]


def test_the_product_makes_the_same_count_in_from_the_declaration():
    from audiogen_daemon.models.musicgen.count_in import CountIn as Player
    from audiogen_daemon.models.reading import Reader

    declared = CountIn().declaration()
    player = Player.read(Reader("config.json", json.loads(json.dumps({"count_in": declared}))), 640, 32_000)

    np.testing.assert_array_equal(player.click(26)[:, 0], count_in_click(declared, 26))
