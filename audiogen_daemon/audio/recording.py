"""What the daemon and its recorder process say to each other; times are seconds."""

from dataclasses import dataclass
from pathlib import Path

from audiogen_daemon.transport import Grid


@dataclass(frozen=True)
class Order:
    """The first message to the recorder: `bars` from the next bar of the grid on; without either, `seconds` at once.

    device: part of the input's name, None is the system's default. folder: where the file goes.
    offset: seconds by which sound comes in later than the input's driver says.
    """

    device: str | None
    folder: Path
    bars: float
    seconds: float
    grid: Grid | None
    offset: float


@dataclass(frozen=True)
class NewGrid:
    """The bars fall elsewhere from now on; None: nobody knows where."""

    grid: Grid | None


@dataclass(frozen=True)
class End:
    """Stop, and keep what there is."""


@dataclass(frozen=True)
class Waiting:
    """The input is open, and the recording begins in so many seconds."""

    seconds: float


@dataclass(frozen=True)
class Started:
    """The recording has begun; the name that its file shall have, and its length."""

    name: str
    seconds: float


@dataclass(frozen=True)
class Recorded:
    """How much there is. level: the input's peak since the last one, dBFS."""

    seconds: float
    level: float


@dataclass(frozen=True)
class Kept:
    """The file is in the folder: the last event. remark: what may be wrong with it, with the cure."""

    path: Path
    seconds: float
    remark: str = ""


@dataclass(frozen=True)
class Cancelled:
    """It was stopped before its first sample: the last event."""


@dataclass(frozen=True)
class Failed:
    """Nothing could be recorded: the last event. reason: why, with the cure."""

    reason: str


RecorderEvent = Waiting | Started | Recorded | Kept | Cancelled | Failed
"""What a recorder says."""
