"""`audiogen-daemon batch`: a file of prompts in, a folder of stems out; taken up again where it stopped."""

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress as Bar

from audiogen_daemon import api
from audiogen_daemon import config as configuration
from audiogen_daemon.errors import CommandError, JobError
from audiogen_daemon.keeper import stem_format
from audiogen_daemon.settings import Settings

DONE = "batch-done.jsonl"
"""In the output folder: one line per line of the input that is made; what makes a batch resumable."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", type=Path, help="a prompt per line, or JSON lines: {'prompt': …, 'seconds': …}")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the stems go")


def run(options: argparse.Namespace) -> int:
    """Make every take that is not made yet; one that fails is reported and the rest go on."""
    config = configuration.load(options.config, options.set)
    jobs = [(_key(number, line), _settings(line, number, config)) for number, line in _lines(options.file)]
    options.out.mkdir(parents=True, exist_ok=True)
    done = _done(options.out / DONE)
    failed = 0
    with Bar(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(options.file.name, total=len(jobs))
        for number, (key, settings) in enumerate(jobs):
            if key not in done:
                try:
                    path = api.make(settings, config).save_stem(options.out.absolute(), stem_format(config))
                except (CommandError, JobError) as error:
                    failed += 1
                    print(f"line {number + 1}: {error}", file=sys.stderr)
                else:
                    _note(options.out / DONE, {"key": key, "path": str(path), "seed": settings.seed})
                    print(path, flush=True)
            bar.update(task, completed=number + 1)
    return 1 if failed else 0


def _lines(file: Path) -> list[tuple[int, str]]:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file}: {error}") from error
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if not lines:
        raise CommandError(f"{file} holds no prompts; write one per line")
    return lines


def _settings(line: str, number: int, config: configuration.Config) -> Settings:
    values: dict[str, Any] = {"prompt": line}
    if line.startswith("{"):
        try:
            values = json.loads(line)
        except ValueError as error:
            raise CommandError(f"line {number} is no JSON: {error}") from error
        if "prompt" not in values:
            raise CommandError(f'line {number} has no "prompt"')
    try:
        return api.settings_for(str(values.pop("prompt")), config, values)
    except CommandError as error:
        raise CommandError(f"line {number}: {error}") from error


def _key(number: int, line: str) -> str:
    """What tells a line from all others: its place and its words."""
    return hashlib.blake2b(f"{number}:{line}".encode(), digest_size=12).hexdigest()


def _done(file: Path) -> set[str]:
    """Keys of what an earlier run finished; a last line that was cut short does not count."""
    found = set()
    for line in file.read_text("utf-8").splitlines() if file.exists() else ():
        try:
            found.add(json.loads(line)["key"])
        except (ValueError, KeyError):
            continue
    return found


def _note(file: Path, facts: dict[str, Any]) -> None:
    with file.open("a", encoding="utf-8") as out:
        out.write(json.dumps(facts) + "\n")
        out.flush()
