"""Following a melody: what transformers computes, what a tune is heard as, and what cannot be followed."""

from dataclasses import replace
from pathlib import Path

import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models.musicgen.cache import ExactSlots, start_caches
from audiogen_daemon.models.musicgen.chroma import HOP, chroma
from audiogen_daemon.models.musicgen.delay import undelay
from audiogen_daemon.models.musicgen.prefix import in_front
from audiogen_daemon.models.pipeline import Request, Sampling
from audiogen_daemon.models.reading import CheckpointError
from audiogen_daemon.models.sampling import guide
from tests.models.musicgen.playing import WAYS, sound, spied, tiny
from tests.models.reference.tiny_musicgen import FOLLOWING, MONO, changed, write_checkpoint, write_documents
from tests.models.reference.tunes import GUIDANCE, PROMPT, SEEDS, heard_notes, tune
from tests.models.reference.tunes import sound as wandering

REFERENCE = Path(__file__).parent.parent / "reference"
TUNE = ("C", "E", "G", "A", "D")
REQUEST = Request("dusty rhodes loop", seconds=0.5, seed=3, sampling=Sampling(top_k=1))


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {
        name: write_checkpoint(tmp_path_factory.mktemp(name), FOLLOWING[name], SEEDS[name])
        for name in ("melody", "stereo-melody")
    }


@pytest.fixture(scope="module")
def melody(folders):
    return played(folders["melody"])


def played(folder, way="folded"):
    from audiogen_daemon.models.musicgen.pipeline import load

    return load(folder, backend=WAYS[way])


def prompted(model):
    """The same model reading the reference's word pieces whatever the prompt is."""
    model._prompts._tokenizer = lambda prompt: PROMPT
    model._prompts._remember.cache_clear()
    return model


def test_pitch_classes_equal_transformers_frame_for_frame():
    stored = np.load(REFERENCE / "following_melody.npz")

    for seconds, key in ((4.0, "chroma"), (14.0, "long")):
        ours = chroma(wandering(seconds).mean(axis=1), 32_000)
        np.testing.assert_array_equal(ours.argmax(axis=1), stored[key])
        np.testing.assert_array_equal(ours.sum(axis=1), 1)


@pytest.mark.parametrize("name", ["melody", "stereo-melody"])
def test_guided_logits_equal_transformers_over_a_rollout(folders, name):
    stored = np.load(REFERENCE / f"following_{name}.npz")
    model = prompted(played(folders[name]))
    decoder, config = model._player._decoder, model.config.decoder
    request = replace(REQUEST, melody=wandering(4.0), sampling=Sampling(guidance=GUIDANCE))
    prefix = model._ahead(request, model._prompts("anything")).rows
    before = prefix.shape[1]
    assert before == 235 + len(PROMPT)

    caches = start_caches(config.layers, 2, config.heads, config.head_dim, before + 64, mx.float32)
    columns = mx.array(np.stack([stored["columns"]] * 2))
    first = mx.concatenate([prefix, decoder.embed(columns[:, :1])], axis=1)
    logits, caches = decoder.read(first, caches, ExactSlots(0), ())
    got = [guide(logits, GUIDANCE)[0]]
    for column in range(1, columns.shape[1]):
        step = columns[:, column : column + 1]
        logits, caches = decoder(step, caches, ExactSlots(before + column), ())
        got.append(guide(logits, GUIDANCE)[0])

    np.testing.assert_allclose(np.array(mx.stack(got)), stored["logits"], atol=1e-4)


@pytest.mark.parametrize("way", list(WAYS))
@pytest.mark.parametrize("name", ["melody", "stereo-melody"])
@pytest.mark.parametrize(("followed", "key"), [(True, "greedy"), (False, "alone")])
def test_greedy_tokens_equal_transformers_for_100_frames(folders, name, way, followed, key):
    wanted = np.load(REFERENCE / f"following_{name}.npz")[key]
    model = prompted(played(folders[name], way))
    request = Request("anything", len(wanted) / 50, 0, Sampling(top_k=1, guidance=GUIDANCE))

    score, drawn = spied(model, replace(request, melody=wandering(4.0) if followed else None))
    columns = np.concatenate([score.opening, drawn])[:, 0]

    np.testing.assert_array_equal(undelay(columns, model.delays, 0, len(wanted)), wanted)


@pytest.mark.parametrize("rate", [22_050, 32_000, 44_100, 48_000])
@pytest.mark.parametrize("octave", [3, 4, 5])
def test_a_tune_of_five_notes_is_heard_as_its_five_notes(rate, octave):
    samples = tune(TUNE, rate=rate, octave=octave)

    assert heard_notes(chroma(samples, rate), 1.5 * rate / HOP) == list(TUNE)


@pytest.mark.parametrize("layout", ["mono", "both sides", "left only", "right only", "notes on alternating sides"])
def test_a_tune_is_heard_on_whatever_side_it_plays(melody, layout):
    samples = tune(TUNE)
    sides = np.zeros((len(samples), 2), np.float32)
    length = len(samples) // len(TUNE)
    for note in range(len(TUNE)):
        part = slice(note * length, (note + 1) * length)
        sides[part, note % 2] = samples[part]
    layouts = {
        "mono": samples[:, None],
        "both sides": np.stack([samples, samples], axis=1),
        "left only": np.stack([samples, np.zeros_like(samples)], axis=1),
        "right only": np.stack([np.zeros_like(samples), samples], axis=1),
        "notes on alternating sides": sides,
    }

    pitches = melody._ahead.pitches(layouts[layout])

    frames = len(samples) / HOP
    assert heard_notes(pitches[: round(frames)], frames / len(TUNE)) == list(TUNE)


