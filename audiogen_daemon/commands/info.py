"""`audiogen-daemon info`: what a stem knows of itself."""

import argparse
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

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
    for name in ("final", "draft_of"):
        relative = find_sidecar(options.file.absolute().parent, record[name]) if record.get(name) else None
        if relative:
            record[name] = relative.stem
    for name, value in (facts | {"take": record}).items():
        for line in _lines(name, value):
            print(line)
    return 0


def _lines(name: str, value: Any) -> Iterator[str]:
    """Yield `name: value`, for a table one line per name in it; nothing for what is not known or not set."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _lines(f"{name}.{key}", inner)
    elif value not in (None, "", []):
        yield f"{name}: {_words(value, '/' if name.endswith('.signature') else ', ')}"


def _words(value: Any, between: str) -> str:
    """Return a value as it is written on a command line."""
    if isinstance(value, list | tuple):
        return between.join(_words(inner, " ") for inner in value)
    if isinstance(value, bool):
        return str(int(value))
    return f"{value:.10g}" if isinstance(value, float) else str(value)
