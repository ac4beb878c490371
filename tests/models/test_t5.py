import numpy as np
import pytest

from audiogen_daemon.models.reading import CheckpointError
from audiogen_daemon.models.t5 import MAX_TOKENS, PromptTokenizer, position_buckets
from tests.models.reference.tiny_musicgen import word_tokenizer


@pytest.fixture
def file(tmp_path):
    word_tokenizer().save(str(tmp_path / "tokenizer.json"))
    return tmp_path / "tokenizer.json"


def test_a_prompt_ends_with_the_closing_token(file):
    assert PromptTokenizer(file, 1)("warm rhodes loop") == [4, 5, 6, 1]


def test_an_empty_prompt_is_the_closing_token(file):
    assert PromptTokenizer(file, 1)("") == [1]


def test_a_long_prompt_is_cut_and_still_closed(file):
    pieces = PromptTokenizer(file, 1)("warm " * 2000)

    assert pieces == [4] * (MAX_TOKENS - 1) + [1]


def test_the_tokenizers_own_limit_is_kept_when_it_is_shorter(file):
    tokenizer = word_tokenizer()
    tokenizer.enable_truncation(8)
    tokenizer.save(str(file))

    assert PromptTokenizer(file, 1)("warm " * 20) == [4] * 7 + [1]


@pytest.mark.parametrize(
    "prompt", ["🎹🎶🎧", "дождь в городе", "\t\n  ", "warm\x00rhodes", "</s> warm </s>", "a" * 10_000]
)
def test_any_text_gives_pieces_with_one_closing_token_at_the_end(file, prompt):
    pieces = PromptTokenizer(file, 1)(prompt)

    assert pieces[-1] == 1
    assert pieces.count(1) == 1


def test_a_missing_or_broken_file_says_what_to_do(tmp_path):
    with pytest.raises(CheckpointError, match=r"tokenizer\.json: missing.*fetch the model again"):
        PromptTokenizer(tmp_path / "tokenizer.json", 1)
    (tmp_path / "tokenizer.json").write_text('{"version": "1.0"')
    with pytest.raises(CheckpointError, match="not a tokenizer"):
        PromptTokenizer(tmp_path / "tokenizer.json", 1)


def test_near_distances_have_a_bias_each_and_far_ones_share_the_last():
    buckets = position_buckets(300, 32, 128)

    np.testing.assert_array_equal(buckets[10, 3:11], [7, 6, 5, 4, 3, 2, 1, 0])
    assert buckets[0, 1] == 17
    assert buckets[0, 299] == 31
    assert buckets[299, 0] == 15
    assert len(np.unique(buckets)) == 32 - 1
