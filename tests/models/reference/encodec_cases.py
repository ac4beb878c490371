"""The stored results of the reference codec, made by make_encodec.py, and the codec to compare with them."""

import functools
import json
from dataclasses import dataclass
from pathlib import Path

import mlx.core as mx
import numpy as np

from audiogen_daemon.models.encodec import Encodec, EncodecConfig, load_encodec
from tests.models.reference.encodec_weights import random_tensors

CASES = ("reflect", "constant", "odd", "short")


@dataclass(frozen=True)
class Case:
    """config: of transformers. tensors: by the hub's names. decoded: of codes. encoded: of pcm."""

    config: EncodecConfig
    tensors: dict[str, np.ndarray]
    codes: np.ndarray
    decoded: np.ndarray
    pcm: np.ndarray
    encoded: np.ndarray

    def arrays(self) -> dict[str, mx.array]:
        """Return the tensors as MLX loads them."""
        return {name: mx.array(value) for name, value in self.tensors.items()}


@functools.cache
def load_case(name: str) -> Case:
    """Read a stored case and draw its weights again."""
    with np.load(Path(__file__).with_name(f"encodec_{name}.npz")) as stored:
        shapes = {key: tuple(shape) for key, shape in json.loads(str(stored["shapes"])).items()}
        return Case(
            config=EncodecConfig.from_dict(json.loads(str(stored["config"]))),
            tensors=random_tensors(shapes, int(stored["seed"])),
            codes=stored["codes"],
            decoded=stored["decoded"],
            pcm=stored["pcm"],
            encoded=stored["encoded"],
        )


@functools.cache
def load_codec(name: str) -> Encodec:
    """Build the codec of a stored case."""
    case = load_case(name)
    return load_encodec(case.arrays(), case.config)
