"""What a monitor is asked to play, in whichever process it is."""

from dataclasses import dataclass

from audiogen_daemon.audio.ring import PCM
from audiogen_daemon.transport import Quantum


@dataclass(frozen=True)
class Incoming:
    """A take that will be fed while it is made.

    take_id: names the take in `feed`, `end` and events; unique among the takes that are alive in the monitor.
    sample_rate (Hz), channels: of the PCM that will be fed. samples: of the whole take; None if not known.
    speed: estimated seconds of audio made per second; the measured speed takes over.
    accepted_at: when the take was asked for, time.monotonic().
    launch: what its first sample waits for at the speaker, once it may sound.
    """

    take_id: int
    sample_rate: int
    channels: int
    samples: int | None
    speed: float
    accepted_at: float
    launch: Quantum = "off"


@dataclass(frozen=True, eq=False)
class Whole:
    """A finished take, (samples, channels) at sample_rate Hz, to be heard once or as a loop.

    batch: ids of the takes it takes turns with; what replaces one of them goes on where that is; loops if they are
    equally long. take_id and launch as in `Incoming`.
    """

    pcm: PCM
    sample_rate: int
    loop: bool = False
    take_id: int = 0
    launch: Quantum = "off"
    batch: tuple[int, ...] = ()
