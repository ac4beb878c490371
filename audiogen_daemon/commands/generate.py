"""`audiogen-daemon generate`: one take without a daemon, with a progress bar."""

import argparse
import dataclasses
import datetime
import json
import random
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress as Bar

from audiogen_daemon import config as configuration
from audiogen_daemon.errors import CommandError, JobError
from audiogen_daemon.journal import settings_from
from audiogen_daemon.messages import SaveStem, Take
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
    config = configuration.load(options.config, options.set)
    settings = _settings(options, config)
    take = Take(1, uuid.uuid4().hex, settings, _now())
    pipeline, request = _request(take, config)
    parts, began, first = [], time.monotonic(), 0.0
    from audiogen_daemon.models.pipeline import Audio

    with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(settings.prompt[:40], total=1.0)
        try:
            for item in pipeline.generate(request):
                if isinstance(item, Audio):
                    first = first or time.monotonic() - began
                    parts.append(item.pcm)
                else:
                    bar.update(task, completed=item.step / item.steps)
        except ValueError as error:
            raise JobError("request", str(error)) from error
    pcm = np.concatenate(parts)
    seconds = len(pcm) / pipeline.sample_rate
    speed = seconds / (time.monotonic() - began)
    path = _write(
        SaveStem(take, False, speed, tuple(dataclasses.asdict(request.sampling).items())),
        pcm,
        pipeline,
        options,
        config,
    )
    result = {"path": str(path), "seconds": seconds, "speed": speed, "first_audio": first, "seed": settings.seed}
    if options.json:
        print(json.dumps(result))
    else:
        print(f"{path}  ({seconds:.2f} s, {speed:.2f} x real time, seed {settings.seed})")
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
    if settings.bars and not settings.tempo:
        raise CommandError(f"--bars {settings.bars:g} needs a tempo; add --tempo 120")
    if settings.seed < 0:
        settings = dataclasses.replace(settings, seed=random.SystemRandom().randrange(2**32))
    return settings


def _from_file(path: Path) -> Settings:
    from audiogen_daemon.audio.describe import read_record

    try:
        record = read_record(path)
    except (OSError, ValueError) as error:
        raise CommandError(f"--again {path}: {error}") from error
    if record is None:
        raise CommandError(f"--again {path}: no take of ours; give a stem or its .json")
    return settings_from(dict(record.settings))


def _request(take: Take, config: configuration.Config) -> tuple[Any, Any]:
    from audiogen_daemon.engine.blas import load_blas

    load_blas()
    from audiogen_daemon.engine.requests import request_for
    from audiogen_daemon.models import registry

    try:
        pipeline = registry.load(
            take.settings.model, Path(config.models.folder), config.engine.dtype, config.engine.quantize
        )
        return pipeline, request_for([take], pipeline)
    except (LookupError, ValueError) as error:
        raise CommandError(str(error)) from error


def _write(
    effect: SaveStem, pcm: Any, pipeline: Any, options: argparse.Namespace, config: configuration.Config
) -> Path:
    from audiogen_daemon.audio import stems
    from audiogen_daemon.keeper import record_of, stem_format

    record, form = record_of(effect), stem_format(config)
    folder = Path(config.stems.folder)
    if options.output:
        folder = options.output.absolute().parent
        form = dataclasses.replace(form, template=options.output.stem)
    folder.mkdir(parents=True, exist_ok=True)
    samples = round(effect.take.settings.length * form.rate)
    try:
        return stems.save(record, pcm, pipeline.sample_rate, folder, form, samples).path
    except stems.StemError as error:
        raise JobError("stem", str(error)) from error


def _now() -> str:
    return datetime.datetime.now().astimezone().isoformat(timespec="seconds")
