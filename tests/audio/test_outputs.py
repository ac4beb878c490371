"""Whether an output is there is asked outside, and a process that cannot tell refuses nothing."""

import json
import subprocess
from typing import Any

import pytest

from audiogen_daemon.audio import outputs
from audiogen_daemon.audio.output import OutputError
from audiogen_daemon.audio.outputs import main, why_missing


def test_a_name_that_no_output_has_is_refused_by_a_process_of_its_own() -> None:
    reason = why_missing("no card has this name", 60.0)
    assert "no card has this name" in reason or "no sound output" in reason or "no PortAudio" in reason


@pytest.mark.parametrize("reason", ["", 'no output matches "größer"; name one of: A, B'])
def test_the_process_says_why_in_one_line(
    reason: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def find(device: str | None) -> Any:
        if reason:
            raise OutputError(reason)

    monkeypatch.setattr(outputs, "find_output", find)
    assert main(["größer"]) == 0
    assert json.loads(capsys.readouterr().out) == reason


@pytest.mark.parametrize(
    "fate", [subprocess.TimeoutExpired("python", 5.0), OSError("no process"), ValueError("embedded null byte"), ""]
)
def test_what_nobody_can_tell_is_no_refusal(fate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*arguments: Any, **options: Any) -> Any:
        if isinstance(fate, Exception):
            raise fate
        return subprocess.CompletedProcess([], 1, stdout=fate)

    monkeypatch.setattr(subprocess, "run", run)
    assert why_missing("card", 5.0) == ""
