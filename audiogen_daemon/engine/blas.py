"""A fast BLAS for MLX on a Linux CPU, loaded before MLX is.

MLX's Linux CPU wheel calls plain `cblas_sgemm` and brings the Netlib reference library: one thread, 1 GFLOP/s.
A library opened first with RTLD_GLOBAL takes its place, so nothing has to be rebuilt or preloaded.
"""

import ctypes
import ctypes.util
import functools
import importlib.metadata
import os
import platform
import sys
from pathlib import Path

OPENBLAS_PLACES = (
    "/usr/lib/x86_64-linux-gnu/openblas-pthread/libopenblas.so.0",
    "/usr/lib/aarch64-linux-gnu/openblas-pthread/libopenblas.so.0",
    "/usr/lib64/libopenblas.so.0",
)


@functools.cache
def load_blas() -> str:
    """Load the best BLAS there is and say which; call it before the first `import mlx`.

    Order: MKL from the `mkl` package (10-15x the reference), the system's OpenBLAS, what MLX brought. Only the
    first call does anything; macOS (Accelerate) and CUDA builds of MLX need nothing.
    """
    if platform.system() != "Linux":
        return "Accelerate"
    if _is_cuda_build():
        return "cuBLAS"
    if "mlx.core" in sys.modules:
        return "reference (MLX was imported before a BLAS was loaded)"
    return _load_mkl() or _load_openblas() or "reference (slow; install the `mkl` extra or libopenblas0)"


def _is_cuda_build() -> bool:
    names = (distribution.metadata["Name"] or "" for distribution in importlib.metadata.distributions())
    return any(name.lower().startswith("mlx-cuda") for name in names)


def _load_mkl() -> str | None:
    runtime = _packaged("intel-openmp", "libiomp5.so")
    mkl = _packaged("mkl", "libmkl_rt.so")
    if runtime is None or mkl is None:
        return None
    os.environ.setdefault("MKL_THREADING_LAYER", "INTEL")
    # Idle threads sleep after 1 ms: awake between the products of a step, gone before others need the core. Against
    # sleeping at once the starter's first audio came after 0.22 instead of 0.28 s (`benchmarks/bench_daemon.py`).
    os.environ.setdefault("KMP_BLOCKTIME", "1")
    if not (_open_global(runtime) and _open_global(mkl)):
        return None
    return f"MKL {importlib.metadata.version('mkl')}"


def _load_openblas() -> str | None:
    found = ctypes.util.find_library("openblas")
    for place in (*OPENBLAS_PLACES, *([found] if found else [])):
        if _open_global(place):
            return f"OpenBLAS ({place})"
    return None


def _packaged(distribution: str, library: str) -> str | None:
    """The path of a library that an installed distribution brought, whatever its version suffix."""
    try:
        files = importlib.metadata.files(distribution) or []
    except importlib.metadata.PackageNotFoundError:
        return None
    for file in files:
        path = Path(str(file.locate()))
        if path.name.startswith(library) and path.exists():
            return str(path.resolve())
    return None


def _open_global(path: str) -> bool:
    try:
        ctypes.CDLL(path, mode=ctypes.RTLD_GLOBAL)
    except OSError:
        return False
    return True
