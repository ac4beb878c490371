"""Following a style: what audiocraft computes, three ways of guidance, and what cannot be followed."""

from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from audiogen_daemon.models.musicgen.pipeline import load
from audiogen_daemon.models.musicgen.resample import resample
from audiogen_daemon.models.musicgen.style_config import NEW, OLD
from audiogen_daemon.models.pipeline import Request, Sampling
from audiogen_daemon.models.reading import CheckpointError
from audiogen_daemon.models.sampling import guide, guide_doubly
from tests.models.musicgen.playing import WAYS, played, sound
from tests.models.reference.tiny_musicgen import STYLE, changed, write_checkpoint, write_documents
from tests.models.reference.tunes import SEEDS
from tests.models.reference.tunes import sound as wandering

REFERENCE = Path(__file__).parent.parent / "reference"
REQUEST = Request("dusty rhodes loop", seconds=0.5, seed=3, sampling=Sampling(top_k=50))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_checkpoint(tmp_path_factory.mktemp("style"), STYLE, SEEDS["style"])


@pytest.fixture(scope="module")
def style(folder):
    return load(folder, backend=WAYS["folded"])


def test_what_is_heard_equals_audiocraft(style):
    stored = np.load(REFERENCE / "following_style.npz")
    excerpt = style._ahead.excerpt(wandering(4.0))
    samples = mx.array(resample(excerpt, 32_000, 24_000))[None]

    np.testing.assert_allclose(np.array(style._ahead.encoder.features(samples))[0, ::8], stored["features"], atol=1e-4)


def test_the_prefix_equals_audiocraft(style):
    stored = np.load(REFERENCE / "following_style.npz")["prefix"]

    rows = style._ahead(replace(REQUEST, style=wandering(4.0)), None).rows

    assert rows.shape == (2, 15 + 1, 32)
    np.testing.assert_allclose(np.array(rows)[0, :15], stored, atol=1e-4)
    assert np.abs(np.array(rows)[0, 15:]).max() == np.abs(np.array(rows)[1]).max() == 0


def test_the_excerpt_is_the_middle_and_never_random(style):
    long = wandering(9.0)
    mono = long.mean(axis=1, dtype=np.float32)

    np.testing.assert_array_equal(style._ahead.excerpt(long), mono[3 * 32_000 : 6 * 32_000])
    np.testing.assert_array_equal(style._ahead.excerpt(long[: 2 * 32_000]), mono[: 2 * 32_000])


@pytest.mark.parametrize(
    ("change", "ways", "beta"),
    [
        ({}, 3, 5.0),
        ({"beta": 2.0}, 3, 2.0),
        ({"beta": 1.0}, 2, 1.0),
        ({"prompt": ""}, 2, 1.0),
        ({"style": None}, 2, 1.0),
        ({"style": None, "prompt": ""}, 1, 1.0),
    ],
)
def test_guidance_has_as_many_ways_as_there_is_to_compare(style, change, ways, beta):
    request = replace(REQUEST, **{"style": wandering(4.0)} | change)

    prefix = style._ahead(request, style._prompts(request.prompt))

    assert (prefix.rows.shape[0], prefix.beta) == (ways, beta)


def test_the_rows_are_both_then_the_style_alone_then_nothing(style):
    text = style._prompts(REQUEST.prompt)
    both, alone, nothing = np.array(style._ahead(replace(REQUEST, style=wandering(4.0)), text).rows)

    np.testing.assert_array_equal(both[:15], alone[:15])
    np.testing.assert_array_equal(both[15:], np.array(text)[0])
    assert np.abs(alone[15:]).max() == np.abs(nothing).max() == 0


def test_double_guidance_is_the_papers_formula_and_simple_guidance_at_beta_one():
    both, alone, nothing = (mx.random.normal((1, 4, 8), key=mx.random.key(i)) for i in range(3))
    rows = mx.concatenate([both, alone, nothing])

    wanted = nothing + 3.0 * (alone + 5.0 * (both - alone) - nothing)
    np.testing.assert_allclose(np.array(guide_doubly(rows, 3.0, 5.0)), np.array(wanted), atol=1e-5)
    simple = guide(mx.concatenate([both, nothing]), 3.0)
    np.testing.assert_allclose(np.array(guide_doubly(rows, 3.0, 1.0)), np.array(simple), atol=1e-5)


