"""A jam of the running daemon through PortAudio: what it misses, what memory it holds, how soon a prompt is heard.

Where jackd is, the sound card is a JACK server without hardware; elsewhere it is the default output. From the root:

    python -m benchmarks.bench_jam [--model starter] [--seconds 60]
"""

import argparse
import os
import shutil
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from statistics import median

from audiogen_daemon.resident import resident_bytes
from benchmarks.machine import print_machine
from tests.audio.conftest import Jack, wait_for
from tests.daemon.test_jam_heard import steering_delays
from tests.daemon.test_sound import device_of
from tests.live_daemon import LiveDaemon, live_daemon

PROMPTS = ("dusty rhodes loop, 90 bpm", "driving techno drums, 90 bpm", "warm pad")
STEER = 10.0
"""Seconds between two prompts."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="starter")
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    print_machine("mlx")
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        if not shutil.which("jackd"):
            jam(options.model, options.seconds, folder, "", os.environ.copy())
            return
        server = Jack(folder)
        try:
            server.start_server()
            jam(options.model, options.seconds, folder, "system", server.env)
            delays = steering_delays(server, folder, steers=5)
            print(f"/prompt to hearing it, tone model: median {median(delays):.2f} s, most {max(delays):.2f} s")
        finally:
            server.close()


def jam(model: str, seconds: float, folder: Path, device: str, environment: dict[str, str]) -> None:
    """Print the table of one jam that is given another prompt every few seconds."""
    sets = ("monitor.enabled=true", f"monitor.device={device}", f"engine.model={model}")
    threads = {"OMP_NUM_THREADS": str(os.cpu_count())}
    with live_daemon(folder, *sets, environment=threads | dict(os.environ) | environment) as daemon:
        wait_for(lambda: device_of(daemon))
        daemon.send("/jam/start", PROMPTS[0])
        daemon.wait("/take/audible")
        pids = [daemon.process.pid, *children(daemon.process.pid)]
        pause, began, first = threading.Event(), time.monotonic(), [0.0]
        print(f"\n{'played':>8}{'starved':>10}   resident MB of daemon, then of its children")
        for tenth in range(11):
            while time.monotonic() - began < tenth * seconds / 10:
                turn = int((time.monotonic() - began) / STEER)
                daemon.send("/prompt", PROMPTS[turn % len(PROMPTS)])
                pause.wait(min(STEER, max(0.0, began + tenth * seconds / 10 - time.monotonic())))
            held = [resident_bytes(pid) / 1e6 for pid in pids]
            first = held if tenth == 1 else first
            print(f"{time.monotonic() - began:6.0f} s{starved(daemon):10}   {' '.join(f'{mb:7.1f}' for mb in held)}")
        print(f"growth after the first tenth: {sum(held) - sum(first):.1f} MB")
        heard = [values[1] for address, values in daemon.heard if address == "/take/playing"]
        print(f"first heard after {heard[0]:.2f} s" if heard else "not heard")
        print(*(f"{values[0]}: {values[1]}" for address, values in daemon.heard if address == "/error"), sep="\n")
        daemon.send("/jam/stop")
        daemon.wait("/jam/stopped")


def children(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(child) for child in found.split()]


def starved(daemon: LiveDaemon) -> int:
    """Samples that were missed so far."""
    reply = next(values for address, values in daemon.ask(("/status", ())) if address == "/status/reply")
    return int(reply[reply.index("starved") + 1])


if __name__ == "__main__":
    main()
