"""Every published MusicGen is accounted for tensor by tensor at its true size; the weights cost nothing.

The tables come from transformers and audiocraft; see tests/models/reference/make_published.py.
"""

import functools
import gzip
import json
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models import weights
from audiogen_daemon.models.backend import CPU, CUDA
from audiogen_daemon.models.musicgen import audiocraft
from audiogen_daemon.models.musicgen.cache import ExactSlots
from audiogen_daemon.models.musicgen.pipeline import MusicGen, load
from audiogen_daemon.models.reading import CheckpointError
from audiogen_daemon.models.registry import KNOWN
from audiogen_daemon.models.weights import ITEM_BYTES, TOLERATED
from tests.models.reference.tiny_musicgen import generation, word_tokenizer

HUB = [name for name in KNOWN if name != "musicgen-style"]
GROUPS = 3


@functools.cache
def published() -> dict[str, Any]:
    file = Path(__file__).parent / "reference" / "published.json.gz"
    documents: dict[str, Any] = json.loads(gzip.decompress(file.read_bytes()))
    return documents


def hub_entry(name: str) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """config.json and tensors of a checkpoint; the style's as `convert` writes them."""
    if name != "musicgen-style":
        return published()[name]["config"], dict(published()[name]["tensors"])
    donor = published()["musicgen-melody"]
    state = {key: np.broadcast_to(np.float16(0), shape) for key, shape in published()[name]["best_state"].items()}
    tensors = audiocraft.language_model(state)
    config = audiocraft.decoder_config(tensors, audiocraft.Experiment({"transformer_lm": {"num_heads": 24}}))
    config |= {key: donor["config"][key] for key in ("text_encoder", "audio_encoder")} | {"feature_extractor": {}}
    shapes = {key: list(tensor.shape) for key, tensor in tensors.items()}
    shapes |= {key: s for key, s in donor["tensors"].items() if key.startswith(("text_encoder.", "audio_encoder."))}
    mert = published()[name]["mert"]
    shapes |= {f"feature_extractor.{key}": shape for key, shape in mert.items() if key != "masked_spec_embed"}
    return config, shapes


