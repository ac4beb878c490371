"""Key and scale on sounds whose notes are known."""

import numpy as np
import pytest

from audiogen_daemon.evaluation.key import SCALES, best_root, best_scales, chroma
from tests.evaluation.signals import notes

NOTES = [0, 2, 4, 5, 7, 9, 11]


@pytest.mark.parametrize("pitch", [57, 60, 66, 71])
def test_one_note_lights_its_own_pitch_class(pitch):
    assert int(np.argmax(chroma(notes([pitch] * 4)))) == pitch % 12


@pytest.mark.parametrize("root", [0, 3, 7, 10])
@pytest.mark.parametrize("mode", sorted(SCALES))
def test_a_scale_is_found_among_its_transpositions(root, mode):
    played = notes([60 + root + degree for degree in SCALES[mode]])

    assert best_scales(chroma(played))[mode] == root


def test_the_tonic_of_a_cadence_is_found():
    cadence = [62, 62, 66, 69, 67, 71, 74, 69, 73, 76, 62, 66, 69, 62]

    assert best_root(chroma(notes(cadence))) == 2