def test_a_short_melody_is_repeated_and_a_long_one_cut(melody):
    short, long = wandering(2.0), wandering(14.0)
    once = chroma(short.mean(axis=1), 32_000)
    assert np.array_equal(melody._ahead.pitches(short), np.resize(once, (235, 12)))

    three = np.concatenate([long, long, long])
    np.testing.assert_array_equal(melody._ahead.pitches(three), melody._ahead.pitches(three[: 30 * 32_000]))
    assert melody._ahead.pitches(three).shape == (235, 12)


@pytest.mark.parametrize("name", ["melody", "stereo-melody"])
def test_a_melody_changes_the_take_and_the_same_melody_repeats_it(folders, name):
    model = played(folders[name])
    without = sound(model.generate(REQUEST))
    first, again = (sound(model.generate(replace(REQUEST, melody=wandering(4.0)))) for _ in range(2))

    assert first.shape == (16_000, model.channels)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, without)


def test_variations_of_a_melody_are_the_takes_of_their_seeds(melody):
    request = replace(REQUEST, melody=wandering(4.0), sampling=Sampling(top_k=50))
    both = list(melody.generate(replace(request, variations=2)))

    for variation in range(2):
        alone = sound(melody.generate(replace(request, seed=request.seed + variation)))
        np.testing.assert_allclose(sound(both, variation), alone, atol=1e-4)


@pytest.mark.parametrize("name", ["melody", "style"])
def test_what_is_followed_is_followed_past_the_trained_length(tmp_path, name):
    request = replace(REQUEST, seconds=3.5, **{name: wandering(4.0)})
    takes = [
        sound(tiny(tmp_path / way, FOLLOWING[name], way, frames=100).generate(request)) for way in ("plain", "compiled")
    ]

    assert takes[0].shape == (112_000, 1)
    np.testing.assert_allclose(takes[0], takes[1], atol=1e-4)


def test_positions_are_kept_free_for_what_is_followed(tmp_path):
    config = changed(FOLLOWING["melody"], "decoder.max_position_embeddings", 600)
    model = played(write_checkpoint(tmp_path / "short", config))
    assert model.max_seconds == (600 - 235 - 256) / 50
    assert sound(model.generate(replace(REQUEST, seconds=4.0, melody=wandering(2.0)))).shape == (128_000, 1)

    write_documents(tmp_path / "short", changed(config, "decoder.max_position_embeddings", 491))
    with pytest.raises(CheckpointError, match="max_position_embeddings is 491, wanted more than the 491 positions"):
        played(tmp_path / "short")


def test_a_melody_alone_is_followed_without_words(melody):
    request = replace(REQUEST, prompt="", melody=wandering(4.0))

    assert not np.array_equal(sound(melody.generate(request)), sound(melody.generate(replace(request, melody=None))))


def test_a_row_that_follows_nothing_is_left_out_where_guidance_has_nothing_to_compare():
    followed, none, text = mx.ones((1, 3, 4)), mx.zeros((1, 3, 4)), mx.ones((1, 2, 4))

    assert in_front(followed, none, text, 3.0, same=False).rows.shape == (2, 5, 4)
    assert in_front(followed, none, None, 3.0, same=False).rows.shape == (2, 4, 4)
    assert in_front(followed, none, text, 1.0, same=False).rows.shape == (1, 5, 4)
    assert in_front(none, none, None, 3.0, same=True).rows.shape == (1, 4, 4)
    assert np.array(in_front(followed, none, text, 3.0, same=False).rows[1]).max() == 0


@pytest.mark.parametrize(
    ("sound_in", "message"),
    [
        (np.zeros((64_000, 1), np.float32), r"melody is silent: its mono mix peaks at 0, wanted is at least 0\.001"),
        (np.full((64_000, 2), [[0.5, -0.5]], np.float32), "melody is silent: its mono mix peaks at 0"),
        (wandering(1.0)[:10], r"melody lasts 0\.0003125 s, allowed is 0\.5 to 600 s; give it more"),
        (np.zeros((0, 1), np.float32), "melody lasts 0 s, allowed is 0.5 to 600 s"),
        (np.broadcast_to(np.float32(0.1), (3 * 3600 * 32_000, 2)), "melody lasts 1.08e[+]04 s, .* cut out the part"),
        (np.ones((64_000, 8), np.float32), "melody has 8 channels, allowed are 1 and 2; mix it down"),
        (np.ones((2, 64_000), np.float32), "melody has 64000 channels, allowed are 1 and 2; .* samples come first"),
        (np.ones(64_000, np.float32), r"melody is float32 \(64000,\), wanted float32 \(samples, channels\) at 32000"),
        (np.ones((64_000, 1), np.int16), "melody is int16"),
        (np.full((64_000, 1), np.nan, np.float32), "melody holds NaN or infinite samples"),
        (np.full((64_000, 1), -np.inf, np.float32), "melody holds NaN or infinite samples"),
    ],
)
def test_a_melody_that_cannot_be_followed_is_refused_before_anything_is_made(melody, sound_in, message):
    with pytest.raises(ValueError, match=message):
        melody.generate(replace(REQUEST, melody=sound_in))


def test_a_melody_or_a_style_for_a_model_that_follows_none_is_refused(tmp_path, melody):
    text = played(write_checkpoint(tmp_path, MONO))

    with pytest.raises(ValueError, match="melody is given, but this model follows text alone; play musicgen-melody"):
        text.generate(replace(REQUEST, melody=wandering(1.0)))
    with pytest.raises(ValueError, match="style is given, but this model follows text alone; play musicgen-style"):
        text.generate(replace(REQUEST, style=wandering(2.0)))
    with pytest.raises(ValueError, match="style is given, but this model follows a melody; musicgen-style follows"):
        melody.generate(replace(REQUEST, style=wandering(2.0)))
