"""What the daemon and the engine say to each other over the pipe, beside the effects and events of `messages`.

To the engine: `Start` once, then `Load`, `Unload`, `Run`, `Stop`, and `Shutdown`; a pipe that closes means that the
daemon died. From the engine: `Hello`, `Idle` when the models of `Start` are warm, the job and model events, `JobAudio`.
"""

from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audiogen_daemon.models.bits import OFF, Bits


@dataclass(frozen=True)
class Start:
    """models_folder: of checkpoints. drop_folder: where sound to follow lies. warm: loaded first.

    tone_pace: seconds per step of the weightless family.

    memory_gb: that all warm models together may hold, 0 for most of what there is. pinned: never dropped.
    """

    models_folder: str
    drop_folder: str
    warm: tuple[str, ...]
    dtype: str = "auto"
    bits: Bits = OFF
    tone_pace: float = 0.0
    memory_gb: float = 0.0
    pinned: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shutdown:
    """Stop what is running and leave."""


@dataclass(frozen=True)
class Hello:
    """The engine is up. backend: cpu, metal or cuda; blas: the matrix library in use."""

    pid: int
    backend: str
    blas: str


@dataclass(frozen=True)
class Idle:
    """The models named in Start are warm, or failed to load."""


@dataclass(frozen=True)
class JobAudio:
    """The next samples of a take: (samples, channels) float32. made_at: monotonic seconds, when they were made."""

    take: int
    pcm: NDArray[np.float32]
    made_at: float


@dataclass(frozen=True)
class Said:
    """A log line of the engine. level: as in `logging`."""

    level: int
    text: str


if TYPE_CHECKING:
    Pipe = Connection[Any, Any]
else:
    Pipe = Connection
