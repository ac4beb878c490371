"""Pickled checkpoints of transformers are converted as they are; what else a pickle may hold is refused."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audiogen_daemon.models.musicgen.pipeline import load
from audiogen_daemon.models.reading import CheckpointError
from tests.models.reference.tiny_musicgen import MONO, write_checkpoint

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module")
def pickled(tmp_path_factory):
    """A tiny MusicGen as transformers' older repositories hold it: in one pickle, with a tied twin and positions."""
    import torch
    from safetensors.torch import load_file

    from tests.models.reference.tiny_musicgen import old_extras

    folder = write_checkpoint(tmp_path_factory.mktemp("pickled"), MONO)
    tensors = load_file(folder / "model.safetensors")
    tensors["text_encoder.encoder.embed_tokens.weight"] = tensors["text_encoder.shared.weight"]
    tensors |= {name: torch.from_numpy(value) for name, value in old_extras(MONO).items()}
    (folder / "model.safetensors").rename(folder / "original")
    torch.save(tensors, folder / "pytorch_model.bin")
    return folder


def shards(folder: Path, target: Path) -> Path:
    """The same in two files with an index."""
    import torch

    target.mkdir()
    for name in ("config.json", "generation_config.json", "tokenizer.json"):
        shutil.copy(folder / name, target)
    tensors = torch.load(folder / "pytorch_model.bin", weights_only=True)
    weight_map = {}
    for number in range(2):
        file = f"pytorch_model-{number + 1:05}-of-00002.bin"
        part = {name: tensors[name] for name in sorted(tensors)[number::2]}
        torch.save(part, target / file)
        weight_map |= dict.fromkeys(part, file)
    (target / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": weight_map}))
    return target


@pytest.mark.parametrize("layout", ["one file", "shards", "many safetensors"])
def test_a_pickled_checkpoint_of_transformers_holds_the_same_tensors_afterwards(pickled, tmp_path, layout, monkeypatch):
    from safetensors.numpy import load_file

    from audiogen_daemon.models import conversion

    if layout == "many safetensors":
        monkeypatch.setattr(conversion, "SHARD_BYTES", 40_000)
    source = shards(pickled, tmp_path / "shards") if layout == "shards" else pickled
    folder = conversion.convert(source, tmp_path / "out", [], lambda text: None)

    wanted = load_file(pickled / "original")
    got: dict[str, np.ndarray] = {}
    for file in (tmp_path / "out").glob("*.safetensors"):
        got |= load_file(file)
    assert folder.tensors.keys() == got.keys() == wanted.keys()
    assert all(np.array_equal(got[name], wanted[name]) for name in wanted)
    assert (len({info.file for info in folder.tensors.values()}) > 1) == (layout == "many safetensors")
    assert load(tmp_path / "out").channels == 1


class Harmful:
    """Pickled, it asks to run a command when it is read."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        import os

        return os.system, (f"touch {self.place}",)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", ["pytorch_model.bin", "state_dict.bin"])
def test_a_pickle_that_asks_for_more_than_tensors_is_refused_and_not_run(pickled, tmp_path, name, zipped):
    import torch

    from audiogen_daemon.models.conversion import convert

    source, ran = tmp_path / "source", tmp_path / "ran"
    shutil.copytree(pickled, source)
    (source / "pytorch_model.bin").unlink()
    content = {"best_state": {}, "xp.cfg": Harmful(ran), "x": torch.ones(1)}
    torch.save(content, source / name, _use_new_zipfile_serialization=zipped)

    with pytest.raises(CheckpointError, match=rf"{name}: refused, .* alone \(.*system.*\); such a file can run any"):
        convert(source, tmp_path / "out", [pickled], lambda text: None)
    assert not ran.exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[: len(data) // 2], "not a whole torch file"),
        (lambda data: b"", "not a whole torch file"),
        (lambda data: b"hello, world" * 9, "refused|not a whole torch file"),
    ],
)
def test_a_damaged_file_is_named(pickled, tmp_path, damage, message):
    from audiogen_daemon.models.conversion import convert

    source = tmp_path / "source"
    shutil.copytree(pickled, source)
    file = source / "pytorch_model.bin"
    file.write_bytes(damage(file.read_bytes()))

    with pytest.raises(CheckpointError, match=message):
        convert(source, tmp_path / "out", [], lambda text: None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "holds a list, wanted a dictionary"),
        ({"a": "text"}, "a is a str, wanted a tensor"),
    ],
)
def test_a_file_of_something_else_is_named(pickled, tmp_path, content, message):
    import torch

    from audiogen_daemon.models.conversion import convert

    source = tmp_path / "source"
    shutil.copytree(pickled, source)
    torch.save(content, source / "pytorch_model.bin")

    with pytest.raises(CheckpointError, match=message):
        convert(source, tmp_path / "out", [], lambda text: None)
