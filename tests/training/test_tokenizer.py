"""The prompt tokenizer reads what musicians write."""

import numpy as np
import pytest

from training.tokenizer import CAPTION_TOKENS, END, PAD, UNKNOWN, build_tokenizer, caption_ids


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        ("140bpm Techno, in F# minor!", ["140", "bpm", "techno", "in", "f#", "minor"]),
        ("four-to-the-floor 808", ["four", "to", "the", "floor", "808"]),
        ("drum & bass at 174.5 bpm", ["drum", "and", "bass", "at", "174", "bpm"]),
        ("90s R&B", ["90s", "r", "and", "b"]),
        ("a dark pad in A minor", ["a", "dark", "pad", "in", "la", "minor"]),
        ("key of A", ["key", "of", "la"]),
        ("FM bells", ["fm", "bells"]),
    ],
)
def test_prompts_become_whole_words(prompt, words):
    assert build_tokenizer().encode(prompt).tokens == [*words, "</s>"]


@pytest.mark.parametrize("key", ["C#m", "c sharp minor", "C♯ min", "D flat minor", "db minor", "D♭m", "c#  aeolian"])
def test_every_spelling_of_a_key_is_the_same(key):
    assert build_tokenizer().encode(key).tokens == ["c#", "minor", "</s>"]


@pytest.mark.parametrize("prompt", ["", "   ", "🎵🔥", "日本語", "!?…"])
def test_a_prompt_without_words_is_empty(prompt):
    assert build_tokenizer().encode(prompt).ids == [END]


def test_an_unknown_word_is_one_unknown():
    assert build_tokenizer().encode("zorgle").ids == [UNKNOWN, END]


def test_a_long_prompt_is_cut_and_still_ends():
    ids = build_tokenizer().encode("rhodes loop " * 500).ids
    assert (len(ids), ids[-1]) == (64, END)


def test_caption_tables_end_every_row_and_pad_it():
    table = caption_ids(build_tokenizer(), ["", "rhodes loop", "beat " * 100], np.random.default_rng(0))

    assert table.shape == (3, CAPTION_TOKENS)
    for row in table:
        end = int(np.argmax(row == END))
        assert row[end] == END
        assert (row[end + 1 :] == PAD).all()
