"""Melodies: on the grid of the chords, and over the whole scale."""

import math
import random

import pytest

from training.harmony import PROGRESSIONS, SCALES, draw_harmony
from training.melody import draw_phrase, evenness


@pytest.mark.parametrize("mode", sorted(SCALES))
def test_a_phrase_begins_with_the_tonic_and_each_chord_with_one_of_its_notes(mode):
    rng = random.Random(0)
    for chords in PROGRESSIONS[mode]:
        phrase = draw_phrase(chords, 16, 0.25, rng)
        assert len(phrase) == 16
        assert phrase[0] in (0, 7)
        for chord, degree in zip(chords, phrase[::4], strict=True):
            assert (degree - chord) % 7 in (0, 2, 4)
        assert all(-3 <= degree <= 13 for degree in phrase if degree is not None)


def test_even_phrases_are_preferred():
    assert evenness([0, None, 0, 7]) == pytest.approx(0.0)
    assert evenness([0, 1, 2, 3, 4, 5, 6]) == pytest.approx(math.log(7))
    rng = random.Random(1)
    degrees = [
        {degree % 7 for degree in draw_phrase((0, 3, 4, 5), 16, 0.1, rng) if degree is not None} for _ in "x" * 50
    ]
    assert sum(len(found) for found in degrees) / 50 > 6.5


@pytest.mark.parametrize("genre", ["rock", "house"], ids=["triads", "sevenths"])
@pytest.mark.parametrize("mode", sorted(SCALES))
def test_three_chords_tell_a_scale_from_its_neighbours(mode, genre):
    """The scales a fifth up and down each change one note: the chords must hold both of the notes that change."""
    scale = set(SCALES[mode])
    telling = scale - {(step + 7) % 12 for step in scale}, scale - {(step - 7) % 12 for step in scale}
    rng = random.Random(2)
    for _ in range(40):
        harmony = draw_harmony(0, mode, genre, rng)
        heard = {note % 12 for index in range(3) for note in harmony.chord(index, 48)}
        assert all(note & heard for note in telling), harmony
