"""Everything that is said inside the daemon: commands and events go into `session.step`, effects come out of it."""

from dataclasses import dataclass, field

from audiogen_daemon.settings import Settings
from audiogen_daemon.transport import Grid, Quantum

# -- values --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Peer:
    """Where a datagram came from, or where answers go."""

    host: str
    port: int


@dataclass(frozen=True)
class Take:
    """One piece of audio to make: it is in the journal until its stem has landed.

    uid: unique across restarts and machines; stands in the stem's sidecar. settings.seed is drawn (never -1) here.
    created: ISO 8601, wall clock. continues: path of the stem to go on from. batch: ids of all variations made with it.
    """

    id: int
    uid: str
    settings: Settings
    created: str
    continues: str = ""
    batch: tuple[int, ...] = ()


@dataclass(frozen=True)
class ModelInfo:
    """A warm model: Hz, channels, the longest take it makes in seconds, seconds it took to get warm, bytes it holds."""

    name: str
    sample_rate: int
    channels: int
    max_seconds: float
    seconds: float
    memory: int
    defaults: tuple[tuple[str, float], ...] = ()


# -- commands: what a musician asks for ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Command:
    """sender: who asked; answers and errors go there too. address: what they wrote, named in errors.

    received: monotonic seconds; 0 is now.
    """

    sender: Peer | None = field(default=None, kw_only=True)
    address: str = field(default="", kw_only=True)
    received: float = field(default=0.0, kw_only=True, compare=False)


@dataclass(frozen=True)
class Generate(Command):
    """Start a take with the session's settings, changed for this take by `changes`.

    client: the name that /take/queued repeats, so that whoever asked knows which takes are theirs.
    """

    prompt: str | None = None
    changes: tuple[tuple[str, object], ...] = ()
    client: str = ""


@dataclass(frozen=True)
class Continue(Command):
    """Go on from a take (None: the last), or from a stem in the drop folder.

    found: the take that the stem at `path` came from, once it has been read.
    """

    take: int | None = None
    seconds: float | None = None
    path: str = ""
    found: Take | None = None


@dataclass(frozen=True)
class Again(Command):
    """Make a take once more with a new seed (None: the last), or the take of a stem; path and found as in Continue."""

    take: int | None = None
    path: str = ""
    found: Take | None = None


@dataclass(frozen=True)
class Cancel(Command):
    """Stop a take (None: the running one)."""

    take: int | None = None


@dataclass(frozen=True)
class CancelAll(Command):
    """Stop the running take and empty the queue."""


@dataclass(frozen=True)
class JamStart(Command):
    """Play without an end, steered by what is set meanwhile."""

    prompt: str | None = None


@dataclass(frozen=True)
class JamStop(Command):
    """End the jam."""


@dataclass(frozen=True)
class JamKeep(Command):
    """Save the last bars of the jam as a stem (None: as long as a take would be)."""

    bars: float | None = None


@dataclass(frozen=True)
class MorphPrompt(Command):
    """Put a text, or with None the session's prompt, into one of the four slots that are mixed; counts from 0."""

    slot: int
    text: str | None = None


@dataclass(frozen=True)
class MorphWeights(Command):
    """Mix the slots by these weights, 0 to 1; all 0 goes back to the prompt."""

    weights: tuple[float, ...]


@dataclass(frozen=True)
class AddTag(Command):
    """Append a tag to the session's prompt."""

    tag: str


@dataclass(frozen=True)
class PresetPrompt(Command):
    """Take the configured preset as the session's prompt; counts from 0."""

    index: int


@dataclass(frozen=True)
class SetValue(Command):
    """Change one of the session's settings."""

    name: str
    value: object


@dataclass(frozen=True)
class GetValue(Command):
    """Ask for one of the session's settings."""

    name: str


@dataclass(frozen=True)
class GetState(Command):
    """Ask for all of the session's settings."""


@dataclass(frozen=True)
class TransportTempo(Command):
    """The DAW's tempo in beats per minute."""

    tempo: float


@dataclass(frozen=True)
class TransportSignature(Command):
    """The DAW's time signature."""

    numerator: int
    denominator: int


@dataclass(frozen=True)
class TransportPlaying(Command):
    """Whether the DAW plays."""

    playing: bool


@dataclass(frozen=True)
class TransportBeat(Command):
    """The DAW's song position in beats."""

    beat: float


@dataclass(frozen=True)
class FindStem(Command):
    """Ask once more where a take's stem is (None: the last)."""

    take: int | None = None


@dataclass(frozen=True)
class MonitorPlay(Command):
    """Listen to a take again (None: the last)."""

    take: int | None = None


@dataclass(frozen=True)
class MonitorStop(Command):
    """Fade the monitor out; the take goes on being made."""


@dataclass(frozen=True)
class MonitorGain(Command):
    """Monitor level in dB."""

    gain_db: float


@dataclass(frozen=True)
class MonitorDevice(Command):
    """Output device by name; "" is the system's default."""

    name: str


@dataclass(frozen=True)
class LoadModel(Command):
    """Make a model warm."""

    name: str


@dataclass(frozen=True)
class UnloadModel(Command):
    """Give a model's memory back."""

    name: str


@dataclass(frozen=True)
class ListModels(Command):
    """Ask which models are installed and warm."""


@dataclass(frozen=True)
class Subscribe(Command):
    """Send everything to this peer too. port 0: the datagram's source port; host "": its source host."""

    port: int = 0
    host: str = ""


@dataclass(frozen=True)
class Unsubscribe(Command):
    """Stop sending to this peer."""

    port: int = 0
    host: str = ""


@dataclass(frozen=True)
class Ping(Command):
    """Ask for a sign of life; `echo` comes back."""

    echo: tuple[object, ...] = ()


