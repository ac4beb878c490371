"""`audiogen-daemon record`: have a running daemon record the input, for melodies and styles to follow."""

import argparse
import json
import sys

import soundfile
from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bar

from audiogen_daemon import config as configuration
from audiogen_daemon.commands.send import client_for

DOUBTS = 0.5
"""Seconds that the daemon gets to say what may be wrong with a recording; it does so at once."""

LAST_WORD = 10.0
"""Seconds that a recording which was stopped gets to reach the disk."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--bars", type=float, metavar="N", help="instead of the bars that are set, or 4")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(options: argparse.Namespace) -> int:
    """Record, and say where the file is; Ctrl-C ends it and keeps what there is."""
    config = configuration.load(options.config, options.set)
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[level]:.0f} dBFS"))
    with client_for(config) as client, Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("waits for the input and the bar", total=None, level=-120.0)
        try:
            path = client.record(options.bars, lambda seconds, level: _show(bar, task, seconds, level))
        except KeyboardInterrupt:
            client.send("/record/stop")
            path = client.recorded(timeout=LAST_WORD)
        doubts = [str(values[1]) for address, values in client.answers(DOUBTS) if address == "/error"]
    for doubt in doubts:
        if doubt.startswith(path.name):
            print(f"audiogen-daemon: {doubt}", file=sys.stderr)
    seconds = soundfile.info(path).duration
    if options.json:
        print(json.dumps({"path": str(path), "seconds": seconds}))
    else:
        print(f"{path}  ({seconds:.2f} s); follow it: audiogen-daemon send /set/melody {path.name}")
    return 0


def _show(bar: Bar, task: TaskID, seconds: float, level: float) -> None:
    bar.update(task, description=f"{seconds:.1f} s", level=level)