def write_sparse(folder: Path, config: dict[str, Any], tensors: dict[str, list[int]], dtype: str = "F32") -> Path:
    """A checkpoint of true size whose files take no room: headers, then holes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "generation_config.json").write_text(json.dumps(generation(config)))
    word_tokenizer().save(str(folder / "tokenizer.json"))
    weight_map = {}
    for group in range(GROUPS):
        file = folder / f"model-{group + 1:05}-of-{GROUPS:05}.safetensors"
        header: dict[str, Any] = {}
        end = 0
        for name in sorted(tensors)[group::GROUPS]:
            start, end = end, end + int(np.prod(tensors[name], dtype=np.int64)) * ITEM_BYTES[dtype]
            header[name] = {"dtype": dtype, "shape": tensors[name], "data_offsets": [start, end]}
            weight_map[name] = file.name
        head = json.dumps(header).encode()
        with file.open("wb") as stream:
            stream.write(len(head).to_bytes(8, "little") + head)
            stream.truncate(8 + len(head) + end)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    return folder


@pytest.fixture
def weightless(monkeypatch):
    """Nothing is read or computed: arrays of one zero, spread to every shape; shapes are checked all the same."""
    opened: list[weights.Tensors] = []

    def spread(file: str, format: str) -> dict[str, mx.array]:
        dtypes = {"F32": mx.float32, "F16": mx.float16}
        table = weights.read_header(Path(file)).items()
        return {name: mx.broadcast_to(mx.zeros((), dtypes[info.dtype]), info.shape) for name, info in table}

    class Watched(weights.Tensors):
        def __init__(self, *arguments: Any, **settings: Any) -> None:
            super().__init__(*arguments, **settings)
            opened.append(self)

    monkeypatch.setattr(mx, "load", spread)
    monkeypatch.setattr(mx, "eval", lambda *arrays: None)
    monkeypatch.setattr("audiogen_daemon.models.musicgen.pipeline.Tensors", Watched)
    return opened


@pytest.mark.parametrize("name", list(KNOWN))
@pytest.mark.parametrize(("dtype", "backend"), [("F32", CPU), ("F16", CUDA)], ids=["F32", "F16"])
def test_a_published_checkpoint_is_used_up_to_its_last_tensor(name, dtype, backend, tmp_path, weightless):
    config, tensors = hub_entry(name)
    model = load(write_sparse(tmp_path, config, tensors, dtype), backend=backend)

    left = [key for key in weightless[0]._waiting if not TOLERATED.search(key)]
    assert left == []
    assert logits_shape(model) == (2, model.config.decoder.codebooks, 2048)
    stereo = "stereo" in name
    assert (model.channels, model.config.decoder.codebooks) == ((2, 8) if stereo else (1, 4))
    assert model.sample_rate == 32_000
    assert model.max_seconds == 30.0
    follows = {"Melody": "melody" in name, "Style": "style" in name}
    assert type(model._ahead).__name__ in [kind for kind, is_it in follows.items() if is_it] or not any(
        follows.values()
    )


def logits_shape(model: MusicGen) -> tuple[int, ...]:
    """Of one step of two rows, not computed."""
    decoder, config = model._player._decoder, model.config.decoder
    caches = tuple(mx.zeros((2, 2, config.heads, 256, config.head_dim), decoder.dtype) for _ in range(config.layers))
    columns = mx.zeros((2, 1, config.codebooks), mx.int32)
    logits, _ = decoder(columns, caches, ExactSlots(0), ())
    return tuple(logits.shape)


@pytest.mark.parametrize("name", HUB)
@pytest.mark.parametrize("spelling", ["2023", "transformers 5"])
def test_both_spellings_of_weight_norm_are_known(name, spelling, tmp_path, weightless):
    config, tensors = hub_entry(name)
    if spelling == "transformers 5":
        new = {"weight_g": "parametrizations.weight.original0", "weight_v": "parametrizations.weight.original1"}
        for old, modern in new.items():
            tensors = {key.replace(old, modern): shape for key, shape in tensors.items()}
    assert any(("parametrizations" in key) == (spelling != "2023") for key in tensors if "decoder.layers.0.conv" in key)

    load(write_sparse(tmp_path, config, tensors), backend=CPU)


@pytest.mark.parametrize("name", ["musicgen-small", "musicgen-stereo-melody-large", "musicgen-style"])
def test_one_tensor_more_or_less_or_of_another_shape_is_named(name, tmp_path, weightless):
    config, tensors = hub_entry(name)
    lost = dict(tensors)
    del lost["decoder.model.decoder.layers.7.fc1.weight"]
    bent = tensors | {"enc_to_dec_proj.bias": [7]}
    more = tensors | {"decoder.model.decoder.layers.99.fc1.weight": [4, 4]}

    for wrong, message in [
        (lost, "missing decoder.*7.fc1"),
        (bent, r"bias has shape \[7\]"),
        (more, "unknown.*99.fc1"),
    ]:
        with pytest.raises(CheckpointError, match=message):
            load(write_sparse(tmp_path, config, wrong), backend=CPU)


def test_audiocrafts_style_has_the_numbers_of_the_published_one():
    config, _ = hub_entry("musicgen-style")

    assert config["decoder"]["hidden_size"] == 1536
    assert config["decoder"]["num_hidden_layers"] == 48
    assert config["style_encoder"] == {
        "hidden_size": 512,
        "num_hidden_layers": 8,
        "num_attention_heads": 8,
        "ffn_dim": 2048,
        "num_codebooks": 6,
        "num_codebooks_used": 3,
        "codebook_size": 1024,
        "downsample_factor": 15,
        "excerpt_seconds": 3.0,
    }


def test_every_known_model_can_be_played_and_names_its_licence():
    assert len(KNOWN) == 11
    for model in KNOWN.values():
        assert model.playable
        assert model.licence.startswith("CC-BY-NC 4.0")
