"""Ableton Link is followed where it is installed, and never needed."""

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from audiogen_daemon.link import LinkError, follow, load_aalink
from audiogen_daemon.messages import LinkHeard
from audiogen_daemon.transport import Transport
from tests.live_daemon import live_daemon


class Peer:
    """Another program in the session; `said` grows: (when, beat, tempo, peers)."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.said: list[tuple[float, float, float, int]] = []
        self._process = process
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            at, beat, tempo, peers = line.split()
            self.said.append((float(at), float(beat), float(tempo), int(peers)))

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(10)
        self._reader.join(10)
        self._process.stdout.close()

    def beat_began(self, around: float) -> float:
        """Return when the beat at a moment began, as the peer has it; its own late wake-ups do not count."""
        near = [(at, beat, tempo) for at, beat, tempo, _ in self.said if abs(at - around) < 1.0]
        period = 60.0 / near[-1][2]
        origin = min(at - beat * period for at, beat, _ in near)
        return origin + (around - origin) // period * period


@contextmanager
def link_peer(tempo: float) -> Iterator[Peer]:
    """Run another program on Link, which wants this tempo."""
    command = [sys.executable, str(Path(__file__).parent / "link_peer.py"), str(tempo)]
    peer = Peer(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True))
    try:
        yield peer
    finally:
        peer.close()


def test_another_program_on_link_gives_the_beat_within_three_milliseconds() -> None:
    pytest.importorskip("aalink")
    tempo, heard = 137.0, []

    async def listen() -> Transport:
        transport, settled = Transport(), time.monotonic() + 30
        done = asyncio.Event()

        def tell(said: LinkHeard) -> None:
            nonlocal transport, settled
            transport = transport.with_tempo(said.tempo, said.at).with_playing(said.peers > 0, said.at)
            transport = transport.with_beat(said.beat, said.at)
            heard.append(said)
            if abs(said.tempo - tempo) < 0.01 and said.peers:
                settled = min(settled, said.at + 3.0)
            if said.at > settled:
                done.set()

        following = asyncio.ensure_future(follow(tell, lambda: 4.0))
        await asyncio.wait_for(done.wait(), 40)
        following.cancel()
        return transport

    with link_peer(tempo) as peer:
        transport = asyncio.run(listen())
    now = heard[-1].at
    boundary = transport.next_boundary(now, "beat")
    period = 60 / tempo
    apart = (boundary - peer.beat_began(now) + period / 2) % period - period / 2
    assert abs(apart) < 0.003
    assert now <= boundary <= now + period + 1e-6


def test_without_the_binding_the_error_names_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aalink", None)
    with pytest.raises(LinkError, match=r"make setup EXTRAS=link"):
        load_aalink()


def test_a_daemon_without_the_binding_says_so_and_works(tmp_path: Path) -> None:
    (tmp_path / "aalink.py").write_text("raise ImportError('no aalink here')\n")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(__file__).parents[1]}"}
    with live_daemon(tmp_path, "transport.source=link", environment=environment) as daemon:
        address, reason = daemon.wait("/error")
        assert address == "/transport"
        assert "no aalink here" in reason
        assert "set transport.source to osc" in reason
        daemon.send("/generate", "x", "seconds", 1)
        daemon.wait("/stem/saved")


def test_the_daemon_does_not_import_the_binding() -> None:
    code = "import audiogen_daemon.daemon, sys; sys.exit('aalink' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
