"""Whether an output can be had is tried outside, and a process that cannot tell refuses nothing."""

import json
import subprocess
from typing import Any

import pytest

from audiogen_daemon.audio import outputs
from audiogen_daemon.audio.output import OutputError
from audiogen_daemon.audio.outputs import main, why_unusable


def test_a_name_that_no_output_has_is_refused_by_a_process_of_its_own() -> None:
    reason = why_unusable("no card has this name", "", 60.0)
    assert "no card has this name" in reason or "no sound output" in reason or "no PortAudio" in reason


NO_SUCH = 'no output matches "größer"; name one of: A, B'
BUSY = 'the output "Größer" does not open (Device unavailable); is another program using it?'


@pytest.mark.parametrize(
    ("missing", "busy", "playing", "reason"),
    [
        ("", "", "A", ""),
        (NO_SUCH, "", "A", NO_SUCH),
        ("", BUSY, "", BUSY),
        ("", BUSY, "hw:0", BUSY + ' Or is it "hw:0", which plays, by another name?'),
        ("", BUSY, "Größer", ""),  # it is the daemon itself that uses it
    ],
)
def test_the_process_says_in_one_line_why_an_output_is_not_there_or_does_not_open(
    missing: str,
    busy: str,
    playing: str,
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    opened = []

    def find(device: str | None) -> dict[str, Any]:
        if missing:
            raise OutputError(missing)
        return {"name": "Größer"}

    class Opened:
        def __init__(self, device: str, block: int, make_player: Any) -> None:
            if busy:
                raise OutputError(busy)
            opened.append(device)

        def close(self) -> None:
            opened.remove("größer")

    monkeypatch.setattr(outputs, "find_output", find)
    monkeypatch.setattr(outputs, "Output", Opened)
    assert main(["größer", playing]) == 0
    assert json.loads(capsys.readouterr().out) == reason
    assert opened == []


@pytest.mark.parametrize(
    "fate", [subprocess.TimeoutExpired("python", 5.0), OSError("no process"), ValueError("embedded null byte"), ""]
)
def test_what_nobody_can_tell_is_no_refusal(fate: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(*arguments: Any, **options: Any) -> Any:
        if isinstance(fate, Exception):
            raise fate
        return subprocess.CompletedProcess([], 1, stdout=fate)

    monkeypatch.setattr(subprocess, "run", run)
    assert why_unusable("card", "", 5.0) == ""
