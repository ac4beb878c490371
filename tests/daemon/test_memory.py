"""What the daemon says it holds is what the system and MLX say."""

import json
import os
import subprocess
import sys

import pytest

from audiogen_daemon.resident import resident_bytes
from tests.live_daemon import LiveDaemon, live_daemon
from tests.models.reference.tiny_musicgen import SHAPES, write_checkpoint


def facts(daemon: LiveDaemon) -> dict[str, object]:
    reply = next(values for address, values in daemon.ask(("/status", ())) if address == "/status/reply")
    return dict(zip(reply[::2], reply[1::2], strict=True))


def test_status_tells_real_memory_and_the_command_line_shows_it(tmp_path):
    write_checkpoint(tmp_path / "models" / "tiny", SHAPES["mono"])
    with live_daemon(tmp_path, f"models.folder={tmp_path / 'models'}", "engine.quantize=balanced") as daemon:
        daemon.send("/model/load", "tiny")
        daemon.wait("/model/ready", lambda values: values[0] == "tiny")
        told = facts(daemon)
        assert told["daemon_memory_mb"] == pytest.approx(resident_bytes(daemon.process.pid) / 1e6, rel=0.2)
        children = subprocess.run(["pgrep", "-P", str(daemon.process.pid), "-f", "worker"], capture_output=True)
        assert told["engine_memory_mb"] == pytest.approx(resident_bytes(int(children.stdout.split()[0])) / 1e6, rel=0.2)
        assert str(told["warm"]).split(",") == ["tone", "tiny"]
        assert sum(map(float, str(told["warm_mb"]).split(","))) == pytest.approx(told["memory_mb"], abs=0.2)
        assert 0.3 < float(str(told["memory_mb"])) <= float(str(told["mlx_active_mb"])) < 50
        assert float(str(told["mlx_cache_mb"])) >= 0

        since = len(daemon.heard)
        daemon.send("/models")
        tiny = daemon.wait("/models/reply", lambda values: values[0] == "tiny", since)
        assert tiny[1:] == ["warm", pytest.approx(told["memory_mb"], abs=0.1), "float32 balanced"]

        command = [sys.executable, "-m", "audiogen_daemon", "status", "--set", f"osc.listen=127.0.0.1:{daemon.port}"]
        command += ["--set", f"daemon.state={tmp_path / 'state'}"]
        shown = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=True, timeout=60).stdout
        line = next(line for line in shown.splitlines() if line.startswith("memory:"))
        assert "engine_memory " in line
        assert line.endswith("(MB)")
        as_json = subprocess.run([*command, "--json"], capture_output=True, text=True, check=True, timeout=60).stdout
        assert json.loads(as_json)["daemon"]["engine_memory_mb"] > 20
