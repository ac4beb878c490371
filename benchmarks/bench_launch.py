"""How far from the beat takes are heard: at a JACK server's output, by OSC and by Link, and in the model of the clock.

Needs jackd and PortAudio; recordings in which the server itself dropped blocks are thrown away. From the root:

    python -m benchmarks.bench_launch
"""

import random
import tempfile
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from audiogen_daemon.transport import Transport
from benchmarks.machine import print_machine
from tests.audio.conftest import Jack
from tests.audio.test_launch_jack import TEMPO, clicking, launch_errors, song
from tests.test_link import link_peer

LAUNCHES = 20


def main() -> None:
    """Measure and print."""
    print_machine()
    print(f"\n{'error in ms':52}count    median     95 %      most")
    for spread in (0.0, 0.004, 0.020):
        row(f"clock model, messages late by {1e3 * spread:g} ms on average", modelled(spread))
    with tempfile.TemporaryDirectory() as folder:
        by_osc(Path(folder))
    if find_spec("aalink"):
        with tempfile.TemporaryDirectory() as folder:
            by_link(Path(folder))


def row(name: str, errors: list[float]) -> None:
    """Print one line of the table."""
    size = 1e3 * np.abs(errors)
    print(f"{name:50}{len(size):7}{np.median(size):10.2f}{np.percentile(size, 95):10.2f}{size.max():10.2f}")


def modelled(spread: float) -> list[float]:
    """Return errors of the next bar, a position every 50 ms, each late by a random time; one in twenty by 0.3 s."""
    rng, errors = random.Random(0), []
    transport = Transport().with_tempo(TEMPO, 0.0).with_playing(True, 0.0)
    told = sorted((i / 20 + late(rng, spread), i / 20) for i in range(20 * 600))
    for at, sent in told:
        transport = transport.with_beat(sent * TEMPO / 60, at)
        if sent > 4.0:
            errors.append(transport.next_boundary(at, "bar") % 2.0)
    return [min(error, 2.0 - error) for error in errors]


def late(rng: random.Random, spread: float) -> float:
    """Return by how much one message is late, in seconds."""
    return 0.3 if spread and rng.random() < 0.05 else rng.expovariate(1 / spread) if spread else 0.0


def by_osc(folder: Path) -> None:
    """Print the errors at the output with a DAW that tells its position by OSC."""
    jack = Jack(folder)
    try:
        jack.start_server()
        with clicking(jack, folder) as daemon, song(daemon.port) as playing:
            daemon.wait("/state/tempo")
            row(
                "heard, position by OSC up to 8 ms late",
                launch_errors(jack, daemon, folder, playing.beat_before, LAUNCHES),
            )
    finally:
        jack.close()


def by_link(folder: Path) -> None:
    """Print the errors at the output with another program on Link."""
    jack = Jack(folder)
    try:
        jack.start_server()
        with link_peer(TEMPO) as peer, clicking(jack, folder, "transport.source=link") as daemon:
            daemon.wait("/state/tempo", lambda values: values == [TEMPO])
            name = f"heard, another program on Link (aalink {metadata.version('aalink')})"
            row(name, launch_errors(jack, daemon, folder, peer.beat_began, LAUNCHES))
    finally:
        jack.close()


if __name__ == "__main__":
    main()
