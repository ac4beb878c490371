"""What MLX runs on here, and every choice that follows from it, in one place.

Measured with `benchmarks/bench_step.py`. On 2-core x86 machines bytes and BLAS calls decide, so float32, exact cache
lengths and folded cross-attention win, while compiling and pipelining gain nothing. On a GPU the number of launched
operations decides, so 16 bit, fixed shapes, several steps in one compiled graph and, on CUDA, kernels of our own win:
one step of musicgen-small takes 1.5 to 1.8 ms on an NVIDIA H200 instead of 6, one of large 3.3 to 3.6 instead of 18.
Without the kernels, blocks of 1, 4 and 8 steps took 6.0, 6.1 and 6.7 ms. The number of steps for METAL is not measured.
"""

import ctypes
import functools
import gc
import platform
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import mlx.core as mx

DType = Literal["float32", "float16", "bfloat16"]

SMALL_WEIGHTS = 100_000_000

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
"""Names of mallopt(3)."""

DTYPES: dict[str, mx.Dtype] = {"float32": mx.float32, "float16": mx.float16, "bfloat16": mx.bfloat16}


@dataclass(frozen=True)
class Backend:
    """The choices for one kind of machine.

    name: cpu, metal or cuda. dtype: what `dtype="auto"` means here. steps_per_graph: steps in one compiled graph, 0 for
    plain evaluation step by step. fold_text: fold the text into the cross-attention weights where that is smaller.
    weight_columns: keep dense weights as (in, out) instead of the checkpoint's (out, in). centred: normalize layers in
    the way of `layers.centred`. slow_functions: exponentials and the like take many times as long as products; see
    `layers.activations`. kernels: steps run in those of `layers.cuda`.
    """

    name: str
    dtype: DType
    steps_per_graph: int
    fold_text: bool
    weight_columns: bool = False
    centred: bool = False
    slow_functions: bool = False
    kernels: bool = False


CPU = Backend("cpu", "float32", steps_per_graph=0, fold_text=True, centred=True)
METAL = Backend("metal", "float16", steps_per_graph=2, fold_text=False)
CUDA = Backend("cuda", "float16", steps_per_graph=4, fold_text=False, kernels=True)


@functools.cache
def detect() -> Backend:
    """The backend that MLX's default device belongs to."""
    if mx.default_device().type != mx.gpu:
        x86 = platform.machine() in ("x86_64", "AMD64")
        return replace(CPU, weight_columns=not _reads_rows_fast(), slow_functions=x86)
    return METAL if mx.metal.is_available() else CUDA


def _reads_rows_fast() -> bool:
    """Whether the BLAS in use multiplies two rows by an (out, in) matrix as fast as it can read it.

    MKL does on Intel processors with AVX-512, and there (in, out) takes twice as long; with other processors and
    libraries it is the other way round. Not timed, so that one machine always computes the same numbers.
    """
    try:
        processor = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        libraries = Path("/proc/self/maps").read_text(encoding="utf-8")
    except OSError:
        return True
    return "GenuineIntel" in processor and "avx512f" in processor and "libmkl" in libraries


def set_blas_threads(weights: int) -> None:
    """Let MKL or OpenBLAS multiply on one thread for a small model, and on as many as they began with for others.

    The products of a small model are over before a second thread has woken up, and a thread that waits for another
    waits long where a DAW has the cores too: next to other programs the starter's steps took a third longer on two
    threads than on one. Large models need the memory bandwidth of several cores.

    Args:
        weights: bytes that a step reads.
    """
    found = _blas_threads()
    if found is not None:
        set_threads, most = found
        set_threads(1 if weights < SMALL_WEIGHTS else most)


@functools.cache
def _blas_threads() -> tuple[Callable[[int], object], int] | None:
    """What sets the number of threads, and how many there were at first; None where there is no such BLAS."""
    library = ctypes.CDLL(None)
    for get, set_ in (
        ("MKL_Get_Max_Threads", "MKL_Set_Num_Threads"),
        ("openblas_get_num_threads", "openblas_set_num_threads"),
    ):
        if hasattr(library, get):
            return getattr(library, set_), getattr(library, get)()
    return None


def keep_freed_memory() -> None:
    """Let the C library of Linux keep what MLX frees between two operations, up to 64 MB of it.

    MLX's CPU build takes every array of every operation from `malloc`, and glibc gives large ones back to the system
    at once, which then has to clear each page again: more work than the operation itself. With this the codec of
    MusicGen decodes 25 frames in 0.17 instead of 0.30 s (quickest of 12 each, in turn, on a shared 2-core EPYC).
    """
    tune = getattr(ctypes.CDLL(None), "mallopt", None) if platform.system() == "Linux" else None
    if tune is not None:
        tune(M_MMAP_THRESHOLD, 32 << 20)
        tune(M_TRIM_THRESHOLD, 64 << 20)


def release_spare_memory() -> None:
    """Give back what loading a model has left in the allocators of MLX and the C library."""
    gc.collect()
    mx.clear_cache()
    if platform.system() == "Linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc's; other C libraries have none
        if trim is not None:
            trim(0)
