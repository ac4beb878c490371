from collections.abc import Iterator
from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models.backend import CPU, CUDA, Backend
from audiogen_daemon.models.bits import PRESETS
from audiogen_daemon.models.keys import Key
from audiogen_daemon.models.musicgen import pipeline as module
from audiogen_daemon.models.musicgen.pipeline import MusicGen, load
from audiogen_daemon.models.pipeline import Audio, Progress, Request, Sampling
from audiogen_daemon.models.reading import CheckpointError
from tests.models.reference.tiny_musicgen import MONO, SHAPES, changed, write_checkpoint

REQUEST = Request("dusty rhodes loop", seconds=1.0, seed=3, sampling=Sampling(top_k=50))
BLOCKS = Backend("cpu", "float32", steps_per_graph=4, fold_text=False)
COUNT_IN = {
    "beats": 2,
    "frames_per_beat": [10, 20, 25],
    "held_back_frames": 3,
    "frequencies_hz": [1600.0, 1200.0],
    "decay_seconds": 0.02,
    "level": 0.35,
}
CADENCE = {
    "chords": {"major": [[0, 4, 7], [7, 11, 14]], "minor": [[0, 3, 7], [7, 10, 14]]},
    "lowest_root_hz": 261.6256,
    "partials": [1.0, 0.3],
    "attack_seconds": 0.005,
    "level": 0.35,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_checkpoint(tmp_path_factory.mktemp("mono"), MONO)


@pytest.fixture(scope="module")
def mono(folder) -> MusicGen:
    return load(folder, backend=CPU)


@pytest.fixture(scope="module")
def stereo(tmp_path_factory) -> MusicGen:
    return load(write_checkpoint(tmp_path_factory.mktemp("stereo"), SHAPES["stereo"]), backend=CPU)


@pytest.fixture(scope="module")
def counted(tmp_path_factory) -> MusicGen:
    config = changed(MONO, "audiogen", {"count_in": COUNT_IN})
    return load(write_checkpoint(tmp_path_factory.mktemp("counted"), config), backend=CPU)


@pytest.fixture(scope="module")
def tuned(tmp_path_factory) -> MusicGen:
    config = changed(MONO, "audiogen", {"count_in": COUNT_IN | {"cadence": CADENCE}})
    return load(write_checkpoint(tmp_path_factory.mktemp("tuned"), config), backend=CPU)


def sound(items: Iterator[Progress | Audio]) -> np.ndarray:
    return np.concatenate([item.pcm for item in items if isinstance(item, Audio)])


@pytest.mark.parametrize("seconds", [1 / 32_000, 0.01, 0.02, 0.5, 0.73123, 1.0])
def test_a_take_has_exactly_the_length_asked_for(mono, seconds):
    pcm = sound(mono.generate(replace(REQUEST, seconds=seconds)))

    assert pcm.shape == (round(seconds * 32_000), 1)
    assert pcm.dtype == np.float32


def test_the_same_request_gives_the_same_take(mono):
    np.testing.assert_array_equal(sound(mono.generate(REQUEST)), sound(mono.generate(REQUEST)))


@pytest.mark.parametrize("change", [{"seed": 4}, {"seed": 0}, {"prompt": "dark techno"}, {"prompt": ""}])
def test_another_seed_or_prompt_gives_another_take(mono, change):
    assert not np.array_equal(sound(mono.generate(replace(REQUEST, **change))), sound(mono.generate(REQUEST)))


def test_seed_zero_and_guidance_zero_are_values_like_any_other(mono):
    unguided = replace(REQUEST, seed=0, sampling=Sampling(guidance=0.0))

    assert not np.array_equal(sound(mono.generate(unguided)), sound(mono.generate(replace(REQUEST, seed=0))))


def test_the_sound_is_the_codecs_decoding_of_the_tokens(mono):
    heard: list[np.ndarray] = []
    spied = MusicGen(mono.config, mono._prompts, lambda score: _keep(mono._player(score), heard), mono._codec)
    pcm = sound(spied.generate(REQUEST))

    columns = np.concatenate([np.full((1, 4), 64), *heard])
    codes = np.stack([columns[1 + k : 51 + k, k] for k in range(4)], axis=1)
    whole = np.array(mono._codec.decode(mx.array(codes[None].astype(np.int32))))[0]
    np.testing.assert_allclose(pcm, whole, atol=1e-5)


def _keep(items, kept):
    for item in items:
        kept.append(item[:, 0])
        yield item


@pytest.mark.parametrize("sizes", [(1,), (3, 50), (7, 2), (1000,)])
def test_chunk_sizes_change_nothing_that_is_heard(mono, monkeypatch, sizes):
    usual = sound(mono.generate(REQUEST))
    monkeypatch.setattr(module, "CHUNK_FRAMES", sizes)

    np.testing.assert_allclose(sound(mono.generate(REQUEST)), usual, atol=1e-5)


def test_sound_comes_long_before_the_take_is_complete(mono):
    for item in mono.generate(replace(REQUEST, seconds=4.0)):
        if isinstance(item, Audio):
            break
        last = item

    assert last.step <= 16
    assert last.steps == 203


def test_progress_counts_every_step_and_ends_at_the_last(mono):
    steps = [item for item in mono.generate(REQUEST) if isinstance(item, Progress)]

    assert [item.step for item in steps] == list(range(1, 54))
    assert {item.steps for item in steps} == {53}


def test_closing_a_take_ends_it_and_the_next_is_unharmed(mono):
    take = mono.generate(REQUEST)
    next(take)
    take.close()

    assert list(take) == []
    np.testing.assert_array_equal(sound(mono.generate(REQUEST)), sound(mono.generate(REQUEST)))


def test_takes_that_run_side_by_side_do_not_touch_each_other(mono):
    first, second = mono.generate(REQUEST), mono.generate(replace(REQUEST, seed=9))
    mixed: tuple[list, list] = ([], [])
    for a, b in zip(first, second, strict=True):
        mixed[0].append(a)
        mixed[1].append(b)

    np.testing.assert_array_equal(sound(iter(mixed[0])), sound(mono.generate(REQUEST)))
    np.testing.assert_array_equal(sound(iter(mixed[1])), sound(mono.generate(replace(REQUEST, seed=9))))


def test_compiled_blocks_draw_the_same_take(folder, mono):
    blocks = load(folder, backend=BLOCKS)
    wanted = sound(mono.generate(replace(REQUEST, seconds=6.0)))  # past the first bucket of the caches

    np.testing.assert_allclose(sound(blocks.generate(replace(REQUEST, seconds=6.0))), wanted, atol=1e-4)
    assert CUDA.steps_per_graph > 0


def test_stereo_gives_two_different_channels(stereo):
    pcm = sound(stereo.generate(REQUEST))

    assert pcm.shape == (32_000, 2)
    assert np.abs(pcm[:, 0] - pcm[:, 1]).max() > 1e-3


def test_left_and_right_are_the_even_and_odd_codebooks(stereo):
    left, right = np.random.RandomState(0).uniform(-0.5, 0.5, (2, 6400)).astype(np.float32)
    tokens = stereo._openings.encode(np.stack([left, right], axis=1))

    for side, pcm in enumerate((left, right)):
        codes = np.array(stereo._codec.encode(mx.array(pcm[None, :, None])))[0]
        np.testing.assert_array_equal(tokens[:, side::2], codes)


@pytest.mark.parametrize("kind", ["mono", "stereo"])
def test_a_continuation_begins_where_the_sound_ended(request, kind):
    model = request.getfixturevalue(kind)
    first = sound(model.generate(replace(REQUEST, seconds=1.501)))

    more = sound(model.generate(replace(REQUEST, continues=first, seconds=0.5)))

    assert more.shape == (16_000, model.channels)
    assert not np.array_equal(more, sound(model.generate(replace(REQUEST, seconds=0.5))))


def test_a_continuation_hears_what_it_continues(mono):
    quiet = np.zeros((48_000, 1), np.float32)
    loud = np.random.RandomState(0).uniform(-1, 1, (48_000, 1)).astype(np.float32)
    after = [sound(mono.generate(replace(REQUEST, continues=pcm))) for pcm in (quiet, loud)]

    assert not np.array_equal(*after)


def test_a_long_past_is_heard_from_its_end(mono):
    past = np.random.RandomState(0).uniform(-1, 1, (20 * 32_000, 1)).astype(np.float32)

    whole = sound(mono.generate(replace(REQUEST, continues=past, seconds=0.2)))
    end = sound(mono.generate(replace(REQUEST, continues=past[-12 * 32_000 :], seconds=0.2)))

    np.testing.assert_array_equal(whole, end)


def test_a_count_in_is_heard_by_the_model_and_not_by_the_musician(counted):
    slow = sound(counted.generate(replace(REQUEST, tempo=120.0)))
    fast = sound(counted.generate(replace(REQUEST, tempo=300.0)))

    assert slow.shape == fast.shape == (32_000, 1)
    assert not np.array_equal(slow, fast)


def test_the_tempo_comes_from_the_request_then_the_prompt_then_the_default(counted, mono):
    assert counted.tempo(replace(REQUEST, tempo=150.0, prompt="90 bpm")) == 150.0
    assert counted.tempo(replace(REQUEST, prompt="loop 145 bpm")) == 150.0
    assert counted.tempo(REQUEST) == 120.0
    assert mono.tempo(replace(REQUEST, tempo=150.0)) is None


def test_a_key_that_the_prompt_names_is_heard_in_the_opening(tuned, counted):
    minor, clicks = replace(REQUEST, prompt="dusty rhodes in F# minor"), replace(REQUEST, prompt="dusty rhodes")
    opening = tuned._openings(minor, 50)
    beat = tuned.config.count_in.nearest(120.0)
    sound = tuned.config.count_in.click(beat, Key(6, "minor"))

    np.testing.assert_array_equal(opening.tokens, tuned._openings.encode(sound)[:-3])
    np.testing.assert_array_equal(opening.tokens, tuned._openings(replace(minor, prompt="gb aeolian"), 50).tokens)
    assert not np.array_equal(opening.tokens, tuned._openings(replace(minor, prompt="in G minor"), 50).tokens)
    for plain in ("dusty rhodes", "in f# lydian"):
        np.testing.assert_array_equal(
            tuned._openings(replace(minor, prompt=plain), 50).tokens, counted._openings(clicks, 50).tokens
        )


def test_a_model_without_a_cadence_hears_clicks_whatever_the_key(counted):
    tokens = [counted._openings(replace(REQUEST, prompt=text), 50).tokens for text in ("rhodes", "rhodes in C minor")]

    np.testing.assert_array_equal(*tokens)


def test_the_count_in_leaves_less_of_the_trained_length(counted, mono):
    assert mono.max_seconds == 30.0
    assert counted.max_seconds == 29.0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seconds": 600.5}, "seconds is 600.5, allowed is"),
        ({"seconds": 1e9}, "ask for less, then continue"),
        ({"seconds": 0.0}, "seconds is 0.0"),
        ({"seconds": float("nan")}, "seconds is nan"),
        ({"seed": -1}, "seed is -1, allowed is 0 to"),
        ({"seed": 2**32}, "seed is 4294967296"),
        ({"sampling": Sampling(temperature=0.0)}, "temperature is 0.0, allowed is 0.01 to 10"),
        ({"sampling": Sampling(temperature=float("nan"))}, "temperature is nan"),
        ({"sampling": Sampling(top_k=-1)}, "top_k is -1, allowed is at least 0"),
        ({"sampling": Sampling(top_p=1.5)}, "top_p is 1.5, allowed is 0 to 1"),
        ({"sampling": Sampling(guidance=-1.0)}, "guidance is -1.0"),
        ({"tempo": 0.0}, "tempo is 0.0"),
        ({"continues": np.zeros((32_000,), np.float32)}, r"continues is \(32000,\), wanted \(samples, 1\)"),
        ({"continues": np.zeros((32_000, 2), np.float32)}, r"continues is \(32000, 2\), wanted \(samples, 1\)"),
        ({"continues": np.zeros((10, 1), np.float32)}, "wanted is at least 1 s"),
        ({"continues": np.full((32_000, 1), np.nan, np.float32)}, "NaN or infinite samples"),
        ({"variations": 9}, "variations is 9, allowed is 1 to 8"),
        ({"morph": (("dark", float("nan")), ("warm", 1.0))}, "morph gives 'dark' the weight nan"),
    ],
)
def test_a_request_outside_what_the_model_can_do_is_refused_at_once(mono, change, message):
    with pytest.raises(ValueError, match=message):
        mono.generate(replace(REQUEST, **change))


@pytest.mark.parametrize("prompt", ["warm " * 400, "🎹🥁", "дождь", "60 bpm 180 bpm", "\x00\n\t", "</s>"])
def test_any_prompt_gives_sound(mono, prompt):
    pcm = sound(mono.generate(replace(REQUEST, prompt=prompt, seconds=0.1)))

    assert np.isfinite(pcm).all()


@pytest.mark.parametrize(
    ("dtype", "bits"), [("float16", "off"), ("bfloat16", "off"), ("float32", "quality"), ("float32", "speed")]
)
def test_other_precisions_play_too(folder, dtype, bits):
    pcm = sound(load(folder, dtype=dtype, bits=PRESETS[bits]).generate(replace(REQUEST, seconds=0.1)))

    assert pcm.shape == (3_200, 1)
    assert np.isfinite(pcm).all()


def test_a_checkpoint_whose_config_promises_other_shapes_is_refused(tmp_path):
    import json

    folder = write_checkpoint(tmp_path, MONO)
    (folder / "config.json").write_text(json.dumps(changed(MONO, "decoder.ffn_dim", 64)))

    with pytest.raises(CheckpointError, match=r"fc1\.weight has shape \[128, 32\], wanted \[64, 32\]"):
        load(folder)
