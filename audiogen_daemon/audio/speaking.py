"""What the daemon and its speaker process say to each other; events of the monitor travel as they are."""

from dataclasses import dataclass
from typing import Any

from audiogen_daemon.audio.preroll import Policy


@dataclass(frozen=True)
class Options:
    """The first message to the speaker: the monitor's arguments."""

    device: str | None
    gain_db: float
    preroll_margin: float
    block: int
    policy: Policy


@dataclass(frozen=True)
class Call:
    """A method of the monitor, to be called with these arguments; an empty name ends the process."""

    name: str
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Pulse:
    """What the speaker says all the while: that it lives, and how it is; see the monitor's properties."""

    device_name: str
    latency: float
    starved: int
    levels: tuple[float, float]
    stuck: bool
