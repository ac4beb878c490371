"""`audiogen-daemon batch`: a file of prompts in, a folder of stems out; taken up again where it stopped."""

import argparse
import hashlib
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress as Bar

from audiogen_daemon import api
from audiogen_daemon import config as configuration
from audiogen_daemon.audio import atomic, stems
from audiogen_daemon.errors import CommandError, JobError
from audiogen_daemon.keeper import stem_format
from audiogen_daemon.settings import Settings

DONE = "batch-done.jsonl"
"""In the output folder: one line per line of the input that is made; what makes a batch resumable."""

MOST_NAMED = 20
"""Lines that are wrong and are told at once."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("file", type=Path, help='a prompt per line, or JSON: {"prompt": "warm pad", "seconds": 8}')
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where the stems go")


def run(options: argparse.Namespace) -> int:
    """Make every take that is not made yet; one that fails is reported and the rest go on."""
    config = configuration.load(options.config, options.set)
    form, out = stem_format(config), options.out.absolute()
    lines = _lines(options.file)
    jobs = list(zip(_keys(lines), lines, _all_settings(lines, config), strict=True))
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"--out {options.out}: {error.strerror}; name a folder that can be written") from error
    atomic.sweep_parts(out)
    done = _done(out / DONE)
    failed = made = 0
    with Bar(console=Console(stderr=True), disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(options.file.name, total=len(jobs))
        for index, (key, (number, _), settings) in enumerate(jobs):

            def tell(fraction: float, index: int = index) -> None:
                bar.update(task, completed=index + fraction)

            # A stem that landed just before a kill is not noted yet.
            if key not in done and stems.recover(out, key) is None:
                try:
                    path = api.make(settings, config, tell).save_stem(out, form, api.new_take(1, settings, key))
                except (CommandError, JobError) as error:
                    failed += 1
                    print(f"line {number}: {error}", file=sys.stderr)
                else:
                    _note(out / DONE, {"key": key, "path": str(path), "seed": settings.seed})
                    made += 1
                    print(path, flush=True)
            tell(1.0)
    if not made and not failed:
        print(f"nothing is left to make: all {len(jobs)} of {options.file} are in {options.out}", file=sys.stderr)
    return 1 if failed else 0


def _lines(file: Path) -> list[tuple[int, str]]:
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}; name a file with a prompt per line") from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{file} is no UTF-8 text: {error}; name a file with a prompt per line") from error
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line and not line.startswith("#")]
    if not lines:
        raise CommandError(f"{file} holds no prompts; write one per line")
    return lines


def _all_settings(lines: list[tuple[int, str]], config: configuration.Config) -> list[Settings]:
    """Return the settings of each line.

    Raises:
        CommandError: naming the lines that are wrong, of very many the first.
    """
    found, wrong = [], []
    for number, line in lines:
        try:
            found.append(_settings(line, number, config))
        except CommandError as error:
            wrong.append(str(error))
    if wrong:
        more = [f"and {len(wrong) - MOST_NAMED} more"] if len(wrong) > MOST_NAMED else []
        raise CommandError("\n  ".join([*wrong[:MOST_NAMED], *more]))
    return found


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


def _keys(lines: list[tuple[int, str]]) -> list[str]:
    """What tells each line from all others wherever it stands: its words, and how often they stand before it."""
    seen: Counter[str] = Counter()
    keys = []
    for _, line in lines:
        keys.append(hashlib.blake2b(f"{seen[line]}:{line}".encode(), digest_size=16).hexdigest())
        seen[line] += 1
    return keys


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
