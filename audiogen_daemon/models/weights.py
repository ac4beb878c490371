"""A checkpoint folder as the hub holds it: config.json, safetensors files, read lazily and checked strictly.

Nothing is converted and nothing is copied twice: the headers are checked first, then each tensor is read from the file
when it is taken, and it can be taken once.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mlx.core as mx
import numpy as np

from audiogen_daemon.models.reading import CheckpointError as CheckpointError

Shape = tuple[int, ...]

ITEM_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U8": 1, "BOOL": 1}
MAX_HEADER_BYTES = 100_000_000  # the limit of the safetensors format
SHOWN_PROBLEMS = 8

TOLERATED = re.compile(
    r"(^|\.)(embed_positions\.weights|embed_avg|cluster_size|inited|num_batches_tracked)$"
    r"|^text_encoder\.encoder\.embed_tokens\.weight$"
)
"""Tensors that files of some age carry and nothing needs: recomputed positions, training state, a tied twin."""


@dataclass(frozen=True)
class TensorInfo:
    """One entry of a safetensors header: where a tensor lies, before any of its bytes are read. start: in bytes."""

    file: Path
    dtype: str
    shape: Shape
    start: int = 0


@dataclass(frozen=True)
class Folder:
    """A checkpoint on disk whose files are whole: its JSON documents and the table of its tensors."""

    path: Path
    config: Mapping[str, Any]
    generation: Mapping[str, Any]
    tensors: Mapping[str, TensorInfo]


def open_folder(path: Path) -> Folder:
    """Read a checkpoint's documents and tensor table; checks that every weight file is complete.

    Raises:
        CheckpointError: a file is missing, truncated or not what its name says.
    """
    if not path.is_dir():
        raise CheckpointError(f"{path}: no such checkpoint folder")
    config = read_json(path / "config.json")
    generation_file = path / "generation_config.json"
    generation = read_json(generation_file) if generation_file.exists() else {}
    tensors: dict[str, TensorInfo] = {}
    for file in weight_files(path):
        for name, info in read_header(file).items():
            if name in tensors:
                raise CheckpointError(f"{path}: tensor {name} is in both {tensors[name].file.name} and {file.name}")
            tensors[name] = info
    return Folder(path, config, generation, tensors)


def read_json(file: Path) -> dict[str, Any]:
    """A JSON object.

    Raises:
        CheckpointError: the file is missing or holds something else.
    """
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(f"{file}: missing; a checkpoint folder holds it beside its weights") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise CheckpointError(f"{file}: not JSON ({error}); fetch it again") from error
    if not isinstance(document, dict):
        raise CheckpointError(f"{file}: got a JSON {type(document).__name__}, wanted an object")
    return document


def weight_files(path: Path) -> list[Path]:
    """The safetensors files of a folder: those its index lists, else model.safetensors."""
    index = path / "model.safetensors.index.json"
    single = path / "model.safetensors"
    if single.exists():
        return [single]
    if index.exists():
        listed = read_json(index).get("weight_map")
        if not isinstance(listed, dict) or not all(isinstance(name, str) for name in listed.values()):
            raise CheckpointError(f"{index}: no weight_map of tensor names to files")
        names = sorted(set(listed.values()))
        for name in names:
            if Path(name).name != name:
                raise CheckpointError(f"{index}: {name!r} is not a file name in this folder")
            if not (path / name).exists():
                raise CheckpointError(f"{path / name}: missing, but listed in {index.name}; fetch the model again")
        return [path / name for name in names]
    other = sorted(file.name for file in path.glob("*.bin"))
    hint = f"; convert {', '.join(other)}: audiogen-daemon convert {path} NEW_FOLDER" if other else ""
    raise CheckpointError(f"{path}: no model.safetensors and no model.safetensors.index.json{hint}")


def read_header(file: Path) -> dict[str, TensorInfo]:
    """The tensor table of a safetensors file, checked against the file's real size.

    Raises:
        CheckpointError: truncated, corrupt, or not a safetensors file.
    """
    size = file.stat().st_size
    with file.open("rb") as stream:
        head = stream.read(8)
        length = int.from_bytes(head, "little")
        if len(head) < 8 or not 2 <= length <= min(MAX_HEADER_BYTES, size - 8):
            raise CheckpointError(f"{file}: not a whole safetensors file ({size} bytes); fetch it again")
        try:
            entries = json.loads(stream.read(length))
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise CheckpointError(f"{file}: corrupt safetensors header ({error}); fetch it again") from error
    if not isinstance(entries, dict):
        raise CheckpointError(f"{file}: corrupt safetensors header; fetch it again")
    entries.pop("__metadata__", None)
    table: dict[str, TensorInfo] = {}
    end = 0
    for name, entry in entries.items():
        info, stop = _entry(file, 8 + length, name, entry)
        table[name] = info
        end = max(end, stop)
    if 8 + length + end != size:
        raise CheckpointError(
            f"{file}: {size} bytes, but its header describes {8 + length + end}; truncated or damaged, fetch it again"
        )
    return table


def _entry(file: Path, data: int, name: str, entry: Any) -> tuple[TensorInfo, int]:
    try:
        dtype, shape, (start, stop) = entry["dtype"], tuple(map(int, entry["shape"])), entry["data_offsets"]
        bytes_wanted = ITEM_BYTES[dtype]
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{file}: corrupt header entry for {name}: {entry!r}") from error
    for extent in shape:
        bytes_wanted *= extent
    if stop - start != bytes_wanted:
        raise CheckpointError(
            f"{file}: {name} has {stop - start} bytes, but {dtype} {list(shape)} takes {bytes_wanted}"
        )
    return TensorInfo(file, dtype, shape, data + int(start)), int(stop)


def check_tensors(folder: Folder, wanted: Mapping[str, Shape]) -> None:
    """Compare a checkpoint's tensor table with what the model takes, both ways.

    Raises:
        CheckpointError: names each missing, unknown and misshapen tensor (the first eight), with shapes got and wanted.
    """
    problems = [f"missing {name} {list(shape)}" for name, shape in wanted.items() if name not in folder.tensors]
    for name, info in folder.tensors.items():
        shape = wanted.get(name)
        if shape is None:
            if not TOLERATED.search(name):
                problems.append(f"unknown {name} {list(info.shape)}")
        elif shape != info.shape:
            problems.append(f"{name} has shape {list(info.shape)}, wanted {list(shape)}")
    if problems:
        more = f" and {len(problems) - SHOWN_PROBLEMS} more" if len(problems) > SHOWN_PROBLEMS else ""
        raise CheckpointError(
            f"{folder.path}: the weights do not fit config.json: {'; '.join(problems[:SHOWN_PROBLEMS])}{more}"
        )


class Tensors:
    """The tensors of a folder, each to be taken once, so that a weight and what is made of it never both stay."""

    def __init__(self, folder: Folder) -> None:
        self.folder = folder
        self._waiting: dict[str, mx.array] = {}
        for file in sorted({info.file for info in folder.tensors.values()}):
            loaded = mx.load(str(file), format="safetensors")
            assert isinstance(loaded, dict)
            self._waiting.update(loaded)

    def take(self, name: str, dtype: mx.Dtype) -> mx.array:
        """A tensor, not yet read: reading happens when it, or what is made of it, is evaluated."""
        return self._waiting.pop(name).astype(dtype)

    def take_rows(self, name: str) -> "Rows":
        """A large table of which few rows are ever read; it stays in the file."""
        del self._waiting[name]
        return Rows(self.folder.tensors[name])

    def take_prefix(self, prefix: str) -> dict[str, mx.array]:
        """Every tensor whose name begins so, with the prefix cut off, in the dtype of the file."""
        names = [name for name in self._waiting if name.startswith(prefix)]
        return {name.removeprefix(prefix): self._waiting.pop(name) for name in names}


class Rows:
    """A (rows, C) table in a file, mapped into memory: only the rows that are asked for are read."""

    def __init__(self, info: TensorInfo) -> None:
        raw = {"F32": np.float32, "F16": np.float16, "BF16": np.uint16}[info.dtype]
        self._is_bfloat = info.dtype == "BF16"
        self._table = np.memmap(info.file, raw, mode="r", offset=info.start, shape=info.shape)

    def __call__(self, indices: mx.array) -> mx.array:
        """Rows by number: (...) to (..., C), float32."""
        rows = mx.array(self._table[np.array(indices)])
        return (rows.view(mx.bfloat16) if self._is_bfloat else rows).astype(mx.float32)
