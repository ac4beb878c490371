"""From a take's settings to the request that a pipeline understands."""

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from audiogen_daemon.engine.hearing import find_input, read_end, read_melody, read_style
from audiogen_daemon.messages import Take
from audiogen_daemon.models.keys import names_key
from audiogen_daemon.models.pipeline import PCM, Pipeline, Request, Sampling
from audiogen_daemon.settings import Settings

CONTINUE_SECONDS = 12.0
"""How much of a stem is listened to before going on from it: the overlap of audiocraft's sliding window."""


def request_for(takes: Sequence[Take], pipeline: Pipeline, drop_folder: Path) -> Request:
    """Return the request of a take, or of variations that differ in their seeds; values left open are the model's own.

    drop_folder: where melodies and styles are looked for, there or in its in folder.

    Raises:
        ValueError: a file to go on from or to follow cannot be read.
    """
    take = takes[0]
    settings, rate = take.settings, pipeline.sample_rate
    return Request(
        prompt=in_words(settings),
        seconds=max(settings.length, min(settings.length + settings.overrun, pipeline.longest_seconds)),
        seed=settings.seed,
        sampling=_sampling(settings, pipeline.sampling),
        tempo=settings.tempo or None,
        variations=len(takes),
        morph=tuple((in_words(dataclasses.replace(settings, prompt=text)), weight) for text, weight in settings.morph),
        melody=read_melody(find_input(drop_folder, settings.melody), rate) if settings.melody else None,
        style=read_style(find_input(drop_folder, settings.style), rate) if settings.style else None,
        beta=settings.beta,
        continues=_tail(Path(take.continues), pipeline) if take.continues else None,
    )


def warm_up_request(pipeline: Pipeline, seconds: float) -> Request:
    """Return a short request that goes through everything a real one goes through."""
    return Request("warm up", seconds, 0, pipeline.sampling)


def _sampling(settings: Settings, defaults: Sampling) -> Sampling:
    names = [field.name for field in dataclasses.fields(Sampling)]
    given = {name: getattr(settings, name) for name in names if getattr(settings, name) is not None}
    if given.get("temperature") == 0.0:
        given.update(temperature=1.0, top_k=1)
    return dataclasses.replace(defaults, **given)


def in_words(settings: Settings) -> str:
    """Return the prompt with tempo and key added where it does not name its own."""
    if not settings.words:
        return settings.prompt
    parts = [settings.prompt]
    if settings.tempo and not re.search(r"\d\s*bpm", settings.prompt, re.IGNORECASE):
        parts.append(f"{settings.tempo:.0f} bpm")
    if settings.key and not names_key(settings.prompt):
        parts.append(f"in {settings.key}")
    return ", ".join(parts)


def _tail(path: Path, pipeline: Pipeline) -> PCM:
    """Return the end of a sound at the pipeline's rate and channels."""
    pcm = read_end(path, CONTINUE_SECONDS, pipeline.sample_rate)
    if pcm.shape[1] != pipeline.channels:
        pcm = np.repeat(pcm.mean(axis=1, keepdims=True), pipeline.channels, axis=1)
    return pcm
