"""Names and numbers of audiocraft's checkpoints, and what `convert` refuses, as far as it goes without torch."""

import json
import sys

import numpy as np
import pytest

from audiogen_daemon import cli
from audiogen_daemon.models.conversion import convert
from audiogen_daemon.models.musicgen.audiocraft import Experiment, codec, codec_config, decoder_config, language_model
from audiogen_daemon.models.reading import CheckpointError
from audiogen_daemon.models.torchfiles import TorchMissingError, read_torch_file
from tests.models.reference.tiny_musicgen import MONO, write_checkpoint

H = 64
DECODER = "decoder.model.decoder."


def state(codebooks: int = 4, crossed: bool = True) -> dict[str, np.ndarray]:
    """The best_state of a one-layer text model."""
    layer = "transformer.layers.0."
    shapes = {f"emb.{k}.weight": (9, H) for k in range(codebooks)} | {
        f"linears.{k}.weight": (8, H) for k in range(codebooks)
    }
    for attention in ("self_attn", "cross_attention")[: 1 + crossed]:
        shapes |= {f"{layer}{attention}.in_proj_weight": (3 * H, H), f"{layer}{attention}.out_proj.weight": (H, H)}
    for norm in ("norm1", "norm2", *(["norm_cross"] if crossed else [])):
        shapes |= {f"{layer}{norm}.weight": (H,), f"{layer}{norm}.bias": (H,)}
    shapes |= {f"{layer}linear1.weight": (256, H), f"{layer}linear2.weight": (H, 256)}
    shapes |= {"out_norm.weight": (H,), "out_norm.bias": (H,)}
    shapes |= {"condition_provider.conditioners.description.output_proj.weight": (H, 24)}
    draw = np.random.RandomState(0)
    return {name: draw.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def test_query_key_and_value_are_cut_out_of_one_tensor_in_this_order():
    given = state()
    made = language_model(given)

    for theirs, ours in (("self_attn", "self_attn"), ("cross_attention", "encoder_attn")):
        parts = [made[f"{DECODER}layers.0.{ours}.{part}_proj.weight"] for part in "qkv"]
        np.testing.assert_array_equal(np.concatenate(parts), given[f"transformer.layers.0.{theirs}.in_proj_weight"])
    np.testing.assert_array_equal(made[f"{DECODER}layers.0.fc1.weight"], given["transformer.layers.0.linear1.weight"])
    np.testing.assert_array_equal(made["enc_to_dec_proj.weight"], list(given.values())[-1])
    assert len(made) == len(given) + 4


@pytest.mark.parametrize("prefix", ["", "lm."])
@pytest.mark.parametrize("attention", ["self_attn.", "self_attn.mha."])
def test_spellings_of_older_exports_are_known(prefix, attention):
    old = {prefix + name.replace("self_attn.", attention): tensor for name, tensor in state().items()}

    assert language_model(old).keys() == language_model(state()).keys()


def test_what_nothing_needs_is_passed_over_and_what_is_unknown_is_named():
    window = {"condition_provider.conditioners.self_wav.chroma.spec.window": np.ones(4)}
    assert language_model(state() | window).keys() == language_model(state()).keys()

    with pytest.raises(CheckpointError, match=r"tensors of no MusicGen known here: transformer\.layers\.0\.strange"):
        language_model(state() | {"transformer.layers.0.strange": np.ones(4)})


@pytest.mark.parametrize(("codebooks", "channels"), [(4, 1), (8, 2)])
def test_the_numbers_come_from_the_shapes(codebooks, channels):
    config = decoder_config(language_model(state(codebooks)), Experiment({"transformer_lm": {"num_heads": 2}}))
    decoder = config["decoder"]

    assert config["model_type"] == "musicgen"
    assert (decoder["num_codebooks"], decoder["audio_channels"]) == (codebooks, channels)
    assert (decoder["hidden_size"], decoder["ffn_dim"], decoder["num_hidden_layers"]) == (H, 256, 1)
    assert (decoder["vocab_size"], decoder["num_attention_heads"]) == (8, 2)


def test_a_projection_of_pitch_classes_makes_a_melody_model():
    state_dict = state(crossed=False) | {
        "condition_provider.conditioners.self_wav.output_proj.weight": np.ones((H, 12)),
        "condition_provider.conditioners.self_wav.output_proj.bias": np.ones(H),
    }
    config = decoder_config(language_model(state_dict), Experiment({}))

    assert (config["model_type"], config["chroma_length"], config["num_chroma"]) == ("musicgen_melody", 235, 12)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"codebooks_pattern": {"delay": {"delays": [0, 0, 0, 0]}}}, r"delays is \[0, 0, 0, 0\], supported is \[0, 1"),
        (
            {"interleave_stereo_codebooks": {"use": True, "per_timestep": True}},
            "per_timestep is true, supported is fal",
        ),
        ({"transformer_lm": {"num_heads": "${a.b}"}, "a": {"b": "${transformer_lm.num_heads}"}}, "refers to itself"),
    ],
)
def test_settings_that_are_not_musicgens_are_refused(settings, message):
    with pytest.raises(CheckpointError, match=message):
        decoder_config(language_model(state()), Experiment(settings))


