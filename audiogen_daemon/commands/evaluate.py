"""`audiogen-daemon evaluate MODEL`: how well a model follows tempo, key and instrument of a fixed prompt set."""

import argparse
import dataclasses
import json
import math
import sys

import numpy as np
import numpy.typing as npt
import soxr
from rich.console import Console
from rich.progress import Progress as Bar

from audiogen_daemon import api
from audiogen_daemon import config as configuration
from audiogen_daemon.errors import CommandError
from audiogen_daemon.evaluation.prompts import load_prompts
from audiogen_daemon.evaluation.report import evaluate

RATE = 32_000
"""Hz at which the metrics listen."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("model", help="an installed model, such as starter")
    parser.add_argument("--prompts", type=int, metavar="N", help="only the first N of the prompt set")
    parser.add_argument("--seconds", type=float, default=10.0, help="length of each clip")
    parser.add_argument("--seed", type=int, default=0, help="prompt i is made with seed + i")
    parser.add_argument("--json", action="store_true", help="print as JSON")


def run(options: argparse.Namespace) -> int:
    """Make the clips, listen to them, print the shares that followed."""
    if options.prompts is not None and options.prompts < 1:
        raise CommandError(f"--prompts {options.prompts} is less than 1")
    if not 2 <= options.seconds <= 30:
        raise CommandError(f"--seconds {options.seconds:g} is outside 2 to 30")
    config = configuration.load(options.config, options.set)

    def clip(prompt: str, tempo: float | None, seed: int) -> npt.NDArray[np.float32]:
        values = {"model": options.model, "seconds": options.seconds, "tempo": tempo or 0, "words": 0}
        made = api.make(api.settings_for(prompt, config, {**values, "seed": seed % 2**32}), config)
        return np.asarray(soxr.resample(made.audio, made.sample_rate, RATE), dtype=np.float32)

    prompts = load_prompts(options.prompts)
    with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(f"{len(prompts)} prompts", total=len(prompts))
        found = evaluate(clip, prompts, options.seed, lambda done, total: bar.update(task, completed=done))
    if options.json:
        print(json.dumps(_without_nan({"model": options.model, **dataclasses.asdict(found)})))
    else:
        print(found.table())
    return 0


def _without_nan(value: object) -> object:
    """JSON has no NaN: a share over no prompts is null."""
    if isinstance(value, dict):
        return {key: _without_nan(inner) for key, inner in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value
