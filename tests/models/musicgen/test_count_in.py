from dataclasses import replace

import numpy as np
import pytest

from audiogen_daemon.models.keys import Key
from audiogen_daemon.models.musicgen.cadence import Cadence
from audiogen_daemon.models.musicgen.count_in import CountIn, stated_bpm
from audiogen_daemon.models.reading import CheckpointError, Reader

COUNT_IN = CountIn(
    beats=2,
    frames_per_beat=tuple(range(18, 52, 2)),
    held_back_frames=3,
    frequencies_hz=(1600.0, 1200.0),
    decay_seconds=0.02,
    level=0.35,
    hop=640,
    sample_rate=32_000,
)

CADENCE = {
    "chords": {"major": [[0, 4, 7], [7, 11, 14]]},
    "lowest_root_hz": 220.0,
    "partials": [1.0],
    "attack_seconds": 0.005,
    "level": 0.2,
}


@pytest.mark.parametrize(
    ("prompt", "bpm"),
    [
        ("techno 140 bpm", 140),
        ("140bpm techno", 140),
        ("90.5 BPM boom bap", 90.5),
        ("at 92 beats per minute", 92),
        ("tempo 120 house", 120),
        ("bpm: 77", 77),
        ("60 bpm 180 bpm", 60),
        ("808 drums", None),
        ("1234 bpm", None),
        ("80s synth", None),
        ("", None),
    ],
)
def test_the_first_stated_tempo_of_a_prompt_counts(prompt, bpm):
    assert stated_bpm(prompt) == bpm


@pytest.mark.parametrize(
    ("asked", "given"), [(120, 115.4), (125, 125), (60, 60), (170, 166.7), (250, 125), (400, 100), (20, 78.9), (30, 60)]
)
def test_a_tempo_is_met_by_the_nearest_on_the_grid_or_its_octave(asked, given):
    assert COUNT_IN.bpm(COUNT_IN.nearest(asked)) == pytest.approx(given, abs=0.1)


def test_clicks_begin_on_their_beats_at_the_declared_level():
    click = COUNT_IN.click(25)[:, 0]
    beat = 25 * 640

    assert click.shape == (2 * beat,)
    for start in (0, beat):
        peak = np.abs(click[start : start + 640]).max()
        assert 0.25 < peak <= 0.36
    assert np.abs(click[beat - 640 : beat]).max() < 1e-3


def test_the_first_click_is_higher_than_the_second():
    click = COUNT_IN.click(25)[:, 0]
    beat = 25 * 640
    peaks = [np.abs(np.fft.rfft(click[start : start + 3200])).argmax() * 10 for start in (0, beat)]

    assert peaks == [pytest.approx(1600, abs=20), pytest.approx(1200, abs=20)]


def test_a_genre_gives_the_tempo_that_nothing_else_names():
    count_in = replace(COUNT_IN, default_bpm=100.0, genre_bpm=(("drum and bass", 172.0), ("bass", 90.0)))
    assert count_in.beat_frames(None, "Drum and Bass roller") == count_in.nearest(172)
    assert count_in.beat_frames(None, "walking bass") == count_in.nearest(90)
    assert count_in.beat_frames(None, "drum and bass, 140 bpm") == count_in.nearest(140)
    assert count_in.beat_frames(80.0, "drum and bass, 140 bpm") == count_in.nearest(80)
    assert count_in.beat_frames(None, "a pad") == count_in.nearest(100)


def test_a_key_is_played_under_the_clicks_one_chord_for_each_eighth():
    count_in = replace(COUNT_IN, cadence=Cadence.read(Reader("cadence", CADENCE), 4))
    chords = (count_in.click(20, Key(2, "major")) - COUNT_IN.click(20))[:, 0]
    eighth = 10 * 640

    for index, lowest in enumerate((0, 7)):
        part = chords[index * eighth : (index + 1) * eighth]
        spectrum = np.abs(np.fft.rfft(part, 32_000))
        hertz = 220.0 * 2 ** ((2 + lowest) / 12)
        assert spectrum[: int(hertz * 1.06)].argmax() == pytest.approx(hertz, abs=4)
        assert 0.05 < np.abs(part).max() < 0.2
        assert np.abs(part[-32:]).max() < 1e-4
    assert not chords[2 * eighth :].any()


@pytest.mark.parametrize("key", [None, Key(2, "minor"), Key(2, "locrian")])
def test_without_a_key_that_the_model_knows_the_clicks_are_alone(key):
    count_in = replace(COUNT_IN, cadence=Cadence.read(Reader("cadence", CADENCE), 4))

    assert count_in.playable(key) is None
    np.testing.assert_array_equal(count_in.click(20, key), COUNT_IN.click(20))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"chords": []}, "chords is [], wanted an object"),
        ({"chords": {"major": [0, 4, 7]}}, "chords of major are [0, 4, 7], wanted 1 to 4 lists of whole numbers"),
        ({"chords": {"minor": [[0]] * 5}}, "chords of minor are"),
        ({"chords": {"minor": [[]]}}, "whole numbers from 0 to 24"),
        ({"chords": {"minor": [[0, 25]]}}, "whole numbers from 0 to 24"),
        ({"lowest_root_hz": None}, "lowest_root_hz is None, wanted a number above 0"),
        ({"partials": [1.0, 0.0]}, "partials is [1.0, 0.0], wanted a list of numbers above 0"),
        ({"attack_seconds": 0}, "attack_seconds is 0, wanted a number above 0"),
        ({"level": 1.5}, "level is 1.5, wanted a number above 0 and at most 1"),
        ({"level": True}, "level is True, wanted a number above 0"),
    ],
)
def test_a_cadence_that_makes_no_sense_is_named(change, message):
    count_in = {"beats": 2, "frames_per_beat": [20], "held_back_frames": 3, "frequencies_hz": [1600.0]}
    declared = {"count_in": count_in | {"cadence": CADENCE | change}}

    with pytest.raises(CheckpointError) as caught:
        CountIn.read(Reader("config.json", declared), 640, 32_000)

    assert message in str(caught.value)
    assert "count_in: cadence" in str(caught.value)
