"""What the daemon then does."""

from dataclasses import dataclass

from audiogen_daemon.messages.commands import Again, Continue, MonitorDevice
from audiogen_daemon.messages.values import Peer, Take
from audiogen_daemon.settings import Settings
from audiogen_daemon.transport import Grid, Quantum


@dataclass(frozen=True)
class Notify:
    """Tell everybody who listens."""

    address: str
    arguments: tuple[object, ...] = ()


@dataclass(frozen=True)
class Answer:
    """Tell the one who asked; with `all_peers`, everybody who listens too."""

    to: Peer | None
    address: str
    arguments: tuple[object, ...] = ()
    all_peers: bool = True


@dataclass(frozen=True)
class AnswerStatus:
    """Tell the one who asked, and everybody, how the daemon is: these names and values, and what processes hold."""

    to: Peer | None
    facts: tuple[tuple[str, object], ...]


@dataclass(frozen=True)
class Record:
    """Write accepted takes to the journal; done before anybody hears that they were accepted."""

    take: Take


@dataclass(frozen=True)
class Forget:
    """The take needs no making any more."""

    take: int


@dataclass(frozen=True)
class Renamed:
    """A stem has another name, which the next daemon shall know too."""

    old: str
    new: str


@dataclass(frozen=True)
class Run:
    """Have the engine make a take, or all variations of one request in one pass."""

    takes: tuple[Take, ...]


@dataclass(frozen=True)
class RunJam:
    """Have the engine play without an end. after: the jam whose end this one goes on from, 0 for none."""

    take: Take
    after: int = 0


@dataclass(frozen=True)
class Steer:
    """Have the running jam follow other settings."""

    take: int
    settings: Settings


@dataclass(frozen=True)
class KeepJam:
    """Save the end of the jam's audio as this take, and answer how much of it there is."""

    jam: int
    take: Take
    asker: Peer | None = None


@dataclass(frozen=True)
class Stop:
    """Have the engine stop the take, and fade it out of the monitor at once."""

    take: int


@dataclass(frozen=True)
class Load:
    """Have the engine make a model warm."""

    name: str


@dataclass(frozen=True)
class Unload:
    """Have the engine give a model's memory back."""

    name: str


@dataclass(frozen=True)
class SaveStem:
    """Write the take's audio into the drop folder. partial: the take was cut short."""

    take: Take
    partial: bool
    speed: float
    sampling: tuple[tuple[str, float], ...] = ()
    findings: tuple[tuple[str, float | str], ...] = ()


@dataclass(frozen=True)
class Finish:
    """Bring the take to its exact length and tempo, and close its loop; `TakeFinished` follows."""

    take: Take
    speed: float
    sampling: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class PlayLoop:
    """Let the finished loop take over from what is heard of the take, in phase."""

    take: Take


@dataclass(frozen=True)
class ReadStem:
    """Find the take that the stem at the command's path came from; the command comes back with it."""

    command: Continue | Again


@dataclass(frozen=True)
class DeliverHeld:
    """Bring stems that had to wait into the drop folder."""


@dataclass(frozen=True)
class Discard:
    """Throw the take's audio away."""

    take: int


@dataclass(frozen=True)
class PlayStem:
    """Play a finished stem through the monitor, when `launch` says; loops of one batch (ids) swap in phase."""

    take: int
    path: str
    launch: Quantum = "off"
    batch: tuple[int, ...] = ()
    loop: bool = False


@dataclass(frozen=True)
class StartRecording:
    """Record the input: `bars` from the next bar of the grid on, or, without bars or grid, so many seconds."""

    bars: float
    seconds: float
    grid: Grid | None = None


@dataclass(frozen=True)
class EndRecording:
    """Stop recording, and keep what there is."""


@dataclass(frozen=True)
class Silence:
    """Fade the monitor out, when `launch` says."""

    launch: Quantum = "off"


@dataclass(frozen=True)
class SetGrid:
    """Tell the monitor where the DAW's beats and bars fall; None: nobody knows."""

    grid: Grid | None


@dataclass(frozen=True)
class SetGain:
    """Change the monitor's level."""

    gain_db: float


@dataclass(frozen=True)
class OpenDevice:
    """Play through the command's device from now on, or tell the one who asked why not."""

    command: MonitorDevice


@dataclass(frozen=True)
class AddPeer:
    """Send everything to this peer as well; renewed by asking again."""

    peer: Peer
    asker: Peer | None


@dataclass(frozen=True)
class RemovePeer:
    """Stop sending to this peer."""

    peer: Peer


Effect = (
    Notify
    | Answer
    | AnswerStatus
    | Record
    | Forget
    | Renamed
    | Run
    | RunJam
    | Steer
    | KeepJam
    | Stop
    | Load
    | Unload
    | SaveStem
    | ReadStem
    | Finish
    | PlayLoop
    | DeliverHeld
    | Discard
    | PlayStem
    | StartRecording
    | EndRecording
    | Silence
    | SetGrid
    | SetGain
    | OpenDevice
    | AddPeer
    | RemovePeer
)
