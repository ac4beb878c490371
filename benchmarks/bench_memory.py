"""Resident memory and load time of the engine's models at musicgen-small's true shape: T5, decoder and codec.

Each row is a process of its own: it loads the model, then plays some steps of a take. Run from the repository's root:

    python -m benchmarks.bench_memory [--size small] [--dtype float32 float16] [--bits off quality] [--seconds 1]
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from audiogen_daemon.models.bits import OFF, Bits, parse_bits
from audiogen_daemon.resident import resident_bytes
from benchmarks.machine import print_machine

PROMPT = "dusty warm rhodes loop 90 bpm"


def main() -> None:
    """Measure and print; a row's own process comes in with --folder."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", default="small")
    parser.add_argument("--dtype", nargs="+", default=["float32", "float16"])
    parser.add_argument("--bits", nargs="+", type=parse_bits, default=[OFF], help="presets, or widths: 8, 4, 0")
    parser.add_argument("--seconds", type=float, default=0.2, help="length of the take that is played")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.folder is not None:
        print(json.dumps(row(options.folder, options.dtype[0], options.bits[0], options.seconds)))
        return
    print_machine("mlx")
    from benchmarks.true_shapes import write_true_shape

    with tempfile.TemporaryDirectory() as temporary:
        folder = write_true_shape(Path(temporary), options.size)
        size = sum(file.stat().st_size for file in folder.iterdir())
        print(f"musicgen-{options.size}: {size / 1e9:.2f} GB on disk")
        for dtype in options.dtype:
            for bits in options.bits:
                command = [sys.executable, "-m", "benchmarks.bench_memory", "--folder", str(folder), "--dtype", dtype]
                command += ["--bits", str(bits), "--seconds", str(options.seconds)]
                print_row(dtype, bits, json.loads(subprocess.check_output(command, text=True).splitlines()[-1]))


def print_row(dtype: str, bits: Bits, measured: dict[str, float]) -> None:
    """One line of the table."""
    print(
        f"  {dtype:<9} {bits!s:<9} loaded in {measured['load']:5.1f} s:"
        f" {measured['loaded']:.2f} GB resident; peak while loading {measured['load peak']:.2f};"
        f" after a take of {measured['seconds']:g} s {measured['played']:.2f}; peak {measured['peak']:.2f} GB"
    )


def row(folder: Path, dtype: str, bits: Bits, seconds: float) -> dict[str, float]:
    """Load and play in this process; gigabytes and seconds by name."""
    from audiogen_daemon.engine.blas import load_blas

    load_blas()
    from audiogen_daemon.models.pipeline import Request, Sampling
    from audiogen_daemon.models.registry import load

    start = time.perf_counter()
    pipeline = load(folder, folder, dtype, bits)
    measured = {"load": time.perf_counter() - start, "seconds": seconds, "loaded": resident(), "load peak": peak()}
    for _ in pipeline.generate(Request(PROMPT, seconds, 0, Sampling())):
        pass
    return measured | {"played": resident(), "peak": peak()}


def resident() -> float:
    """Gigabytes of this process in memory now."""
    return resident_bytes(os.getpid()) / 1e9


def peak() -> float:
    """Gigabytes of this process in memory at most so far."""
    unit = 1 if platform.system() == "Darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


if __name__ == "__main__":
    main()
