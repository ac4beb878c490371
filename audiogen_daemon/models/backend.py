"""What MLX runs on here, and every choice that follows from it, in one place.

Measured on a 2-core Xeon and an H200 (`benchmarks/bench_step.py`): on a CPU bytes and BLAS calls decide, so float32,
exact cache lengths and folded cross-attention win, while compiling and pipelining gain nothing. On a GPU the number
of launched operations decides, so 16 bit, fixed shapes and several steps in one compiled graph win.
"""

import functools
from dataclasses import dataclass
from typing import Literal

import mlx.core as mx

DType = Literal["float32", "float16", "bfloat16"]

DTYPES: dict[str, mx.Dtype] = {"float32": mx.float32, "float16": mx.float16, "bfloat16": mx.bfloat16}


@dataclass(frozen=True)
class Backend:
    """The choices for one kind of machine.

    name: cpu, metal or cuda. dtype: what `dtype="auto"` means here. steps_per_graph: steps in one compiled graph, 0 for
    plain evaluation step by step. fold_text: fold the text into the cross-attention weights where that is smaller.
    """

    name: str
    dtype: DType
    steps_per_graph: int
    fold_text: bool


CPU = Backend("cpu", "float32", steps_per_graph=0, fold_text=True)
METAL = Backend("metal", "float16", steps_per_graph=2, fold_text=False)
CUDA = Backend("cuda", "float16", steps_per_graph=4, fold_text=False)


@functools.cache
def detect() -> Backend:
    """The backend that MLX's default device belongs to."""
    if mx.default_device().type != mx.gpu:
        return CPU
    return METAL if mx.metal.is_available() else CUDA
