"""`audiogen-daemon info`: what a stem knows of itself."""

import argparse
import json
from pathlib import Path

from audiogen_daemon.audio.describe import describe
from audiogen_daemon.audio.stems import find_sidecar
from audiogen_daemon.errors import CommandError


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", type=Path, help="a stem, or any sound file")
    parser.add_argument("--json", action="store_true", help="print as JSON")


def run(options: argparse.Namespace) -> int:
    """Print form, chunks and the take it came from."""
    try:
        facts = describe(options.file)
    except OSError as error:
        raise CommandError(f"{options.file} cannot be read: {error.strerror}; name a sound file") from error
    except ValueError as error:
        raise CommandError(str(error)) from error
    if options.json:
        print(json.dumps(facts, default=str))
        return 0
    record = facts.pop("record") or {}
    for name, value in facts.items():
        print(f"{name}: {value}")
    for name, value in record.items():
        relative = (
            find_sidecar(options.file.absolute().parent, value) if name in ("final", "draft_of") and value else None
        )
        print(f"take.{name}: {relative.stem if relative else value}")
    return 0