@dataclass(frozen=True)
class Status(Command):
    """Ask how the daemon is."""


@dataclass(frozen=True)
class Help(Command):
    """Ask for the list of addresses."""


@dataclass(frozen=True)
class Invalid(Command):
    """A message that could not be understood; the reason goes back to whoever sent it."""

    reason: str


# -- events: what happened -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class EngineState:
    """state: starting, ready, restarting, down."""

    state: str
    reason: str = ""


@dataclass(frozen=True)
class ModelReady:
    """A model is warm."""

    info: ModelInfo


@dataclass(frozen=True)
class ModelGone:
    """A model's memory was given back."""

    name: str


@dataclass(frozen=True)
class ModelFailed:
    """A model could not be loaded."""

    name: str
    reason: str


@dataclass(frozen=True)
class InstalledModels:
    """The models on this machine."""

    names: tuple[str, ...]


@dataclass(frozen=True)
class JobStarted:
    """The engine began a take. samples: length to be heard at sample_rate; more may be made, for finishing it."""

    take: int
    sample_rate: int
    channels: int
    samples: int


@dataclass(frozen=True)
class JobProgress:
    """Steps made of all steps, of a take and of all that are made with it."""

    take: int
    step: int
    steps: int


@dataclass(frozen=True)
class JobDone:
    """All audio of the take has been made. seconds: of audio; speed: seconds of audio per second of wall time."""

    take: int
    seconds: float
    speed: float
    sampling: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class TakeFinished:
    """The take has its exact length and tempo, and loops if it shall. findings: name and value of what was measured."""

    take: Take
    seconds: float
    speed: float
    sampling: tuple[tuple[str, float], ...] = ()
    findings: tuple[tuple[str, float | str], ...] = ()


@dataclass(frozen=True)
class JobCancelled:
    """The engine stopped the take; `seconds` of audio had been made."""

    take: int
    seconds: float


@dataclass(frozen=True)
class JobFailed:
    """The take could not be made."""

    take: int
    code: str
    reason: str


@dataclass(frozen=True)
class StemSaved:
    """The take's stem is in the drop folder."""

    take: Take
    path: str


@dataclass(frozen=True)
class StemHeld:
    """The drop folder could not be written; the take is kept in the state folder until it can."""

    take: int
    reason: str


@dataclass(frozen=True)
class FileLanded:
    """A WAV appeared in the drop folder, ours or another's."""

    path: str


@dataclass(frozen=True)
class FileRemoved:
    """A WAV left the drop folder."""

    path: str


@dataclass(frozen=True)
class FileRenamed:
    """A WAV in the drop folder has a new name."""

    old: str
    new: str


@dataclass(frozen=True)
class FolderState:
    """The drop folder itself went away, or is back."""

    path: str
    there: bool


@dataclass(frozen=True)
class TakeAudible:
    """The first samples of the take exist, `latency` seconds after it was asked for."""

    take: int
    latency: float


@dataclass(frozen=True)
class PreviewStarted:
    """The file that grows with the take is there, silent and of its whole length in seconds."""

    take: int
    path: str
    seconds: float


@dataclass(frozen=True)
class PreviewWritten:
    """The preview holds the take's first `seconds`."""

    take: int
    seconds: float


@dataclass(frozen=True)
class TakePlaying:
    """The first sample of the take left for the speaker, `latency` seconds after it was asked for."""

    take: int
    latency: float


@dataclass(frozen=True)
class MonitorStarved:
    """The monitor ran dry; total samples concealed so far."""

    samples: int


@dataclass(frozen=True)
class MonitorLevel:
    """Level of what was heard since the last one, in dBFS."""

    left: float
    right: float


@dataclass(frozen=True)
class MonitorState:
    """device: "" when silent. reason: why, with the cure."""

    device: str
    reason: str = ""


@dataclass(frozen=True)
class LinkHeard:
    """What Ableton Link says: quarter notes per minute, the beat at monotonic time `at`, how many others there are."""

    tempo: float
    beat: float
    peers: int
    at: float


@dataclass(frozen=True)
class LinkMissing:
    """Ableton Link was asked for and cannot be had; reason: why, with the cure."""

    reason: str


# -- effects: what the daemon then does ----------------------------------------------------------------------------


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
class Record:
    """Write accepted takes to the journal; done before anybody hears that they were accepted."""

    take: Take


@dataclass(frozen=True)
class Forget:
    """The take needs no making any more."""

    take: int


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
    """Save the end of the jam's audio as this take."""

    jam: int
    take: Take


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
    """Play through this device from now on."""

    name: str


@dataclass(frozen=True)
class AddPeer:
    """Send everything to this peer as well; renewed by asking again."""

    peer: Peer
    asker: Peer | None


@dataclass(frozen=True)
class RemovePeer:
    """Stop sending to this peer."""

    peer: Peer


@dataclass(frozen=True)
class Drain:
    """The daemon is about to stop: accept takes, start none."""


Event = (
    Drain
    | EngineState
    | ModelReady
    | ModelGone
    | ModelFailed
    | InstalledModels
    | JobStarted
    | JobProgress
    | JobDone
    | TakeFinished
    | JobCancelled
    | JobFailed
    | StemSaved
    | StemHeld
    | FileLanded
    | FileRemoved
    | FileRenamed
    | FolderState
    | TakeAudible
    | PreviewStarted
    | PreviewWritten
    | TakePlaying
    | MonitorStarved
    | MonitorLevel
    | MonitorState
    | LinkHeard
    | LinkMissing
)
Message = Command | Event
Effect = (
    Notify
    | Answer
    | Record
    | Forget
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
    | Silence
    | SetGrid
    | SetGain
    | OpenDevice
    | AddPeer
    | RemovePeer
)
