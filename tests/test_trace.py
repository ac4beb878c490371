"""A trace tells what happened when, and never stands in the daemon's way."""

import json
from pathlib import Path

import pytest

from audiogen_daemon.errors import CommandError
from audiogen_daemon.trace import FileTrace


def test_a_trace_is_json_once_it_is_closed(tmp_path):
    trace = FileTrace(tmp_path / "trace.json")
    trace.note("osc", "/generate", size=3)
    trace.close()
    events = json.loads((tmp_path / "trace.json").read_text())
    assert ("/generate", {"size": "3"}) in [(event.get("name"), event.get("args")) for event in events]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no disk that is always full")
def test_a_trace_on_a_full_disk_ends_and_says_so_once(caplog):
    trace = FileTrace(Path("/dev/full"))
    for _ in range(3):
        trace.note("osc", "/generate")
    trace.close()
    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "the trace ends here, it cannot be written"
    ]


def test_a_trace_that_cannot_be_written_at_all_is_named_with_the_cure(tmp_path):
    with pytest.raises(CommandError, match=r"trace\.json cannot be written: No such file.*; name another"):
        FileTrace(tmp_path / "none" / "trace.json")
