"""How far from the bar recordings begin, and how soon they do without one: a JACK client plays, PortAudio records.

Needs jackd and PortAudio; recordings in which the server dropped blocks are thrown away. From the root:

    python -m benchmarks.bench_record
"""

import os
import queue
import tempfile
import time
from pathlib import Path

import numpy as np

from audiogen_daemon import messages as m
from audiogen_daemon.config import Record
from audiogen_daemon.recording import InputRecorder
from audiogen_daemon.transport import Grid
from benchmarks.bench_launch import row
from benchmarks.machine import print_machine
from tests.audio.conftest import Jack
from tests.audio.test_recorder_jack import RATE, Source, found_in

COUNT, TRIES = 10, 40
BAR = 0.75  # seconds


def main() -> None:
    """Measure and print."""
    print_machine()
    print(f"\n{'in ms':52}count    median     95 %      most")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        jack = Jack(folder)
        os.environ.update(jack.env)
        try:
            jack.start_server(RATE, period=1024)
            on_bar, at_once = runs(jack, folder, True), runs(jack, folder, False)
            row("first sample against the bar", [off for off, _ in on_bar])
            row("from the request to the first sample, at once", [delay for _, delay in at_once])
        finally:
            jack.close()


def runs(jack: Jack, folder: Path, on_bar: bool) -> list[tuple[float, float]]:
    """Record half a second each time; return errors against the bar and delays after the request, in seconds."""
    pcm = np.random.default_rng(1).uniform(-0.3, 0.3, 180 * RATE).astype(np.float32)
    source = Source(jack, pcm)
    kept: list[tuple[float, str]] = []
    for _ in range(TRIES):
        before, asked = jack.xruns(), time.monotonic()
        path = record(folder, Grid(asked + BAR, BAR / 4, BAR) if on_bar else None)
        if jack.xruns() == before:
            kept.append((asked, path))
        if len(kept) == COUNT:
            break
    source.end()
    delays = [source.left(found_in(pcm, path)[1]) - asked for asked, path in kept]
    return [((delay + BAR / 2) % BAR - BAR / 2, delay) for delay in delays]


def record(folder: Path, grid: Grid | None) -> str:
    """Record half a second from the next bar on, or at once; return the file."""
    said: queue.SimpleQueue[m.Message] = queue.SimpleQueue()
    recorder = InputRecorder(Record("source", 0.0), folder, said.put)
    recorder.start(m.StartRecording(0.0, 0.5, grid))
    event = said.get(timeout=30)
    while not isinstance(event, m.RecordingDone):
        event = said.get(timeout=30)
    recorder.close()
    return event.path


if __name__ == "__main__":
    main()
