"""Several takes in one pass beside a single take, and what an endless one costs: windows, changes, memory.

Takes of one and of several variations alternate in one process; the quickest of each counts, as the whole take and as
steps alone (sound left out). On a CPU the clock is the process's own, which other programs disturb less. From the root:

    python -m benchmarks.bench_variations [--model starter] [--seconds 4] [--counts 2 4 8] [--rounds 3] [--threads 1]
    python -m benchmarks.bench_variations --jam 600     (so many seconds of a jam, steered every few seconds)
"""

import argparse
import gc
import os
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.machine import print_machine

PROMPT = "dusty rhodes loop, 90 bpm"
OTHER = "driving techno drums, 90 bpm"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--models-folder", type=Path, default=Path("models"))
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--counts", type=int, nargs="*", default=[2, 4, 8])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--jam", type=float, default=0.0, help="seconds of sound")
    options = parser.parse_args()
    os.environ["OMP_NUM_THREADS"] = str(options.threads)
    from audiogen_daemon.engine.blas import load_blas

    print_machine("mlx")
    print(f"BLAS: {load_blas()}; {options.threads} threads; {options.model}")
    from audiogen_daemon.models import registry
    from audiogen_daemon.models.pipeline import Request

    pipeline = registry.load(options.model, options.models_folder, options.dtype)
    request = Request(PROMPT, options.seconds, 1, pipeline.sampling)
    if options.jam:
        jam(pipeline, request, options.jam)
    else:
        variations(pipeline, request, options.counts, options.rounds)


def variations(pipeline: Any, request: Any, counts: list[int], rounds: int) -> None:
    """Print how many times a single take's time several ones need."""
    whole: dict[int, list[float]] = {count: [] for count in (1, *counts)}
    drawn: dict[int, list[float]] = {count: [] for count in (1, *counts)}
    for _ in range(rounds + 1):
        for count in whole:
            asked = replace(request, variations=count)
            whole[count].append(timed(lambda asked=asked: list(pipeline.generate(asked))))
            drawn[count].append(timed(lambda asked=asked: steps_only(pipeline, asked)))
    print(f"\n{'takes':>6}{'whole take':>14}{'beside one':>12}{'steps alone':>14}{'beside one':>12}")
    for count in whole:
        # The first round warms up.
        take, steps = min(whole[count][1:]), min(drawn[count][1:])
        beside = take / min(whole[1][1:]), steps / min(drawn[1][1:])
        print(f"{count:6}{take:12.2f} s{beside[0]:11.2f}x{steps:12.2f} s{beside[1]:11.2f}x")


def steps_only(pipeline: Any, request: Any) -> None:
    """Draw a take's columns without making them sound."""
    from audiogen_daemon.models.musicgen.pipeline import MusicGen

    silent = MusicGen(pipeline.config, pipeline._prompts, pipeline._player, pipeline._codec, pipeline._ahead)
    silent._play = lambda score, speaker: iter(list(silent._player(score)))  # type: ignore[method-assign, assignment]
    list(silent.generate(request))


def jam(pipeline: Any, request: Any, seconds: float) -> None:
    """Print a jam's speed, its longest wait between two steps, and how memory grows."""
    import mlx.core as mx

    from audiogen_daemon.models.pipeline import Audio, Progress

    others = [replace(request, prompt=OTHER), request, replace(request, morph=((PROMPT, 1.0), (OTHER, 1.0)))]
    playing = pipeline.jam(request)
    made, waits, marks, turn = 0.0, [], [], 0
    print(f"\n{'played':>8}{'resident':>12}{'MLX active':>13}{'MLX cache':>12}{'objects':>10}")
    began = last = time.perf_counter()
    item: Any = next(playing)
    while made < seconds:
        if isinstance(item, Audio):
            made += len(item.pcm) / pipeline.sample_rate
        if isinstance(item, Progress):
            now = time.perf_counter()
            waits.append(now - last)
            last = now
        if made >= seconds * len(marks) / 10:
            gc.collect()
            marks.append(resident())
            memory = f"{mx.get_active_memory() / 1e6:10.1f} MB{mx.get_cache_memory() / 1e6:9.1f} MB"
            print(f"{made:6.0f} s{marks[-1]:9.1f} MB{memory}{len(gc.get_objects()):10}")
            last = time.perf_counter()
        if made >= 5.0 * (turn + 1):
            item, turn = playing.send(others[turn % len(others)]), turn + 1
        else:
            item = next(playing)
    spent = time.perf_counter() - began
    waits.sort()
    print(f"speed {made / spent:.2f}; wait for a step: median {1e3 * waits[len(waits) // 2]:.1f} ms,", end=" ")
    print(f"longest {1e3 * waits[-1]:.0f} ms; growth after the first tenth {marks[-1] - marks[1]:.1f} MB")


def resident() -> float:
    """This process's resident megabytes now."""
    status = Path("/proc/self/statm")
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize() / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def timed(work: Callable[[], Any]) -> float:
    """Seconds of wall time on a GPU, of this process's time on a CPU."""
    import mlx.core as mx

    clock = time.perf_counter if mx.default_device().type == mx.gpu else time.process_time
    began = clock()
    work()
    return clock() - began


if __name__ == "__main__":
    main()