@pytest.mark.parametrize("change", [{"style": None}, {"beta": 1.0}, {"beta": 9.0}, {"prompt": ""}])
def test_style_and_beta_and_prompt_all_count(style, change):
    request = replace(REQUEST, style=wandering(4.0))

    assert not np.array_equal(sound(style.generate(request)), sound(style.generate(replace(request, **change))))


@pytest.mark.parametrize("beta", [1.0, 9.0])
def test_a_jam_follows_beta(style, beta):
    request = replace(REQUEST, style=wandering(4.0))
    plain = sound(played(style.jam(request), 60))
    steered = sound(played(style.jam(request), 60, {20: replace(request, beta=beta)}))

    same = min(len(plain), len(steered))
    differs = np.nonzero(np.abs(plain[:same] - steered[:same]).max(axis=1) > 1e-6)[0]
    assert differs[0] > 10 * 640


def test_compiled_blocks_draw_the_same_take(folder, style):
    request = replace(REQUEST, style=wandering(4.0), seconds=1.0)
    blocks = load(folder, backend=WAYS["compiled"])

    np.testing.assert_allclose(sound(blocks.generate(request)), sound(style.generate(request)), atol=1e-4)


def test_an_old_and_a_new_file_hold_the_same_model(folder, style, tmp_path):
    write_documents(tmp_path, STYLE)
    tensors = load_file(folder / "model.safetensors")
    for old, new in zip(OLD, NEW, strict=True):
        tensors = {name.replace(old, new): tensor for name, tensor in tensors.items()}
    save_file(tensors, tmp_path / "model.safetensors")
    samples = mx.array(resample(style._ahead.excerpt(wandering(4.0)), 32_000, 24_000))[None]

    ours, theirs = (model._ahead.encoder.features(samples) for model in (style, load(tmp_path, backend=WAYS["folded"])))

    np.testing.assert_array_equal(np.array(ours), np.array(theirs))


@pytest.mark.parametrize(("old", "new"), [(32_000, 24_000), (44_100, 32_000), (24_000, 32_000), (32_000, 32_000)])
def test_resampling_keeps_a_tone_in_place(old, new):
    times = np.arange(old) / old
    tone = np.sin(2 * np.pi * 440 * times).astype(np.float32)

    ours = resample(tone, old, new)

    wanted = np.sin(2 * np.pi * 440 * np.arange(new) / new)
    assert len(ours) == new
    np.testing.assert_allclose(ours[500:-500], wanted[500:-500], atol=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"style": wandering(4.0)[:32_000]}, r"style lasts 1 s, allowed is 1\.5 to 600 s; give it more of the sound"),
        ({"style": np.zeros((64_000, 1), np.float32)}, "style is silent"),
        ({"style": np.ones((64_000, 8), np.float32)}, "style has 8 channels"),
        ({"style": np.full((64_000, 1), np.nan, np.float32)}, "style holds NaN"),
        ({"melody": wandering(4.0)}, "melody is given, but this model follows a style; musicgen-melody follows"),
        ({"style": wandering(4.0), "beta": 0.5}, "beta is 0.5, allowed is 1 to 10"),
        ({"style": wandering(4.0), "beta": float("nan")}, "beta is nan"),
    ],
)
def test_a_style_that_cannot_be_followed_is_refused_before_anything_is_made(style, change, message):
    with pytest.raises(ValueError, match=message):
        style.generate(replace(REQUEST, **change))


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("style_encoder.num_attention_heads", 5, "num_attention_heads is 5; supported"),
        ("style_encoder.num_codebooks_used", 5, "num_codebooks_used is 5; supported: 1, 2, 3, 4"),
        ("style_encoder", None, "style_encoder is None, wanted an object"),
        ("feature_extractor.conv_stride", [5, 0], "conv_stride is .* wanted a list of whole numbers above 0"),
        ("feature_extractor.conv_stride", [5, 2], "conv_dim, conv_kernel and conv_stride differ in length"),
        ("feature_extractor.feat_extract_norm", "layer", "feat_extract_norm is 'layer'; supported: 'group'"),
        ("feature_extractor.num_attention_heads", 5, "hidden_size 64 is not a multiple of 5 heads"),
    ],
)
def test_a_wrong_config_is_named_with_key_and_value(folder, tmp_path, path, value, message):
    write_documents(tmp_path, changed(STYLE, path, value))
    (tmp_path / "model.safetensors").symlink_to(folder / "model.safetensors")

    with pytest.raises(CheckpointError, match=message):
        load(tmp_path)