def test_references_in_the_settings_are_followed():
    experiment = Experiment({"seanet": {"causal": "${encodec.causal}"}, "encodec": {"causal": False}, "n": None})

    assert experiment.get("seanet.causal", True) is False
    assert experiment.get("seanet.nothing", 7) == experiment.get("n", 7) == experiment.get("seanet.causal.x", 7) == 7


def test_the_codecs_numbers_come_from_its_shapes():
    from audiogen_daemon.models.encodec import EncodecConfig, tensor_shapes

    wanted = EncodecConfig.from_dict(MONO["audio_encoder"])
    shapes = tensor_shapes(wanted, [])
    theirs = {}
    for name, shape in shapes.items():
        old = name.replace(".layers.", ".model.", 1) if not name.startswith("quantizer") else name
        old = old.replace(".conv.", ".conv.conv.").replace("quantizer.layers", "quantizer.vq.layers")
        theirs[old.replace(".codebook.", "._codebook.")] = np.zeros(shape, np.float32)

    renamed = codec(theirs | {"quantizer.vq.layers.0._codebook.inited": np.ones(1)})

    assert {name: tensor.shape for name, tensor in renamed.items()} == shapes
    config = codec_config(renamed, Experiment({"sample_rate": 32_000, "seanet": {"pad_mode": "reflect"}}))
    assert EncodecConfig.from_dict(config) == wanted
    constant = EncodecConfig.from_dict(codec_config(renamed, Experiment({"sample_rate": 32_000})))
    assert constant.pad_mode == "constant"


def refused(source, target) -> str:
    with pytest.raises(CheckpointError) as caught:
        convert(source, target, [], lambda text: None)
    assert not (target / "config.json").exists()
    return str(caught.value)


def test_a_source_that_needs_no_conversion_or_is_none_is_refused(tmp_path):
    target = tmp_path / "out"
    ready = write_checkpoint(tmp_path / "ready", MONO)
    assert "holds safetensors already; it plays as it is" in refused(ready, target)
    assert "no such checkpoint folder" in refused(tmp_path / "nowhere", target)
    (tmp_path / "empty").mkdir()
    assert "it holds nothing, wanted is pytorch_model.bin" in refused(tmp_path / "empty", target)


def test_nothing_is_overwritten(tmp_path):
    ready = write_checkpoint(tmp_path / "ready", MONO)

    with pytest.raises(CheckpointError, match="is there already; name a new folder"):
        convert(tmp_path, ready, [], lambda text: None)
    assert (ready / "config.json").exists()


def test_without_torch_the_cure_is_named(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torch", None)
    source = tmp_path / "source"
    source.mkdir()
    (source / "config.json").write_text(json.dumps(MONO))
    (source / "pytorch_model.bin").write_bytes(b"")

    with pytest.raises(TorchMissingError, match=r"make setup EXTRAS=convert"):
        read_torch_file(source / "pytorch_model.bin")
    assert cli.main(["convert", str(source), str(tmp_path / "out")]) == 2
    assert "needs torch" in capsys.readouterr().err


def test_a_failed_conversion_is_told_and_leaves_nothing(tmp_path, capsys):
    assert cli.main(["convert", str(tmp_path / "nowhere"), str(tmp_path / "out")]) == 1
    assert "could not be converted" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
