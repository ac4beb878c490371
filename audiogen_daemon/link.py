"""Ableton Link: the beats that Live and other programs on this network share, without a cable or a device.

The binding `aalink` is GPL and not a part of this package; it is imported when Link is asked for, never before.
"""

import asyncio
import importlib
import time
from collections.abc import Callable
from types import ModuleType

from audiogen_daemon.messages import LinkHeard

INTERVAL = 0.05
"""Seconds between two looks at Link's clock; tempo and jumps are followed that quickly."""
_TEMPO = 120.0  # until another program says better


class LinkError(Exception):
    """Link cannot be followed; says why and what helps."""


def load_aalink() -> ModuleType:
    """Return the aalink module.

    Raises:
        LinkError: it is not installed, or does not fit this machine.
    """
    try:
        return importlib.import_module("aalink")
    except ImportError as error:
        cure = "make setup EXTRAS=link, or set transport.source to osc"
        raise LinkError(f"no Ableton Link ({error}); {cure}") from error


async def follow(
    tell: Callable[[LinkHeard], None], beats_per_bar: Callable[[], float], interval: float = INTERVAL
) -> None:
    """Join the Link session of this network and say where it is, until cancelled. Tempo and beats are only read.

    Args:
        tell: called on the loop, every `interval` seconds.
        beats_per_bar: quarter notes in a bar; programs on Link share their place within that many.

    Raises:
        LinkError: aalink is not installed.
    """
    link = load_aalink().Link(_TEMPO)
    link.enabled = True
    try:
        while True:
            link.quantum = beats_per_bar()
            tempo, beat = float(link.tempo), float(link.beat)
            # The time comes last: the transport knows messages that are late, not ones that are early.
            tell(LinkHeard(tempo, beat, int(link.num_peers), time.monotonic()))
            await asyncio.sleep(interval)
    finally:
        link.enabled = False
