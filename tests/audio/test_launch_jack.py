"""On the one: what a JACK server captured begins on the beat that the DAW, or another program on Link, has."""

import contextlib
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiogen_daemon.control.osc import encode
from tests.audio.conftest import Jack, wait_for
from tests.live_daemon import LiveDaemon, live_daemon
from tests.test_link import link_peer

pytestmark = pytest.mark.jack

RATE = 48000
TEMPO = 120.0
BEAT = 60 / TEMPO
ALLOWED = 0.010


class Song(threading.Thread):
    """A DAW that plays: it tells its position 20 times a second, each time up to 8 ms late."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.began = time.monotonic() + 0.1
        self.over = threading.Event()
        self._port = port

    def beat_before(self, moment: float) -> float:
        """Return when the beat at a moment began."""
        return self.began + (moment - self.began) // BEAT * BEAT

    def run(self) -> None:
        rng = random.Random(1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.connect(("127.0.0.1", self._port))
            wire.send(encode("/transport/tempo", (TEMPO,)))
            wire.send(encode("/transport/playing", (1,)))
            while not self.over.wait(0.05):
                beat = (time.monotonic() - self.began) / BEAT
                self.over.wait(rng.uniform(0, 0.008))
                wire.send(encode("/transport/beat", (beat,)))


@contextlib.contextmanager
def song(port: int) -> Iterator[Song]:
    playing = Song(port)
    playing.start()
    try:
        yield playing
    finally:
        playing.over.set()
        playing.join()


@contextlib.contextmanager
def capture(jack: Jack, file: Path) -> Iterator[None]:
    """Write down what the monitor plays, and when."""
    script = str(Path(__file__).parent / "jack_capture.py")
    ear = jack.spawn(
        sys.executable, script, "PortAudio:out_0", str(file), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert ear.stdout.readline() == "ready\n"
    yield
    ear.stdin.close()
    assert ear.wait(20) == 0


def recorded(file: Path) -> tuple[np.ndarray, Callable[[int], float]]:
    """Return the samples, and what tells when each of them left the speaker, in monotonic seconds."""
    heard = np.load(file)
    frames = heard["pcm"].shape[1]
    # Blocks follow each other without a gap: the one whose time was taken soonest tells that of all around it.
    starts = heard["at"] - np.arange(len(heard["at"])) * frames / RATE + float(heard["latency"])
    return heard["pcm"].ravel(), lambda i: starts[max(0, i // frames - 24) :][:48].min() + i / RATE


def onsets(file: Path) -> list[float]:
    """Return when each click's first sample left the speaker, in monotonic seconds."""
    pcm, when = recorded(file)
    return [
        when(i) for i in np.flatnonzero((pcm[1:] > 0.4) & (pcm[:-1] <= 0.4))
    ]  # its second one is its first loud one


@contextlib.contextmanager
def clicking(jack: Jack, folder: Path, *sets: str) -> Iterator[LiveDaemon]:
    """Run a daemon with one take, whose stem is a click."""
    sets = ("monitor.enabled=true", "monitor.device=system", "transport.launch=beat", f"stems.rate={RATE}", *sets)
    with live_daemon(folder, *sets, environment=os.environ | jack.env) as daemon:
        daemon.send("/generate", "x", "seconds", 0.5)
        path = Path(daemon.wait("/stem/saved")[1])
        daemon.wait("/take/playing")
        pcm = np.zeros((4800, 1), np.float32)
        pcm[1:480] = 0.8
        soundfile.write(path, pcm, RATE, "FLOAT")
        yield daemon


def launch_errors(
    jack: Jack, daemon: LiveDaemon, folder: Path, beat_before: Callable[[float], float], launches: int
) -> list[float]:
    """Return how far from a beat so many clicks were heard, in seconds, from recordings without a dropped block."""
    errors: list[float] = []
    for attempt in range(40):
        before, file = jack.xruns(), folder / f"heard{attempt}.npz"
        with capture(jack, file):
            for _ in range(4):
                since = len(daemon.heard)
                daemon.send("/monitor/play")
                daemon.wait("/take/playing", since=since)
            wait_for(lambda: silent(daemon))
        if jack.xruns() > before:
            continue
        heard = onsets(file)
        assert len(heard) == 4
        errors += [(at - beat_before(at) + BEAT / 2) % BEAT - BEAT / 2 for at in heard]
        if len(errors) >= launches:
            return errors
    pytest.fail(f"the JACK server dropped blocks all the time; {len(errors)} launches were recorded whole")


def silent(daemon: LiveDaemon) -> bool:
    """Whether no level has been told for a while: nothing plays any more."""
    return daemon.hear(0.5) is None


def test_takes_begin_on_the_beat_of_a_daw_that_tells_its_position_by_osc(jack: Jack, tmp_path: Path) -> None:
    with clicking(jack, tmp_path) as daemon, song(daemon.port) as playing:
        daemon.wait("/state/tempo")
        errors = launch_errors(jack, daemon, tmp_path, playing.beat_before, launches=20)
    assert np.percentile(np.abs(errors), 95) <= ALLOWED


def test_takes_begin_on_the_beat_of_another_program_on_link(jack: Jack, tmp_path: Path) -> None:
    pytest.importorskip("aalink")
    with link_peer(TEMPO) as peer, clicking(jack, tmp_path, "transport.source=link") as daemon:
        daemon.wait("/state/tempo", lambda values: values == [TEMPO])
        errors = launch_errors(jack, daemon, tmp_path, peer.beat_began, launches=12)
    assert np.percentile(np.abs(errors), 95) <= ALLOWED


def test_variations_swap_and_end_on_the_bar_of_a_daw(jack: Jack, tmp_path: Path) -> None:
    sets = ("monitor.enabled=true", "monitor.device=system", "transport.launch=bar", f"stems.rate={RATE}")
    bar, errors = 2 * BEAT, []
    with live_daemon(tmp_path, *sets, environment=os.environ | jack.env) as daemon:
        daemon.send("/generate", "x", "bars", 1, "tempo", TEMPO, "loop", 1, "variations", 2, "launch", "off")
        for take, level in ((1, 0.5), (2, -0.5)):
            path = daemon.wait("/stem/saved", lambda v, take=take: v[0] == take)[1]
            soundfile.write(path, np.full((2 * RATE, 1), level, np.float32), RATE, "FLOAT")
        daemon.send("/monitor/stop")
        with song(daemon.port) as playing:
            daemon.wait("/state/tempo")
            daemon.send("/transport/signature", 2, 4)
            for attempt in range(20):
                before, file = jack.xruns(), tmp_path / f"swap{attempt}.npz"
                with capture(jack, file):
                    for name in (1, "B"):
                        since = len(daemon.heard)
                        daemon.send("/monitor/play", name)
                        daemon.wait("/take/playing", since=since)
                    daemon.send("/monitor/stop")
                    wait_for(lambda: silent(daemon))
                if jack.xruns() == before:
                    pcm, when = recorded(file)
                    swapped, ended = np.flatnonzero(pcm < -0.49)[0], np.flatnonzero(np.abs(pcm) > 1e-3)[-1] + 1
                    errors += [(when(i) - playing.began + bar / 2) % bar - bar / 2 for i in (swapped, ended)]
                if len(errors) >= 12:
                    break
    assert len(errors) >= 12
    assert np.percentile(np.abs(errors), 95) <= ALLOWED
