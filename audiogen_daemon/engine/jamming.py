"""A jam in the engine: an endless take that keeps pace with the ear and follows what it is told."""

import dataclasses
import logging
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from audiogen_daemon import messages as m
from audiogen_daemon.engine import protocol as p
from audiogen_daemon.engine.requests import request_for
from audiogen_daemon.models.jam import Items
from audiogen_daemon.models.pipeline import Audio, Pipeline, Progress

log = logging.getLogger(__name__)

LEAD = 1.0
"""Seconds of audio the jam may be ahead of the clock: what is changed is heard about this much later."""

SLOW_AFTER = 5.0
"""Seconds after which a jam that is behind the clock is told of, once."""


def play(
    take: m.Take,
    pipeline: Pipeline,
    pipe: p.Pipe,
    waiting: "deque[Any]",
    drop_folder: Path,
    between: Callable[[], None],
) -> None:
    """Play until stopped; messages that are not for the jam go to `waiting`; `between` is called after each item.

    Files that it follows are read here, once.

    Raises:
        ValueError: the model cannot play what the take asks for, or a file cannot be read.
    """
    items = _begun(take, pipeline, drop_folder)
    pipe.send(m.JobStarted(take.id, pipeline.sample_rate, pipeline.channels, 0))
    began, made, slow = 0.0, 0, False
    item: Progress | Audio | None = None
    told: m.Take | None = None
    try:
        while True:
            ahead = began + made / pipeline.sample_rate - LEAD if began else 0.0
            while pipe.poll(max(0.0, ahead - time.monotonic())):
                match pipe.recv():
                    case m.Stop(take_id) if take_id == take.id:
                        pipe.send(m.JobCancelled(take.id, made / pipeline.sample_rate))
                        return
                    case m.Steer(take_id, settings) if take_id == take.id:
                        # The sounds it follows were heard when it began; they may be gone by now.
                        told = dataclasses.replace(
                            take, settings=dataclasses.replace(settings, melody="", style=""), continues=""
                        )
                    case p.Shutdown() as message:
                        waiting.append(message)
                        return
                    case message:
                        waiting.append(message)
            if told is None or item is None:
                item = next(items)
            else:
                try:
                    item = items.send(request_for([told], pipeline, drop_folder))
                except ValueError as error:
                    log.warning("the jam plays on as before: %s", error)
                    item = next(items)
                told = None
            if isinstance(item, Audio):
                began = began or time.monotonic()
                made += len(item.pcm)
                pipe.send(p.JobAudio(take.id, item.pcm, time.monotonic()))
                seconds, elapsed = made / pipeline.sample_rate, time.monotonic() - began
                if not slow and elapsed > max(SLOW_AFTER, seconds):
                    slow = True
                    pipe.send(m.JamSlow(take.id, seconds / elapsed))
            else:
                pipe.send(m.JobProgress(take.id, item.step, item.steps))
            between()
    finally:
        items.close()


def _begun(take: m.Take, pipeline: Pipeline, drop_folder: Path) -> Items:
    """Return the jam's items; where the sound that it broke off with is of no use, those of one that begins anew."""
    try:
        return pipeline.jam(request_for([take], pipeline, drop_folder))
    except ValueError as error:
        if not take.continues:
            raise
        log.warning("the jam begins anew: %s", error)
        return pipeline.jam(request_for([dataclasses.replace(take, continues="")], pipeline, drop_folder))
