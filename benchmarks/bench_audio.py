"""What sound costs: a block in the callback, resampling, writing a stem and reading what it says.

The quickest of several rounds counts. Needs no sound card. Run from the repository's root:

    python -m benchmarks.bench_audio [--seconds 30] [--rounds 5]
"""

import argparse
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from audiogen_daemon.audio.describe import describe
from audiogen_daemon.audio.isolated import IsolatedMonitor
from audiogen_daemon.audio.player import Player, Voice
from audiogen_daemon.audio.record import StemRecord
from audiogen_daemon.audio.resample import StreamResampler
from audiogen_daemon.audio.ring import PCM, Ring
from audiogen_daemon.audio.sources import Loop, Streamed
from audiogen_daemon.audio.stems import Encoding, StemFormat, save, true_peak_db
from benchmarks.machine import print_machine

RATE, BLOCK = 48_000, 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    print_machine("numpy", "soxr", "soundfile")
    callback()
    resampling(options.seconds, options.rounds)
    stems(options.seconds, options.rounds)
    speaker()


def callback() -> None:
    """Print what one block costs in the callback, in what it may play."""
    print(
        f"\ncallback, blocks of {BLOCK} at {RATE} Hz ({1e3 * BLOCK / RATE:.1f} ms)   median us   99 % us   of a block"
    )
    for name, make in (
        ("silence", lambda player: None),
        ("one mono take", lambda player: player.add(streamed(1))),
        ("one stereo take", lambda player: player.add(streamed(2))),
        ("a stereo take at -6 dB", lambda player: (player.set_gain(0.5), player.add(streamed(2)))),
        ("four stereo loops", lambda player: [player.add(Voice(Loop(noise(2.0, 2)), armed=1)) for _ in range(4)]),
    ):
        player, out, costs = Player(RATE, 2), np.zeros((BLOCK, 2), np.float32), []
        make(player)
        for _ in range(1000):
            begun = time.perf_counter()
            player.render(out)
            costs.append(1e6 * (time.perf_counter() - begun))
        middle, high = statistics.median(costs), sorted(costs)[989]
        print(f"  {name:48}{middle:11.1f}{high:10.1f}{middle * RATE / BLOCK / 1e6:12.2%}")


def resampling(seconds: float, rounds: int) -> None:
    """Print how much faster than real time chunks are converted, and when the first samples come out."""
    print(f"\nresampling in chunks of 0.5 s, {seconds:g} s        ms    x real time   first output after")
    for source, target, channels in (
        (32_000, 48_000, 1),
        (32_000, 44_100, 1),
        (32_000, 48_000, 2),
        (44_100, 48_000, 2),
    ):
        pcm = noise(seconds, channels, source)

        def convert(pcm: PCM = pcm, source: int = source, target: int = target, channels: int = channels) -> None:
            stream = StreamResampler(source, target, channels)
            for start in range(0, len(pcm), source // 2):
                stream.push(pcm[start : start + source // 2])
            stream.finish()

        cost = best(convert, rounds)
        print(
            f"  {source} to {target} Hz, {channels} channels{1e3 * cost:24.1f}{seconds / cost:13.0f}"
            f"{1e3 * first_output(source, target):17.1f} ms"
        )


def stems(seconds: float, rounds: int) -> None:
    """Print what saving a take costs, from PCM at 32 kHz to a name in a folder, and describing it."""
    print(f"\nstem of {seconds:g} s, 32 kHz mono to 48 kHz     ms       bytes")
    pcm = noise(seconds, 1, 32_000)
    record = StemRecord("bench", 1, "dusty rhodes loop", "model", 1, "2026-01-01T00:00:00+00:00", 120.0, 15, loop=False)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        encodings: tuple[Encoding, ...] = ("pcm24", "float32", "flac", "aiff")
        for encoding in encodings:
            form = StemFormat(encoding=encoding)
            cost = best(lambda form=form: save(record, pcm, 32_000, folder, form), rounds)
            path = save(record, pcm, 32_000, folder, form).path
            print(f"  save as {encoding:30}{1e3 * cost:8.1f}{path.stat().st_size:12}")
        print(f"  describe it again{1e3 * best(lambda: describe(path), rounds):29.2f}")
    print(f"  true peak{1e3 * best(lambda: true_peak_db(pcm, 32_000), rounds):37.1f}")


def speaker() -> None:
    """Print how soon the speaker process answers, what it holds in memory, and what it costs while nothing plays."""
    answered = threading.Event()
    monitor = IsolatedMonitor(None, 0.0, 0.1, BLOCK, lambda event: answered.set())
    begun = time.perf_counter()
    with monitor:
        answered.wait(60)
        first = time.perf_counter() - begun
        before, waited = ps(monitor.pid, "cputimes"), 20
        threading.Event().wait(waited)
        idle = (ps(monitor.pid, "cputimes") - before) / waited
        memory, card = ps(monitor.pid, "rss") / 1024, monitor.device_name or "no card"
        print(f"\nspeaker process on {card}: first event after {first:.2f} s, {memory:.0f} MB resident,")
        print(f"  {idle:.0%} of a core while nothing plays, to a whole second in {waited}")


def ps(pid: int, column: str) -> int:
    """Return what ps says of a process."""
    return int(subprocess.run(["ps", "-o", f"{column}=", "-p", str(pid)], capture_output=True, text=True).stdout)


def streamed(channels: int) -> Voice:
    """Return a voice with 30 s of a take in its ring."""
    ring = Ring(30 * RATE, channels)
    ring.write(noise(30.0, channels))
    return Voice(Streamed(ring), armed=1)


def noise(seconds: float, channels: int, rate: int = RATE) -> PCM:
    """Return quiet noise."""
    return 0.1 * np.random.default_rng(0).standard_normal((round(seconds * rate), channels)).astype(np.float32)


def first_output(source: int, target: int) -> float:
    """Return the seconds of input that go in before anything comes out."""
    stream = StreamResampler(source, target, 1)
    step, pushed = source // 1000, 0
    while True:
        pushed += step
        if len(stream.push(np.zeros((step, 1), np.float32))):
            return pushed / source


def best(work: Callable[[], object], rounds: int) -> float:
    """Return the quickest of several runs, in seconds."""
    costs = []
    for _ in range(rounds):
        begun = time.perf_counter()
        work()
        costs.append(time.perf_counter() - begun)
    return min(costs)


if __name__ == "__main__":
    main()
