"""`audiogen-daemon demo`: however it ends, its private daemon ends with it."""

import os
import signal
import subprocess
import sys
import time

COMMAND = [sys.executable, "-m", "audiogen_daemon", "demo", "--set", "engine.model=tone"]
DEADLINE = 40.0


def test_a_prompt_that_is_refused_ends_it_at_once(tmp_path):
    done = subprocess.run([*COMMAND, "--out", tmp_path, ""], capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 2
    assert "prompt is empty; say what it should sound like" in done.stderr


def test_its_daemon_does_not_outlive_it(tmp_path):
    slow = [*COMMAND, "--set", "engine.tone_pace=1.0", "--set", "monitor.enabled=false", "--out", tmp_path]
    with subprocess.Popen(slow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as demo:
        until((tmp_path / "in").is_dir)  # its daemon has begun
        pid = int(children(demo.pid)[0])
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(DEADLINE) == 128 + signal.SIGTERM
    until(lambda: not lives(pid))


def children(pid: int) -> list[str]:
    return subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def until(true):
    deadline = time.monotonic() + DEADLINE
    while not (found := true()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found
