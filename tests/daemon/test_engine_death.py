"""A take whose engine dies is over for everybody, and the engine comes back as often as it has worked in between."""

import os
import signal
import subprocess
from pathlib import Path

from tests.live_daemon import LiveDaemon, live_daemon


def test_the_preview_of_a_take_whose_engine_died_is_closed(tmp_path):
    with live_daemon(tmp_path, "engine.tone_pace=0.05") as daemon:
        daemon.send("/generate", "dies", "seconds", 60)
        path = daemon.wait("/preview/written")
        [preview] = [values[1] for address, values in daemon.heard if address == "/preview/started"]
        assert preview in open_files(daemon.process.pid)
        since = len(daemon.heard)
        os.kill(engine_of(daemon), signal.SIGKILL)
        daemon.wait("/take/failed", lambda v: v[0] == path[0], since)
        daemon.ask()
        assert preview not in open_files(daemon.process.pid)


def test_an_engine_that_jams_between_its_deaths_comes_back_each_time(tmp_path):
    with live_daemon(tmp_path, "engine.quick_deaths=2") as daemon:
        for _ in range(2):
            since = len(daemon.heard)
            daemon.send("/jam/start")
            daemon.wait("/take/audible", since=since)
            os.kill(engine_of(daemon), signal.SIGKILL)
            daemon.wait("/engine/state", lambda v: v == ["restarting"], since)
            since = len(daemon.heard)
            daemon.wait("/take/audible", since=since)
            daemon.send("/jam/stop")
            daemon.wait("/jam/stopped", since=since)


def engine_of(daemon: LiveDaemon) -> int:
    """The process of the engine: the daemon's only child while the monitor is off."""
    found = subprocess.run(["pgrep", "-P", str(daemon.process.pid)], capture_output=True, text=True, check=True)
    return int(found.stdout)


def open_files(pid: int) -> set[str]:
    return {os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir() if path.exists()}


def test_a_jam_that_is_stopped_does_not_come_back_with_its_engine(tmp_path):
    with live_daemon(tmp_path) as daemon:
        for stopped_while in ("hanging", "restarting"):
            since = len(daemon.heard)
            daemon.send("/jam/start", "endless")
            daemon.wait("/take/audible", since=since)
            engine = engine_of(daemon)
            if stopped_while == "hanging":
                os.kill(engine, signal.SIGSTOP)
                daemon.ask(("/jam/stop", ()))
                os.kill(engine, signal.SIGKILL)
            else:
                os.kill(engine, signal.SIGKILL)
                daemon.wait("/engine/state", lambda v: v == ["restarting"], since)
                daemon.send("/jam/stop")
            daemon.wait("/jam/stopped", since=since)
            daemon.wait("/engine/state", lambda v: v == ["ready"], since)
            daemon.ask()
            heard = [address for address, _ in daemon.heard[since:]]
            assert (heard.count("/jam/started"), heard.count("/jam/stopped")) == (1, 1), stopped_while
