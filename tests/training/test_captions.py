"""Captions say what is true of a clip, in words that the tokenizer knows."""

import random
from dataclasses import replace

import pytest

from training.captions import caption, stated_bpm
from training.clip import EIGHTHS, draw_spec, nearest_eighth
from training.tokenizer import UNKNOWN, build_tokenizer

KEYS = ("c", "c#", "d", "eb", "e", "f", "f#", "g", "ab", "la", "bb", "b")


def test_no_caption_holds_a_word_that_the_tokenizer_does_not_know():
    rng, tokenizer = random.Random(0), build_tokenizer()
    for _ in range(500):
        text = caption(draw_spec(rng), rng)
        assert UNKNOWN not in tokenizer.encode(text).ids, text


def test_a_complete_caption_names_tempo_and_key():
    rng, tokenizer = random.Random(1), build_tokenizer()
    for _ in range(300):
        spec = draw_spec(rng, "keys")
        words = tokenizer.encode(caption(spec, rng, complete=True)).tokens
        assert {str(round(spec.bpm)), KEYS[spec.root], spec.mode} <= set(words)


def test_drums_are_never_given_a_key_in_a_complete_caption():
    rng = random.Random(2)
    assert all("minor" not in caption(draw_spec(rng, "drums"), rng, complete=True) for _ in range(200))


@pytest.mark.parametrize("eighth", EIGHTHS)
def test_a_stated_tempo_is_nearest_to_the_clips_own(eighth):
    rng = random.Random(3)
    for _ in range(20):
        spec = replace(draw_spec(rng), eighth=eighth)
        assert nearest_eighth(stated_bpm(spec, rng)) == spec.eighth


def test_the_same_seed_writes_the_same_caption():
    spec = draw_spec(random.Random(4))
    assert caption(spec, random.Random(5)) == caption(spec, random.Random(5))
