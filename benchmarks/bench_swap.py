"""What it costs to change between two warm models: first audio with and without a swap, and what is heard meanwhile.

Both are the embedded model twice, so that only the swap differs. Takes are asked for in turns: of the model that played
last, and of the other one; first in this process, where processor time says what waiting for other programs hides, then
of a daemon. Last, takes are heard through a JACK server without hardware, where there is one, while the next are made;
what starved is counted, without and with swaps. Run from the repository's root:

    python -m benchmarks.bench_swap [--rounds 20]
"""

import argparse
import os
import shutil
import tempfile
import time
from pathlib import Path
from statistics import median

from audiogen_daemon.models.registry import STARTER
from benchmarks.machine import print_machine
from tests.audio.conftest import Jack, wait_for
from tests.live_daemon import LiveDaemon, live_daemon

MODELS = ("starter", "second")
SECONDS = 1.0
LOADS = 4


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    print_machine("mlx")
    processor_time(options.rounds)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copytree(STARTER, folder / "models" / "second")
        with live_daemon(folder, f"models.folder={folder / 'models'}") as daemon:
            swaps(daemon, options.rounds)
        if shutil.which("jackd") is None:
            print("no jackd here: not heard")
            return
        jack = Jack(folder)
        try:
            jack.start_server()
            heard(folder, jack, options.rounds)
        finally:
            jack.close()


def processor_time(rounds: int) -> None:
    """Print milliseconds of a core from a request to its first audio, in this process."""
    from audiogen_daemon.engine.blas import load_blas

    load_blas()
    from audiogen_daemon.models import registry
    from audiogen_daemon.models.pipeline import Pipeline, Request

    def first(pipeline: Pipeline) -> float:
        begun = time.process_time()
        items = pipeline.generate(Request("dusty rhodes loop", SECONDS, 1, pipeline.sampling))
        while not hasattr(next(items), "pcm"):
            pass
        spent = time.process_time() - begun
        list(items)
        return spent

    pipelines = [registry.load(STARTER, STARTER) for _ in MODELS]
    for pipeline in pipelines:
        first(pipeline)
    pairs = [(first(pipelines[number % 2]), first(pipelines[number % 2])) for number in range(rounds)]
    for words, times in (
        ("same model", [same for _, same in pairs]),
        ("other model", [swapped for swapped, _ in pairs]),
    ):
        print(f"{f'{words}, processor time to first audio, median':58} {1e3 * median(times):8.1f} ms")
    extra = median(swapped - same for swapped, same in pairs)
    print(f"{'what the swap adds, median of the differences':58} {1e3 * extra:8.1f} ms")


def swaps(daemon: LiveDaemon, rounds: int) -> None:
    """Print seconds from asking to first audio, by whether the model changes, and what a first load costs."""
    for name in MODELS:
        begun = time.monotonic()
        load(daemon, name)
        print(f"{f'{name}: not warm, load and warm-up':58} {1e3 * (time.monotonic() - begun):8.1f} ms")
    daemon.send("/set/seconds", SECONDS)
    for name in MODELS:
        first_audio(daemon, name)  # the prompt is encoded
    same, swapped, asked = [], [], []
    for number in range(rounds):
        name = MODELS[number % 2]
        swapped.append(first_audio(daemon, name))
        same.append(first_audio(daemon, name))
        begun = time.monotonic()
        daemon.ask(("/set/model", (MODELS[(number + 1) % 2],)))
        asked.append(time.monotonic() - begun)
    for words, times in (("same model", same), ("/set/model to the other", swapped)):
        print(
            f"{f'{words}, /generate to first audio, median of {rounds}':58} {1e3 * median(times):8.1f} ms"
            f"   quickest {1e3 * min(times):8.1f} ms"
        )
    extra = [b - a for a, b in zip(same, swapped, strict=True)]
    print(
        f"{'what the swap adds, median of the differences':58} {1e3 * median(extra):8.1f} ms"
        f"   of the quickest {1e3 * (min(swapped) - min(same)):8.1f} ms"
    )
    print(f"{'/set/model answered, median':58} {1e3 * median(asked):8.1f} ms")


def load(daemon: LiveDaemon, name: str) -> None:
    """Have a model warm."""
    since = len(daemon.heard)
    daemon.send("/model/load", name)
    daemon.wait("/model/ready", lambda values: values[0] == name, since)


def first_audio(daemon: LiveDaemon, name: str) -> float:
    """Seconds from asking a model for a take to its first audio; returns when the take is done."""
    since, begun = len(daemon.heard), time.monotonic()
    daemon.send("/set/model", name)
    daemon.send("/generate", "dusty rhodes loop", "seed", 1)
    take = daemon.wait("/take/audible", since=since)[0]
    seconds = time.monotonic() - begun
    daemon.wait("/stem/saved", lambda values: values[0] == take, since)
    return seconds


def heard(folder: Path, jack: Jack, rounds: int) -> None:
    """Print samples that starved while a take plays and the next is made, by the same model and by the other."""
    sets = ["monitor.enabled=true", "monitor.device=system", f"models.folder={folder / 'models'}"]
    (folder / "heard").mkdir()
    with live_daemon(folder / "heard", *sets, environment=os.environ | jack.env) as daemon:
        wait_for(lambda: fact(daemon, "device") == "system")
        for name in MODELS:
            load(daemon, name)
        since = len(daemon.heard)
        for setting in (("tempo", 120), ("bars", 1), ("loop", 1)):
            daemon.send(f"/set/{setting[0]}", setting[1])
        first_audio(daemon, MODELS[0])
        daemon.wait("/monitor/level", lambda values: values[0] > -60, since)
        before = int(str(fact(daemon, "starved")))
        for _ in range(LOADS):
            daemon.send("/model/unload", MODELS[1])
            load(daemon, MODELS[1])
        starved = int(str(fact(daemon, "starved"))) - before
        print(f"{f'samples starved over {LOADS} loads of a model while a loop plays':58} {starved:8}")
        for words, names in (("takes of one model", MODELS[:1] * 2), ("swaps", MODELS)):
            before = int(str(fact(daemon, "starved")))
            for number in range(rounds):
                first_audio(daemon, names[number % 2])
            starved = int(str(fact(daemon, "starved"))) - before
            print(f"{f'samples starved over {rounds} {words} while sound plays':58} {starved:8}")
        print(f"{'speed':58} {float(str(fact(daemon, 'speed'))):8.2f}")


def fact(daemon: LiveDaemon, name: str) -> object:
    """A value of the daemon's status."""
    reply = next(values for address, values in daemon.ask(("/status", ())) if address == "/status/reply")
    return dict(zip(reply[::2], reply[1::2], strict=True))[name]


if __name__ == "__main__":
    main()
