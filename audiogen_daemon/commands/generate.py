"""`audiogen-daemon generate`: one take without a daemon, and its final if one is asked for, with a progress bar."""

import argparse
import dataclasses
import functools
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import TaskID

from audiogen_daemon import config as configuration
from audiogen_daemon.audio.stems import ENDINGS, StemFormat
from audiogen_daemon.errors import CommandError, JobError
from audiogen_daemon.messages import Take
from audiogen_daemon.session.finals import pair
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
    """Make the take, write the stem, say where it is; and so with its final."""
    from audiogen_daemon import api
    from audiogen_daemon.keeper import stem_format

    config = configuration.load(options.config, options.set)
    settings, continues = _settings(options, config)
    settings = api.complete(settings)
    folder, form = Path(config.stems.folder), stem_format(config)
    if options.output:
        folder, form = options.output.absolute().parent, _named(form, options.output)
    facts: list[dict[str, Any]] = []
    for take in _takes(settings, config, continues):
        with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
            task = bar.add_task(f"{settings.prompt[:40]} ({take.settings.model})", total=1.0)
            result = api.make(take.settings, config, functools.partial(_show, bar, task), take.continues)
        path = result.save_stem(folder, form, take)
        facts.append({"path": str(path), "seconds": result.duration, "speed": result.speed, "seed": settings.seed})
        if not options.json:
            print(f"{path}  ({result.duration:.2f} s, {result.speed:.2f} x real time, seed {settings.seed})")
    if options.json:
        print(json.dumps(facts[0] | ({"final": facts[1]} if facts[1:] else {})))
    return 0


def _named(form: StemFormat, output: Path) -> StemFormat:
    """Return the form for stems of that name."""
    from audiogen_daemon import api

    try:
        return dataclasses.replace(form, template=api.template_for(output, form.encoding))
    except CommandError as error:
        raise CommandError(f"-o {error}, or choose the kind: --set stems.format={'|'.join(ENDINGS)}") from error


def _show(bar: Bar, task: TaskID, fraction: float) -> None:
    bar.update(task, completed=fraction)


def _takes(settings: Settings, config: configuration.Config, continues: str) -> tuple[Take, ...]:
    """Return what is to be made: the take, or a draft and its final."""
    from audiogen_daemon import api

    take = dataclasses.replace(api.new_take(1, settings), continues=continues)
    if not settings.finish_with:
        return (take,)
    if settings.finish_with == settings.model:
        raise CommandError(f"--finish-with: {settings.model} makes the take itself; name a larger model")
    try:
        api.check_memory(settings.finish_with, config)
    except (LookupError, ValueError, OSError, JobError) as error:
        raise CommandError(f"--finish-with: {error}") from error
    final = api.new_take(2, settings)
    return pair(take, final.id, final.uid)


def _settings(options: argparse.Namespace, config: configuration.Config) -> tuple[Settings, str]:
    """Return the settings that are asked for, and the sound to go on from, if any."""
    continues = ""
    settings = Settings(model=config.engine.model, prompt=config.take.prompt, seconds=config.take.seconds)
    if options.again:
        settings, continues = _from_file(options.again, Path(config.stems.folder))
    for name in PARAMETERS:
        value = getattr(options, name)
        if value is not None:
            try:
                settings = change(settings, name, value)
            except CommandError as error:
                raise CommandError(f"--{name.replace('_', '-')}: {error}") from error
    return settings, continues


def _from_file(path: Path, drop_folder: Path) -> tuple[Settings, str]:
    from audiogen_daemon.audio.describe import read_record
    from audiogen_daemon.finding import take_of

    try:
        record = read_record(path)
    except OSError as error:
        raise CommandError(f"--again {path} cannot be read: {error.strerror}; give a stem or its .json") from error
    except ValueError as error:
        raise CommandError(f"--again {path}: {error}") from error
    if record is None:
        raise CommandError(f"--again {path}: no take of ours; give a stem or its .json")
    take = take_of(drop_folder, record, path)
    return dataclasses.replace(take.settings, finish_with=""), take.continues
