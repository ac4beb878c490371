"""Random EnCodec weights that depend on seed, name and shape alone, so that no weight needs to be stored."""

import zlib
from collections.abc import Mapping

import numpy as np

from audiogen_daemon.models.weights import Shape

NEW = ("parametrizations.weight.original0", "parametrizations.weight.original1")
OLD = ("weight_g", "weight_v")


def random_tensor(name: str, shape: Shape, seed: int) -> np.ndarray:
    """Draw one tensor, float32, at a scale that keeps signals near 1 through the whole stack.

    RandomState's streams are frozen, so that every numpy version draws the same numbers.
    """
    name = old_spelling(name)
    draw = np.random.RandomState(zlib.crc32(name.encode()) ^ seed)
    if name.endswith("weight_g"):
        value = draw.uniform(0.6, 1.4, shape)
    elif ".lstm.weight" in name:
        value = draw.normal(0, 1.5 / np.sqrt(shape[1]), shape)
    elif name.endswith("bias"):
        value = draw.normal(0, 0.1, shape)
    elif name.endswith("embed"):
        value = draw.normal(0, 0.6 / (1 + int(name.split(".")[2])), shape)
    else:
        value = draw.normal(0, 1, shape)
    return value.astype(np.float32)


def random_tensors(shapes: Mapping[str, Shape], seed: int) -> dict[str, np.ndarray]:
    """Draw every tensor of a checkpoint."""
    return {name: random_tensor(name, shape, seed) for name, shape in shapes.items()}


def old_spelling(name: str) -> str:
    """Return a tensor's name as files of 2023 and 2024 spell it."""
    return name.replace(NEW[0], OLD[0]).replace(NEW[1], OLD[1])
