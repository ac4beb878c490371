"""`audiogen-daemon demo`: however it ends, its private daemon ends with it."""

import os
import signal
import subprocess
import sys

from tests.audio.conftest import wait_for

COMMAND = [sys.executable, "-m", "audiogen_daemon", "demo", "--set", "engine.model=tone"]
DEADLINE = 40.0


def test_a_prompt_that_is_refused_ends_it_at_once(tmp_path):
    done = subprocess.run([*COMMAND, "--out", tmp_path, ""], capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 2
    assert "prompt is empty; say what it should sound like" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_it_leaves_what_it_made_and_the_folders_that_were_there(tmp_path):
    (tmp_path / "in").mkdir()
    words = ["--set", "monitor.enabled=false", "--set", "take.seconds=0.3", "--out", tmp_path, "dusty"]
    done = subprocess.run([*COMMAND, *words], capture_output=True, text=True, timeout=DEADLINE)
    assert done.returncode == 0, done.stderr
    assert sorted(path.suffix or path.name for path in tmp_path.iterdir()) == [".json", ".png", ".wav", "in"]


def test_its_daemon_does_not_outlive_it(tmp_path):
    slow = [*COMMAND, "--set", "engine.tone_pace=1.0", "--set", "monitor.enabled=false", "--out", tmp_path]
    with subprocess.Popen(slow, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as demo:
        wait_for((tmp_path / "in").is_dir, DEADLINE)  # its daemon has begun
        pid = int(children(demo.pid)[0])
        demo.send_signal(signal.SIGTERM)
        assert demo.wait(DEADLINE) == 128 + signal.SIGTERM
    wait_for(lambda: not lives(pid), DEADLINE)


def children(pid: int) -> list[str]:
    return subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
