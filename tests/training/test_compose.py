"""Composed clips: their notes are in the asked key and on the asked grid."""

import math
import random
from dataclasses import replace

import pytest

from training.clip import EIGHTHS, INSTRUMENTS, Spec, draw_spec, nearest_eighth
from training.compose import compose
from training.grooves import GROOVES, draw_hits
from training.harmony import SCALES

SPEC = Spec("keys", "piano", "pop", eighth=12, root=2, mode="dorian", density=1, mood="")


def pitch(hertz: float) -> float:
    return 69 + 12 * math.log2(hertz / 440)


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_every_instrument_plays_from_the_first_bar_line_to_the_end(instrument):
    rng = random.Random(0)
    for _ in range(10):
        spec = draw_spec(rng, instrument)
        rows = [row for rows in compose(spec, rng).values() for row in rows]
        seconds = (600 - spec.count_in_frames) / 50
        assert min(row[0] for row in rows) < 4.1 * 60 / spec.bpm
        assert max(row[0] + row[2] for row in rows) <= seconds + 1e-6
        assert max(row[0] for row in rows) > seconds / 2


@pytest.mark.parametrize("mode", sorted(SCALES))
@pytest.mark.parametrize("root", [0, 5, 11])
def test_chords_and_bass_stay_in_the_key(mode, root):
    for instrument, variant in (
        ("keys", "piano"),
        ("walking bass", "upright"),
        ("bass", "electric"),
        ("lead", "square"),
    ):
        spec = replace(SPEC, instrument=instrument, variant=variant, root=root, mode=mode)
        for row in compose(spec, random.Random(1)).get("harmonic", []):
            degree = (pitch(row[3]) - root) % 12
            assert min(abs((degree - step + 6) % 12 - 6) for step in SCALES[mode]) < 0.25


@pytest.mark.parametrize("genre", sorted(GROOVES))
def test_drums_fall_on_sixteenths_but_for_the_swing(genre):
    swing = GROOVES[genre].swing
    for hit in draw_hits(genre, 1, 4, random.Random(2)):
        step = round(hit.sixteenth - swing) if round(hit.sixteenth, 6) % 1 else round(hit.sixteenth)
        assert hit.sixteenth == pytest.approx(step + (swing if step % 2 else 0.0)), genre


def test_the_same_seed_composes_the_same_clip():
    assert compose(SPEC, random.Random(3)) == compose(SPEC, random.Random(3))


@pytest.mark.parametrize(
    ("bpm", "eighth"), [(60, 25), (120, 13), (125, 12), (187.5, 8), (174, 9), (30, 25), (250, 12), (20, 19), (400, 15)]
)
def test_a_tempo_goes_to_the_nearest_place_of_the_grid(bpm, eighth):
    assert nearest_eighth(bpm) == eighth
    assert eighth in EIGHTHS
