"""The decoder and the text encoder compute what transformers computes; see tests/models/reference/make_musicgen.py."""

from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models.layers.linear import Dense
from audiogen_daemon.models.musicgen.blocks import BlockPlayer
from audiogen_daemon.models.musicgen.cache import ExactSlots, start_caches
from audiogen_daemon.models.musicgen.conditioning import project
from audiogen_daemon.models.musicgen.conditions import Conditions
from audiogen_daemon.models.musicgen.config import read_config
from audiogen_daemon.models.musicgen.delay import codebook_delays, delay, undelay
from audiogen_daemon.models.musicgen.lm import Decoder
from audiogen_daemon.models.musicgen.score import Score
from audiogen_daemon.models.musicgen.steps import StepPlayer
from audiogen_daemon.models.musicgen.text import fold_text, text_keys
from audiogen_daemon.models.pipeline import Sampling
from audiogen_daemon.models.sampling import guide
from audiogen_daemon.models.t5 import T5Encoder
from audiogen_daemon.models.weights import Tensors, open_folder
from tests.models.reference.tiny_musicgen import SHAPES, write_checkpoint, write_sharded

REFERENCE = Path(__file__).parent.parent / "reference"
PROMPTS = [[5, 9, 13, 2, 6, 1], [7, 4, 1]]
GUIDANCE = 3.0


class Loaded:
    """A tiny checkpoint in parts, with what the reference computed for it."""

    def __init__(self, name: str, folder: Path) -> None:
        self.reference = np.load(REFERENCE / f"musicgen_{name}.npz")
        opened = open_folder(write_checkpoint(folder, SHAPES[name], int(self.reference["seed"])))
        self.config = read_config(opened)
        tensors = Tensors(opened)
        self.encoder = T5Encoder(tensors, self.config.text, mx.float32)
        self.decoder = Decoder(tensors, self.config.decoder, mx.float32)
        self.projection = Dense(
            tensors.take("enc_to_dec_proj.weight", mx.float32).T, tensors.take("enc_to_dec_proj.bias", mx.float32)
        )

    def text(self, prompt: list[int]) -> mx.array:
        return self.projection(self.encoder(mx.array([prompt])))


@pytest.fixture(scope="module", params=list(SHAPES))
def loaded(request, tmp_path_factory):
    return Loaded(request.param, tmp_path_factory.mktemp(request.param))


def test_text_encoder_equals_reference_alone_and_in_a_padded_batch(loaded):
    lengths = [len(prompt) for prompt in PROMPTS]
    batch = np.zeros((len(PROMPTS), max(lengths)), np.int32)
    for row, prompt in zip(batch, PROMPTS, strict=True):
        row[: len(prompt)] = prompt
    together = np.array(loaded.encoder(mx.array(batch), mx.array(lengths)))

    for row, prompt in enumerate(PROMPTS):
        wanted = loaded.reference["text"][row, : len(prompt)]
        np.testing.assert_allclose(np.array(loaded.encoder(mx.array([prompt])))[0], wanted, atol=1e-5)
        np.testing.assert_allclose(together[row, : len(prompt)], wanted, atol=1e-5)


@pytest.mark.parametrize("fold", [False, True])
def test_guided_logits_equal_reference_over_a_rollout(loaded, fold):
    config, layers = loaded.config.decoder, loaded.decoder.layers
    columns, text = mx.array(loaded.reference["columns"][:1]), loaded.text(PROMPTS[0])
    if fold:
        texts = [fold_text(x.cross, text, config.heads, 1) for x in layers]
    else:
        texts = [text_keys(x.cross, text, config.heads, 1, None) for x in layers]

    got = rollout(loaded.decoder, mx.tile(columns, (2, 1, 1)), texts)

    np.testing.assert_allclose(got[0], loaded.reference["logits"][0], atol=1e-4)


def test_guided_logits_of_a_batch_of_padded_prompts_equal_reference(loaded):
    columns, lengths = mx.array(loaded.reference["columns"]), mx.array([len(prompt) for prompt in PROMPTS])
    text = project(loaded.projection, mx.array(loaded.reference["text"]), lengths)
    heads = loaded.config.decoder.heads
    texts = [text_keys(x.cross, text, heads, 2, lengths) for x in loaded.decoder.layers]

    got = rollout(loaded.decoder, mx.tile(columns, (2, 1, 1)), texts)

    np.testing.assert_allclose(got, loaded.reference["logits"], atol=1e-4)


def test_reading_many_columns_at_once_equals_reading_them_one_by_one(loaded):
    config, columns = loaded.config.decoder, mx.array(loaded.reference["columns"])
    caches = start_caches(config.layers, 2, config.heads, config.head_dim, 64, mx.float32)
    _, caches = loaded.decoder(columns[:, :40], caches, ExactSlots(0), ())
    at_once, _ = loaded.decoder(columns[:, 40:], caches, ExactSlots(40), ())

    one_by_one = rollout_rows(loaded.decoder, columns, ())[:, -1]

    np.testing.assert_allclose(np.array(at_once), one_by_one, atol=1e-4)


@pytest.mark.parametrize("way", ["plain", "folded", "compiled"])
def test_greedy_tokens_equal_reference_for_100_frames(loaded, way):
    config = loaded.config.decoder
    delays = codebook_delays(config.codebooks, config.channels)
    wanted = loaded.reference["greedy"]
    grid = delay(np.zeros((0, config.codebooks), np.int32), len(wanted), delays, config.special_token)
    score = Score(grid, (0,), Conditions((loaded.text(PROMPTS[0]),), Sampling(top_k=1, guidance=GUIDANCE)))
    if way == "compiled":
        drawn = list(BlockPlayer(loaded.decoder, steps=3)(score))
    else:
        drawn = list(StepPlayer(loaded.decoder, fold=way == "folded")(score))

    columns = np.concatenate([grid[None, :1], *[block.transpose(1, 0, 2) for block in drawn]], axis=1)[0]

    np.testing.assert_array_equal(undelay(columns, delays, 0, len(wanted)), wanted)


def test_sharded_files_of_2023_hold_the_same_model(tmp_path):
    single = open_folder(write_checkpoint(tmp_path / "single", SHAPES["mono"], modern=True))
    sharded = open_folder(write_sharded(tmp_path / "sharded", SHAPES["mono"]))

    assert len({info.file for info in sharded.tensors.values()}) == 3
    first, second = Tensors(single), Tensors(sharded)
    for name in ("decoder.lm_heads.3.weight", "text_encoder.shared.weight"):
        np.testing.assert_array_equal(np.array(first.take(name, mx.float32)), np.array(second.take(name, mx.float32)))


def rollout(decoder, columns, texts) -> np.ndarray:
    """Guided logits after each column: (B, T, K, V)."""
    rows = rollout_rows(decoder, columns, texts)
    return np.stack([np.array(guide(mx.array(rows[:, t]), GUIDANCE)) for t in range(rows.shape[1])], axis=1)


def rollout_rows(decoder, columns, texts) -> np.ndarray:
    config = decoder.config
    rows, length, _ = columns.shape
    caches = start_caches(config.layers, rows, config.heads, config.head_dim, length, mx.float32)
    steps = []
    for t in range(length):
        logits, caches = decoder(columns[:, t : t + 1], caches, ExactSlots(t), texts)
        steps.append(np.array(logits))
    return np.stack(steps, axis=1)
