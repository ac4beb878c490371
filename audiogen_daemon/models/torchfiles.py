"""Files that torch.save wrote, read without trusting them: tensors and plain values come out, nothing is executed."""

import importlib
import pickle
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from audiogen_daemon.models.reading import CheckpointError
from audiogen_daemon.models.weights import read_json

INDEX = "pytorch_model.bin.index.json"
SINGLE = "pytorch_model.bin"


class TorchMissingError(LookupError):
    """torch is needed and not installed."""


def torch() -> Any:
    """The torch module.

    Raises:
        TorchMissingError: says how to install it.
    """
    try:
        return importlib.import_module("torch")
    except ImportError as error:
        raise TorchMissingError("reading .bin files needs torch; run: make setup EXTRAS=convert") from error


def read_torch_file(file: Path) -> dict[str, Any]:
    """What a file holds, tensors mapped from disk where its format allows.

    Raises:
        CheckpointError: missing, damaged, or a pickle that asks for more than tensors and plain values.
        TorchMissingError: torch is not installed.
    """
    library = torch()
    if not file.is_file():
        raise CheckpointError(f"{file}: missing")
    try:
        content = library.load(str(file), map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(file))
    except pickle.UnpicklingError as error:
        reason = _reason(str(error))
        raise CheckpointError(
            f"{file}: refused, because it is not made of tensors and plain values alone ({reason});"
            " such a file can run any program; get it from where it was published"
        ) from error
    except (RuntimeError, EOFError, KeyError, ValueError, OSError) as error:
        first = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise CheckpointError(f"{file}: not a whole torch file ({first[:200]}); fetch it again") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{file}: holds a {type(content).__name__}, wanted a dictionary of tensors")
    return content


def _reason(text: str) -> str:
    lines = [line.strip() for line in text.splitlines()]
    telling = [line for line in lines if "GLOBAL" in line or "Unsupported" in line or "not an allowed" in line]
    return (telling or [line for line in lines if line] or ["unreadable pickle"])[0][:200]


def read_bin_folder(path: Path) -> dict[str, Any]:
    """Every tensor of a folder with pytorch_model.bin, or with the files its index lists.

    Raises:
        CheckpointError: as `read_torch_file`, or a file or tensor is missing or listed twice.
    """
    if (path / SINGLE).exists():
        return tensors_of(read_torch_file(path / SINGLE), path / SINGLE)
    listed = read_json(path / INDEX).get("weight_map")
    if not isinstance(listed, dict) or not all(isinstance(name, str) for name in listed.values()):
        raise CheckpointError(f"{path / INDEX}: no weight_map of tensor names to files")
    tensors: dict[str, Any] = {}
    for name in sorted(set(listed.values())):
        if Path(name).name != name:
            raise CheckpointError(f"{path / INDEX}: {name!r} is not a file name in this folder")
        for key, tensor in tensors_of(read_torch_file(path / name), path / name).items():
            if key in tensors:
                raise CheckpointError(f"{path}: tensor {key} is in {name} and in a file before it")
            tensors[key] = tensor
    missing = sorted(set(listed) - set(tensors))
    if missing:
        raise CheckpointError(f"{path / INDEX}: lists {missing[0]}, which is in none of the files")
    return tensors


def tensors_of(content: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """The content of a file that must hold tensors alone."""
    is_tensor = torch().is_tensor
    for name, value in content.items():
        if not is_tensor(value):
            raise CheckpointError(f"{file}: {name} is a {type(value).__name__}, wanted a tensor")
    return dict(content)
