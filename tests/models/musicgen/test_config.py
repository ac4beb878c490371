from pathlib import Path

import pytest

from audiogen_daemon.models.musicgen.config import read_config
from audiogen_daemon.models.pipeline import Sampling
from audiogen_daemon.models.reading import CheckpointError
from audiogen_daemon.models.weights import Folder
from tests.models.reference.tiny_musicgen import MONO, SHAPES, changed, generation

COUNT_IN = {
    "beats": 2,
    "frames_per_beat": [20, 25, 30],
    "held_back_frames": 3,
    "frequencies_hz": [1600.0, 1200.0],
    "decay_seconds": 0.02,
    "level": 0.35,
}


def read(config, **settings):
    return read_config(Folder(Path("tiny"), config, generation(MONO) | settings, {}))


def test_the_hubs_generation_config_without_top_k_means_250():
    assert read(MONO).sampling == Sampling(temperature=1.0, top_k=250, top_p=0.0, guidance=3.0)


def test_settings_of_the_checkpoint_become_its_defaults():
    sampling = read(MONO, top_k=150, guidance_scale=2.0, temperature=0.9, top_p=0.95).sampling

    assert sampling == Sampling(temperature=0.9, top_k=150, top_p=0.95, guidance=2.0)


def test_null_counts_as_absent():
    assert read(MONO, top_k=None, temperature=None, guidance_scale=None).sampling == Sampling()


@pytest.mark.parametrize(("name", "codebooks", "channels"), [("mono", 4, 1), ("stereo", 8, 2), ("odd", 2, 1)])
def test_sizes_come_from_the_config_alone(name, codebooks, channels):
    config = read(SHAPES[name])

    assert (config.decoder.codebooks, config.decoder.channels) == (codebooks, channels)
    assert config.decoder.special_token == SHAPES[name]["decoder"]["vocab_size"]


def test_the_length_is_what_the_model_was_trained_on():
    assert read(MONO).max_frames == 1500
    assert read(changed(MONO, "decoder.max_position_embeddings", 600)).max_frames == 600


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("model_type", "llama", "model_type is 'llama'; supported: 'musicgen'"),
        ("decoder", None, "decoder is None, wanted an object"),
        ("decoder.hidden_size", 0, "decoder: hidden_size is 0, wanted a whole number above 0"),
        ("decoder.hidden_size", "32", "decoder: hidden_size is '32', wanted a whole number above 0"),
        ("decoder.hidden_size", None, "decoder: hidden_size is None, wanted a whole number above 0"),
        ("decoder.num_attention_heads", 5, "hidden_size 32 is not an even multiple of 5 heads"),
        ("decoder.num_codebooks", 3, "3 codebooks of 64 do not fit audio_encoder, which has 4 of 64"),
        ("decoder.audio_channels", 3, "4 codebooks cannot be shared by 3 channels"),
        ("decoder.activation_function", "relu", "activation_function is 'relu'; supported: 'gelu'"),
        ("text_encoder.feed_forward_proj", "gated-gelu", "feed_forward_proj is 'gated-gelu'; supported: 'relu'"),
        ("text_encoder.model_type", "umt5", "text_encoder: model_type is 'umt5'; supported: 't5'"),
        ("audio_encoder.use_causal_conv", True, "use_causal_conv is True; supported: False"),
        ("audiogen", {"count_in": []}, "count_in is [], wanted an object"),
        ("audiogen", {"count_in": COUNT_IN | {"frames_per_beat": [1]}}, "are longer than the 3 frames held back"),
        ("audiogen", {"count_in": COUNT_IN | {"beats": 0}}, "beats is 0, wanted a whole number above 0"),
    ],
)
def test_a_wrong_config_is_named_with_key_value_and_cure(path, value, message):
    with pytest.raises(CheckpointError) as caught:
        read(changed(MONO, path, value))

    assert message in str(caught.value)
    assert "config.json" in str(caught.value)


def test_a_count_in_is_read_and_most_models_have_none():
    assert read(MONO).count_in is None
    count_in = read(changed(MONO, "audiogen", {"count_in": COUNT_IN})).count_in
    assert count_in is not None
    assert count_in.frames_per_beat == (20, 25, 30)
