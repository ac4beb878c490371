import sys

import numpy as np
import pytest

from audiogen_daemon.audio import beats
from audiogen_daemon.audio.downbeat import beats_before_one
from audiogen_daemon.audio.finish import Goal, finish
from audiogen_daemon.settings import Settings
from tests.audio.rhythms import RATE, drums, marked, pad


def finished(sound, tempo=120.0, seconds=8.0, loop=True):
    out, findings = finish(sound, RATE, Goal(round(seconds * RATE), tempo, loop))
    return out, dict(findings)


def as_made(loop, findings):
    """Return a loop as it was before it was moved round."""
    return np.roll(loop, round(findings["shift"] * RATE), axis=0)


@pytest.mark.parametrize("loop", [True, False])
@pytest.mark.parametrize("off", [-0.075, -0.03, 0.0, 0.002, 0.04, 0.075])
def test_drums_come_out_at_the_tempo_with_the_first_beat_at_the_start(off, loop):
    for seed in range(3):
        out, findings = finished(drums(120 * (1 + off), 9.0, seed, delay=0.11), loop=loop)
        assert len(out) == 8 * RATE
        assert findings["tempo"] == pytest.approx(120 * (1 + off), rel=0.0025)
        beat = beats.track(out, RATE, 120)
        assert beat.tempo == pytest.approx(120, rel=0.005)
        assert beat.first == pytest.approx(0.0, abs=0.008)


@pytest.mark.parametrize("loop", [0, 1])
@pytest.mark.parametrize(("tempo", "off"), [(90, -0.078), (120, -0.066), (140, -0.04), (174, 0.05)])
def test_what_is_made_beyond_the_end_is_enough_for_a_take_that_is_slow_and_begins_late(tempo, off, loop):
    settings = Settings(bars=3, tempo=tempo, loop=loop)
    sound = drums(tempo * (1 + off), settings.length + settings.overrun, 1, delay=0.9 * 60 / tempo)
    out, findings = finished(sound, tempo, settings.length, bool(loop))
    assert "note" not in findings
    beat = beats.track(out, RATE, tempo)
    assert beat.tempo == pytest.approx(tempo, rel=0.005)
    assert beat.first == pytest.approx(0.0, abs=0.008)


def test_a_first_beat_that_nothing_is_left_behind_of_is_told():
    out, findings = finished(drums(120, 8.1, 1, delay=0.4), loop=False)
    assert len(out) == 8 * RATE
    assert findings["note"] == "too little was made to begin on the first beat, which is 0.40 s in"


@pytest.mark.parametrize("loop", [True, False])
def test_an_upbeat_leaves_the_one_at_the_start(loop):
    bars = marked([0.1, 0.9, 0.1, 0.1], 5)
    out, findings = finish(bars, RATE, Goal(8 * RATE, 120, loop, 4.0))
    assert dict(findings)["shift"] == pytest.approx(0.5, abs=0.02)
    assert beats_before_one(np.concatenate([out, out]), RATE, 0.0, 0.5, 4.0) == 0
    assert np.abs(out[: RATE // 10]).max() > 0.5


def test_a_one_that_nothing_is_left_behind_of_leaves_the_first_beat_at_the_start():
    out, findings = finish(marked([0.1, 0.1, 0.1, 0.9], 5)[: 9 * RATE], RATE, Goal(8 * RATE, 120, False, 4.0))
    assert len(out) == 8 * RATE
    assert dict(findings)["shift"] == 0.0


def test_a_take_in_time_is_not_touched_but_for_its_seam():
    sound = drums(120, 9.0, 5)
    out, findings = finished(sound)
    assert "stretched" not in findings
    assert -0.02 < findings["shift"] < 0.0
    blended = round(findings["seam"] * RATE)
    np.testing.assert_array_equal(as_made(out, findings)[blended:], sound[blended : 8 * RATE])


def test_a_take_in_time_that_does_not_loop_is_not_touched():
    sound = drums(120, 9.0, 5)
    out, findings = finished(sound, loop=False)
    assert findings["shift"] == 0.0
    np.testing.assert_array_equal(out, sound[: 8 * RATE])


@pytest.mark.parametrize("off", [-0.0009, 0.0, 0.0009])
def test_a_loop_begins_before_the_attack_of_the_beat_that_follows_its_end(off):
    for seed in range(5):
        out, findings = finished(drums(120 * (1 + off), 9.0, seed))
        assert "stretched" not in findings
        assert np.abs(out[0] - out[-1]).max() <= np.quantile(np.abs(np.diff(out, axis=0)), 0.99)
        around = np.concatenate([out[-RATE // 5 :], out[: RATE // 5]])
        onsets = beats.find_onsets(around, RATE).times - 0.2
        assert onsets[np.abs(onsets) < 0.03] == pytest.approx([0.008], abs=0.007)


@pytest.mark.parametrize("delay", [0.0, 0.1, 0.1503])
def test_how_far_a_loop_was_moved_round_is_told_to_the_sample(delay):
    sound = drums(120, 9.0, 5, delay=delay)
    out, findings = finished(sound)
    blended = round(findings["seam"] * RATE)
    np.testing.assert_array_equal(as_made(out, findings)[blended:], sound[blended : 8 * RATE])


def test_a_pad_keeps_its_time_and_says_so():
    sound = pad(9, 3)
    out, findings = finished(sound)
    assert findings["confidence"] < beats.SURE
    assert "time is left as it is" in findings["note"]
    assert -0.02 < findings["shift"] < 0.0
    blended = round(findings["seam"] * RATE)
    np.testing.assert_array_equal(as_made(out, findings)[blended:], sound[blended : 8 * RATE])


def test_a_beat_that_is_not_sure_is_told_with_how_sure_it_is_what_was_needed_and_the_cure(monkeypatch):
    monkeypatch.setattr(beats, "track", lambda *heard: beats.Beat(116.46, 0.0, 0.9499))
    assert finished(drums(120, 9.0))[1]["note"] == (
        "116.5 bpm were heard, but that is only 94 % sure, 95 % are needed; time is left as it is; "
        "more bars are heard more surely"
    )


def test_a_tempo_that_is_too_far_off_is_told_with_what_was_allowed():
    note = finished(drums(100, 9.0), tempo=120.0)[1]["note"]
    assert note.startswith("no tempo within 8 % of 120 bpm fits what is heard; time is left as it is")


def test_without_the_library_time_is_left_and_the_cure_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "python_stretch", None)
    out, findings = finished(drums(125, 9.0, 1))
    assert len(out) == 8 * RATE
    assert "make setup EXTRAS=stretch" in findings["note"]
    assert "stretched" not in findings


def test_a_slow_take_with_nothing_to_spare_is_not_squeezed():
    out, findings = finished(drums(114, 8.1, 1))
    assert len(out) == 8 * RATE
    assert findings["note"] == "too little was made to bring it to the tempo"


@pytest.mark.parametrize("samples", [0, 10, RATE, 3 * RATE])
@pytest.mark.parametrize("loop", [True, False])
def test_a_take_that_is_too_short_is_filled_to_its_length(samples, loop):
    out, _ = finish(pad(4)[:samples], RATE, Goal(4 * RATE, 120, loop))
    assert out.shape == (4 * RATE, 1)


def test_a_loop_in_seconds_is_closed_and_nothing_else():
    out, findings = finished(drums(97, 8.6), tempo=0.0)
    assert list(findings) == ["shift", "seam"]
    assert len(out) == 8 * RATE


def test_the_same_take_gives_the_same_stem():
    sound = drums(117, 9.0, 4)
    np.testing.assert_array_equal(finished(sound)[0], finished(sound.copy())[0])
