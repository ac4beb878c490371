"""Scores over prompts, and the evaluation of a model."""

import json
import math

import numpy as np
import pytest

from audiogen_daemon.evaluation import evaluate
from audiogen_daemon.evaluation.prompts import Prompt, load_prompts
from audiogen_daemon.evaluation.report import Heard, hear, report, score
from audiogen_daemon.evaluation.timbre import INSTRUMENTS, load_classifier
from tests.evaluation.signals import clicks

DRUMS = Prompt("techno beat 125 bpm", "drums", 125.0, 0, "minor")
BASS = Prompt("bassline 100 bpm in d minor", "bass", 100.0, 2, "minor")
PAD = Prompt("pad 60 bpm in c major", "pad", 60.0, 0, "major")


def heard(tempo: float, root: int, instrument: str) -> Heard:
    return Heard(tempo, root, {"major": root, "minor": root, "dorian": root}, instrument)


def test_tempo_counts_on_rhythmic_and_key_on_pitched_prompts():
    result = score([heard(125, 5, "drums"), heard(50, 2, "bass"), heard(90, 1, "strings")], [DRUMS, BASS, PAD])

    assert (result.tempo, result.rhythmic_prompts) == (1.0, 2)
    assert (result.root, result.scale, result.pitched_prompts) == (0.5, 0.5, 2)
    assert result.family == 1.0
    assert result.instrument == pytest.approx(2 / 3)


def test_a_share_over_no_prompts_is_not_a_number():
    assert math.isnan(score([heard(125, 0, "drums")], [DRUMS]).scale)


def test_shuffled_prompts_swap_tempo_and_key_within_an_instrument():
    other = Prompt("bassline 140 bpm in g minor", "bass", 140.0, 7, "minor")

    result = report([heard(100, 2, "bass"), heard(140, 7, "bass")], [BASS, other])

    assert (result.score.tempo, result.score.scale) == (1.0, 1.0)
    assert (result.shuffled.tempo, result.shuffled.scale) == (0.0, 0.0)


def test_the_prompt_set_asks_for_every_instrument_in_every_dozen():
    prompts = load_prompts()

    assert len(prompts) == 240
    assert sorted(p.instrument for p in prompts[-12:]) == sorted(INSTRUMENTS)
    assert all(60 <= p.bpm <= 187.5 and str(round(p.bpm)) in p.text for p in prompts)


@pytest.mark.parametrize("count", [0, 241])
def test_a_count_outside_the_prompt_set_is_refused(count):
    with pytest.raises(ValueError, match="1 to 240"):
        load_prompts(count)


def test_a_model_is_asked_for_each_prompt_with_its_own_seed():
    asked = []

    def generate(text: str, bpm: float | None, seed: int) -> np.ndarray:
        asked.append((text, bpm, seed))
        return clicks(bpm or 120, 6).astype(np.float32)[:, None]

    told = []
    result = evaluate(generate, [DRUMS, BASS], seed=5, progress=lambda done, total: told.append((done, total)))

    assert asked == [(DRUMS.text, 125.0, 5), (BASS.text, 100.0, 6)]
    assert told == [(1, 2), (2, 2)]
    assert result.score.tempo == 1.0
    assert json.loads(json.dumps(result.as_json()))["score"]["prompts"] == 2
    assert "shuffled" in result.table()


def test_a_clip_under_a_second_is_refused():
    with pytest.raises(ValueError, match="too short"):
        hear(np.zeros(31_999, np.float32), load_classifier())
