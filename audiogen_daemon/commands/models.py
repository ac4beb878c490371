"""`audiogen-daemon models` and `fetch`: what is installed, what can be had, and getting it."""

import argparse
import json
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn
from rich.table import Column, Table

from audiogen_daemon import config as configuration
from audiogen_daemon.errors import CommandError, JobError
from audiogen_daemon.models import registry


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    if parser.prog.endswith("fetch"):
        parser.add_argument("name", help="such as musicgen-small")
    else:
        parser.add_argument("--json", action="store_true", help="print as JSON")


def run(options: argparse.Namespace) -> int:
    """List the models, or fetch one."""
    config = configuration.load(options.config, options.set)
    folder = Path(config.models.folder)
    if options.command == "fetch":
        return _fetch(options.name, folder)
    rows = _rows(folder)
    if options.json:
        print(json.dumps(rows))
        return 0
    longest = max(len(str(row["name"])) for row in rows)  # a name is there to be copied: it is never cut
    table = Table(Column("model", min_width=longest), "state", "family", "MB", "licence", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*(str(row[key]) for key in ("name", "state", "family", "megabytes", "licence")))
    Console().print(table)
    return 0


def _rows(folder: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    here = {model.name: model for model in registry.installed(folder)}
    for model in here.values():
        known = registry.KNOWN.get(model.name)
        licence = known.licence if known else "CC0 1.0" if model.name == "starter" else ""
        rows.append(
            {
                "name": model.name,
                "state": "installed",
                "family": model.family,
                "megabytes": model.megabytes,
                "licence": licence,
            }
        )
    for name, known in registry.KNOWN.items():
        if name not in here:
            state = "downloadable" if known.playable else "not playable yet"
            rows.append(
                {
                    "name": name,
                    "state": state,
                    "family": known.family,
                    "megabytes": known.megabytes,
                    "licence": known.licence,
                }
            )
    return rows


def _fetch(name: str, folder: Path) -> int:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None)
        try:
            path = registry.fetch(name, folder, lambda done, total: bar.update(task, completed=done, total=total))
        except LookupError as error:
            raise CommandError(str(error)) from error
        except (OSError, ValueError) as error:
            raise JobError("fetch", f"{name} could not be fetched: {error}; what arrived is kept, try again") from error
    print(f"{name} is in {path}; play it with /model/load {name} and /set/model {name}")
    return 0
