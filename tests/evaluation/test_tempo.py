"""The tempo estimate on sounds whose tempo is known."""

import numpy as np
import pytest

from audiogen_daemon.evaluation.tempo import estimate_tempo, tempo_agrees
from tests.evaluation.signals import clicks


@pytest.mark.parametrize("bpm", [62.5, 83.3, 100.0, 125.0, 150.0, 187.5])
def test_a_click_track_has_its_tempo_or_an_octave_of_it(bpm):
    assert tempo_agrees(estimate_tempo(clicks(bpm)), bpm)


@pytest.mark.parametrize(
    ("estimate", "asked", "agrees"),
    [(120, 120, True), (124, 120, True), (126, 120, False), (60, 120, True), (240, 120, True), (90, 120, False)],
)
def test_tempi_agree_within_four_percent_of_an_octave(estimate, asked, agrees):
    assert tempo_agrees(estimate, asked) is agrees


def test_silence_has_some_tempo_and_no_error():
    assert 55 <= estimate_tempo(np.zeros(64_000)) <= 190
