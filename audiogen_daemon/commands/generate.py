"""`audiogen-daemon generate`: one take without a daemon, with a progress bar."""

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress as Bar

from audiogen_daemon import config as configuration
from audiogen_daemon.errors import CommandError
from audiogen_daemon.settings import PARAMETERS, Settings, change


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options: one for each setting of a take."""
    parser.add_argument("prompt", nargs="?", help="what it should sound like")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="instead of a name in the stem folder")
    parser.add_argument("--again", type=Path, metavar="FILE.json", help="make the take of a sidecar or stem once more")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    for parameter in PARAMETERS.values():
        if parameter.name != "prompt":
            parser.add_argument(f"--{parameter.name.replace('_', '-')}", metavar="X", help=parameter.help)


def run(options: argparse.Namespace) -> int:
    """Make the take, write the stem, say where it is."""
    from audiogen_daemon import api
    from audiogen_daemon.keeper import stem_format

    config = configuration.load(options.config, options.set)
    settings = api.complete(_settings(options, config))
    with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(settings.prompt[:40], total=1.0)
        result = api.make(settings, config, lambda fraction: bar.update(task, completed=fraction))
    folder, form = Path(config.stems.folder), stem_format(config)
    if options.output:
        folder, form = options.output.absolute().parent, dataclasses.replace(form, template=options.output.stem)
    path = result.save_stem(folder, form)
    if options.json:
        facts = {"path": str(path), "seconds": result.duration, "speed": result.speed, "seed": settings.seed}
        print(json.dumps(facts))
    else:
        print(f"{path}  ({result.duration:.2f} s, {result.speed:.2f} x real time, seed {settings.seed})")
    return 0


def _settings(options: argparse.Namespace, config: configuration.Config) -> Settings:
    settings = Settings(model=config.engine.model, prompt=config.take.prompt, seconds=config.take.seconds)
    if options.again:
        settings = _from_file(options.again)
    for name in PARAMETERS:
        value = getattr(options, name)
        if value is not None:
            try:
                settings = change(settings, name, value)
            except CommandError as error:
                raise CommandError(f"--{name.replace('_', '-')}: {error}") from error
    return settings


def _from_file(path: Path) -> Settings:
    from audiogen_daemon.audio.describe import read_record
    from audiogen_daemon.journal import settings_from

    try:
        record = read_record(path)
    except (OSError, ValueError) as error:
        raise CommandError(f"--again {path}: {error}") from error
    if record is None:
        raise CommandError(f"--again {path}: no take of ours; give a stem or its .json")
    return settings_from(dict(record.settings))
