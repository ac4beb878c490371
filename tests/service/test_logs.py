"""The log: rotates, and keeps stderr for people and crashes."""

import os
import subprocess
import sys

import pytest

from audiogen_daemon.service import logs
from audiogen_daemon.service.manager import ServiceError

SCRIPT = """
import logging, sys
from pathlib import Path
from audiogen_daemon.service import logs
logs.start(Path(sys.argv[1]))
logging.getLogger("somewhere").info("hello %s", "there")
{}
"""


def run(folder, last_line: str, **variables: str) -> subprocess.CompletedProcess:
    environment = {k: v for k, v in os.environ.items() if k != "AUDIOGEN_SERVICE"} | variables
    command = [sys.executable, "-c", SCRIPT.format(last_line), folder]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=30)


def test_a_person_sees_on_stderr_what_the_log_keeps(tmp_path):
    done = run(tmp_path / "log", "")

    kept = (tmp_path / "log" / "audiogen.log").read_text()
    assert "INFO    somewhere: hello there" in kept
    assert done.stderr == kept


def test_under_a_service_manager_stderr_stays_empty(tmp_path):
    done = run(tmp_path, "", AUDIOGEN_SERVICE="launchd")

    assert done.stderr == ""
    assert "hello there" in (tmp_path / "audiogen.log").read_text()


@pytest.mark.parametrize("variables", [{}, {"AUDIOGEN_SERVICE": "launchd"}])
def test_a_crash_is_in_the_log_and_once_on_stderr(variables, tmp_path):
    done = run(tmp_path, "1 / 0", **variables)

    assert done.returncode == 1
    assert "CRITICAL audiogen_daemon: crashed" in (tmp_path / "audiogen.log").read_text()
    assert (tmp_path / "audiogen.log").read_text().count("ZeroDivisionError: ") == 1
    assert done.stderr.count("ZeroDivisionError: ") == 1


def test_the_log_never_grows_beyond_five_files(tmp_path):
    lines = "for _ in range(40): logging.getLogger('x').info('y' * 1000)"
    run(tmp_path, f"logging.getLogger().handlers[0].maxBytes = 5000\n{lines}")

    names = sorted(p.name for p in tmp_path.iterdir())
    assert names == ["audiogen.log", "audiogen.log.1", "audiogen.log.2", "audiogen.log.3", "audiogen.log.4"]


def test_crashes_kept_by_the_service_manager_are_emptied_once_they_are_large(tmp_path):
    file = tmp_path / "crash.log"
    file.write_bytes(b"x" * (logs.FILE_BYTES + 1))
    with file.open("ab") as crashes:
        logs.trim(crashes.fileno())
        assert file.stat().st_size == 0
        crashes.write(b"small")
        crashes.flush()
        logs.trim(crashes.fileno())
    assert file.read_bytes() == b"small"


def test_a_log_folder_that_cannot_be_made_is_named_with_the_cure(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ServiceError, match=r"audiogen.log cannot be written.*--set daemon.log=DIR"):
        logs.start(tmp_path / "file" / "log")
