"""`audiogen-daemon info`: what a stem knows of itself."""

import argparse
import json
from pathlib import Path

from audiogen_daemon.audio.describe import describe
from audiogen_daemon.errors import CommandError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", type=Path, help="a stem, or any sound file")
    parser.add_argument("--json", action="store_true", help="print as JSON")


def run(options: argparse.Namespace) -> int:
    """Print form, chunks and the take it came from."""
    try:
        facts = describe(options.file)
    except (OSError, ValueError) as error:
        raise CommandError(f"{options.file}: {error}") from error
    if options.json:
        print(json.dumps(facts, default=str))
        return 0
    record = facts.pop("record")
    for name, value in facts.items():
        print(f"{name}: {value}")
    for name, value in (record or {}).items():
        print(f"take.{name}: {value}")
    return 0
