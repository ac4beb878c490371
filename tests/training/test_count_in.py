"""The count-in that clips begin with and that the checkpoint declares."""

import json
import random
from dataclasses import replace

import numpy as np
import pytest

from audiogen_daemon.evaluation.key import best_scales, chroma
from audiogen_daemon.models.keys import Key
from audiogen_daemon.models.musicgen.count_in import CountIn as Player
from audiogen_daemon.models.reading import Reader
from training.clip import EIGHTHS, draw_spec, draw_tuned
from training.count_in import CountIn, count_in_click
from training.harmony import SCALES


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


@pytest.mark.parametrize("eighth", EIGHTHS)
def test_a_key_sounds_under_the_clicks_and_is_silent_at_every_eighth(eighth):
    plain, tuned = CountIn().click(2 * eighth), CountIn().click(2 * eighth, Key(6, "minor"))

    chords = np.stack(np.split(tuned - plain, 4))
    assert np.abs(tuned).max() < 0.75
    assert (np.abs(chords).max(1) > 0.1).all()
    assert np.abs(chords).max() < 0.35
    assert np.abs(chords[:, -64:]).max() < 1e-4


@pytest.mark.parametrize("root", range(12))
@pytest.mark.parametrize("mode", sorted(SCALES))
def test_the_cadence_holds_the_seven_notes_of_its_scale_and_no_other(mode, root):
    cadence = CountIn().declaration()["cadence"]
    notes = {(root + step) % 12 for chord in cadence["chords"][mode] for step in chord}
    sound = CountIn().click(50, Key(root, mode)) - CountIn().click(50)

    assert notes == {(root + step) % 12 for step in SCALES[mode]}
    assert best_scales(chroma(sound.astype(np.float64)))[mode] == root


def test_a_mode_without_a_cadence_leaves_the_clicks_alone():
    np.testing.assert_array_equal(CountIn().click(26, Key(0, "locrian")), CountIn().click(26))


def test_a_declaration_without_a_cadence_gives_the_clicks_bit_by_bit():
    declared = CountIn().declaration()
    del declared["cadence"]

    np.testing.assert_array_equal(count_in_click(declared, 26, Key(0, "minor")), CountIn().click(26))


@pytest.mark.parametrize("key", [None, Key(0, "major"), Key(6, "minor"), Key(11, "dorian"), Key(3, "phrygian")])
@pytest.mark.parametrize("cadence", [True, False])
def test_the_product_makes_the_same_count_in_from_the_declaration(key, cadence):
    declared = CountIn().declaration()
    if not cadence:
        del declared["cadence"]
    player = Player.read(Reader("config.json", json.loads(json.dumps({"count_in": declared}))), 640, 32_000)

    for frames in (16, 26, 50):
        np.testing.assert_array_equal(player.click(frames, key)[:, 0], count_in_click(declared, frames, key))


def test_tuned_clips_are_drawn_after_all_else():
    rng, other = random.Random(4), random.Random(4)
    specs = [draw_spec(rng, name) for name in ("drums", "keys") for _ in range(300)]
    tuned = [draw_tuned(spec, rng) for spec in specs]

    assert specs == [draw_spec(other, name) for name in ("drums", "keys") for _ in range(300)]
    assert [replace(spec, tuned=False) for spec in tuned] == specs
    assert np.mean([spec.tuned for spec in tuned[:300]]) == pytest.approx(0.3, abs=0.1)
    assert np.mean([spec.tuned for spec in tuned[300:]]) == pytest.approx(0.6, abs=0.1)
