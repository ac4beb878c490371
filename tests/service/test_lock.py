"""One daemon per state folder, and a dead one never stands in the way."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from audiogen_daemon.messages import Peer
from audiogen_daemon.service.lock import Holder, Lock, holder
from audiogen_daemon.service.manager import ServiceError

HOLD = """
import sys
from pathlib import Path
from audiogen_daemon.messages import Peer
from audiogen_daemon.service.lock import Lock
lock = Lock(Path(sys.argv[1]))
lock.record(Peer("127.0.0.1", 12010))
sys.stdout.write("held\\n")
sys.stdout.flush()
sys.stdin.read()
"""


@pytest.fixture
def other_daemon(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_daemon_is_told_who_holds_the_lock_and_what_to_do(other_daemon, tmp_path):
    with pytest.raises(ServiceError) as refused:
        Lock(tmp_path)

    assert f"pid {other_daemon.pid}, listening on 127.0.0.1:12010" in str(refused.value)
    assert f"with Ctrl-C, or with `kill {other_daemon.pid}`" in str(refused.value)
    assert "audiogen-daemon stop" not in str(refused.value)
    assert "--set daemon.state=DIR" in str(refused.value)


def test_who_meets_the_login_services_daemon_is_told_to_stop_the_service(tmp_path, monkeypatch):
    monkeypatch.setenv("AUDIOGEN_SERVICE", "launchd")
    with Lock(tmp_path) as held:
        held.record(Peer("127.0.0.1", 12010))
        with pytest.raises(
            ServiceError, match="stop the login service with `audiogen-daemon stop`, or give"
        ) as refused:
            Lock(tmp_path)
    assert "kill" not in str(refused.value)


def test_who_holds_it_can_be_asked_from_outside(other_daemon, tmp_path):
    assert holder(tmp_path) == Holder(other_daemon.pid, "127.0.0.1", 12010)


def test_the_lock_of_a_killed_daemon_is_free_at_once(other_daemon, tmp_path):
    os.kill(other_daemon.pid, signal.SIGKILL)
    other_daemon.wait(5)

    assert holder(tmp_path) is None
    with Lock(tmp_path) as lock:
        assert lock.left == Holder(other_daemon.pid, "127.0.0.1", 12010)
        assert holder(tmp_path) == Holder(os.getpid())


def test_a_clean_end_leaves_nothing_behind(tmp_path):
    with Lock(tmp_path) as lock:
        lock.record(Peer("127.0.0.1", 1))

    assert holder(tmp_path) is None
    with Lock(tmp_path) as lock:
        assert lock.left is None


def test_a_child_process_does_not_keep_the_lock(tmp_path):
    lock = Lock(tmp_path)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        lock.release()
        assert holder(tmp_path) is None
        child.kill()


def test_asking_does_not_make_a_starting_daemon_fail(tmp_path):
    Lock(tmp_path).release()
    done = threading.Event()

    def ask():
        while not done.is_set():
            holder(tmp_path)

    asking = threading.Thread(target=ask)
    asking.start()
    try:
        for _ in range(50):
            Lock(tmp_path).release()
    finally:
        done.set()
        asking.join()


def test_a_folder_nobody_used_has_no_holder(tmp_path):
    assert holder(tmp_path / "nothing") is None


def test_a_lock_file_full_of_rubbish_is_taken_over(tmp_path):
    (tmp_path / "daemon.lock").write_bytes(b"\xff\x00{]" * 100)

    with Lock(tmp_path) as lock:
        assert lock.left is None
        assert holder(tmp_path) == Holder(os.getpid())


def test_a_state_folder_that_cannot_be_made_is_named_with_the_cure(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ServiceError, match=r"file/state/daemon.lock cannot be written.*--set daemon.state=DIR"):
        Lock(Path(tmp_path / "file" / "state"))
