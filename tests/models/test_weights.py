import json
import shutil

import mlx.core as mx
import numpy as np
import pytest
from safetensors.numpy import save_file

from audiogen_daemon.models.integrity import check_integrity
from audiogen_daemon.models.reading import CheckpointError
from audiogen_daemon.models.weights import Tensors, check_tensors, open_folder
from tests.models.reference.tiny_musicgen import MONO, old_extras, write_checkpoint, write_sharded

WANTED = {"a.weight": (2, 3), "b.bias": (3,)}


@pytest.fixture
def folder(tmp_path):
    """A folder with the tensors of WANTED."""
    (tmp_path / "config.json").write_text("{}")
    save(tmp_path, {name: np.ones(shape, np.float32) for name, shape in WANTED.items()})
    return tmp_path


def save(folder, tensors):
    save_file(tensors, folder / "model.safetensors")


def problems(folder) -> str:
    with pytest.raises(CheckpointError) as caught:
        check_tensors(open_folder(folder), WANTED)
    return str(caught.value)


def test_a_checkpoint_that_fits_passes(folder):
    check_tensors(open_folder(folder), WANTED)


def test_a_missing_tensor_is_named_with_its_shape(folder):
    save(folder, {"a.weight": np.ones((2, 3), np.float32)})

    assert "missing b.bias [3]" in problems(folder)


def test_an_unknown_tensor_is_named(folder):
    save(folder, {"a.weight": np.ones((2, 3)), "b.bias": np.ones(3), "c": np.ones(4)})

    assert "unknown c [4]" in problems(folder)


def test_a_misshapen_tensor_is_named_with_both_shapes(folder):
    save(folder, {"a.weight": np.ones((3, 2)), "b.bias": np.ones(3)})

    assert "a.weight has shape [3, 2], wanted [2, 3]" in problems(folder)


def test_many_problems_are_counted_not_listed(folder):
    save(folder, {f"x{i}": np.ones(1) for i in range(40)})

    assert problems(folder).endswith("and 34 more")


def test_tensors_that_old_files_carry_besides_are_passed_over(folder):
    extras = {name: value[:1] for name, value in old_extras(MONO).items()}
    extras["text_encoder.encoder.embed_tokens.weight"] = np.ones((2, 2), np.float32)
    save(folder, {name: np.ones(shape, np.float32) for name, shape in WANTED.items()} | extras)

    check_tensors(open_folder(folder), WANTED)


@pytest.mark.parametrize("kept", [0, 5, 60, -1])
def test_a_truncated_file_is_refused_before_anything_is_read(folder, kept):
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:kept])

    with pytest.raises(CheckpointError, match=r"model\.safetensors.*fetch it again"):
        open_folder(folder)


def test_a_damaged_header_is_refused(folder):
    file = folder / "model.safetensors"
    data = bytearray(file.read_bytes())
    data[8:20] = b"not a header"
    file.write_bytes(data)

    with pytest.raises(CheckpointError, match="corrupt safetensors header"):
        open_folder(folder)


@pytest.mark.parametrize("text", ["", "[]", '{"model_type": ', "\x00\x01"])
def test_a_config_that_is_no_json_object_is_refused(folder, text):
    (folder / "config.json").write_text(text)

    with pytest.raises(CheckpointError, match=r"config\.json"):
        open_folder(folder)


def test_a_folder_without_config_or_weights_says_so(tmp_path):
    with pytest.raises(CheckpointError, match="no such checkpoint folder"):
        open_folder(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match=r"config\.json: missing"):
        open_folder(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").touch()
    with pytest.raises(CheckpointError, match=r"convert pytorch_model\.bin: audiogen-daemon convert "):
        open_folder(tmp_path)


def test_shards_are_read_as_one(tmp_path):
    one = Tensors(open_folder(write_checkpoint(tmp_path / "one", MONO)))
    folder = open_folder(write_sharded(tmp_path / "many", MONO))
    many = Tensors(folder)

    for name in one.folder.tensors:
        np.testing.assert_array_equal(np.array(one.take(name, mx.float32)), np.array(many.take(name, mx.float32)))


def test_a_missing_shard_is_named(tmp_path):
    folder = write_sharded(tmp_path, MONO)
    (folder / "model-00002-of-00003.safetensors").unlink()

    with pytest.raises(CheckpointError, match=r"model-00002-of-00003\.safetensors: missing, but listed"):
        open_folder(folder)


def test_an_index_cannot_name_a_file_outside_the_folder(tmp_path):
    folder = write_sharded(tmp_path / "model", MONO)
    outside = tmp_path / "outside.safetensors"
    shutil.copy(folder / "model-00001-of-00003.safetensors", outside)
    index = {"weight_map": {"a": "../outside.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))

    with pytest.raises(CheckpointError, match="is not a file name in this folder"):
        open_folder(folder)


@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16])
def test_tensors_of_every_float_type_are_read(tmp_path, dtype):
    (tmp_path / "config.json").write_text("{}")
    values = mx.array([[1.5, -2.0, 0.25]])
    mx.save_safetensors(str(tmp_path / "model.safetensors"), {"a": values.astype(dtype)})

    folder = open_folder(tmp_path)

    check_tensors(folder, {"a": (1, 3)})
    assert Tensors(folder).take("a", mx.float32).tolist() == values.tolist()


def test_a_tensor_can_be_taken_once(folder):
    tensors = Tensors(open_folder(folder))
    tensors.take("b.bias", mx.float32)

    with pytest.raises(KeyError):
        tensors.take("b.bias", mx.float32)


def test_a_changed_byte_is_found_when_the_folder_has_sums(folder):
    import hashlib

    file = folder / "model.safetensors"
    (folder / "SHA256SUMS").write_text(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n")
    assert check_integrity(folder) == 1

    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"model\.safetensors: differs from its SHA256SUMS entry"):
        check_integrity(folder)


def test_a_folder_without_sums_is_not_checked(folder):
    assert check_integrity(folder) == 0


@pytest.mark.parametrize("dtype", [mx.float32, mx.float16, mx.bfloat16])
def test_rows_of_a_table_are_read_from_the_file(tmp_path, dtype):
    (tmp_path / "config.json").write_text("{}")
    table = mx.random.normal((20, 6), key=mx.random.key(0)).astype(dtype)
    mx.save_safetensors(str(tmp_path / "model.safetensors"), {"before": mx.ones((3,)), "table": table})
    rows = Tensors(open_folder(tmp_path)).take_rows("table")

    wanted = np.array(table.astype(mx.float32))
    np.testing.assert_array_equal(np.array(rows(mx.array([[3, 19], [0, 3]]))), wanted[[[3, 19], [0, 3]]])
