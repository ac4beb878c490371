"""The instrument classifier."""

import numpy as np

from audiogen_daemon.evaluation.timbre import (
    FAMILIES,
    INSTRUMENTS,
    TimbreClassifier,
    fit_classifier,
    load_classifier,
    timbre_features,
)
from tests.evaluation.signals import clicks, notes


def test_the_shipped_classifier_fits_the_features():
    shipped = load_classifier()

    assert shipped.weights.shape == (len(timbre_features(clicks(120, 2))) + 1, len(INSTRUMENTS))
    assert np.isfinite(shipped.weights).all()


def test_the_shipped_classifier_does_not_take_drums_for_held_chords():
    heard = load_classifier().instrument(timbre_features(clicks(125) * 0.3))

    assert FAMILIES[heard] != "sustained"


def test_what_was_learned_is_recognised_and_survives_a_file(tmp_path):
    rng = np.random.default_rng(1)
    sounds = [clicks(rng.uniform(80, 160), 2) for _ in range(8)] + [
        notes(list(rng.integers(55, 75, 4))) for _ in range(8)
    ]
    rows = np.stack([timbre_features(sound) for sound in sounds])
    fit_classifier(rows, ["drums"] * 8 + ["lead"] * 8).save(tmp_path / "timbre.npz")

    kept = load_classifier(tmp_path / "timbre.npz")

    assert isinstance(kept, TimbreClassifier)
    assert [kept.instrument(row) for row in rows] == ["drums"] * 8 + ["lead"] * 8
