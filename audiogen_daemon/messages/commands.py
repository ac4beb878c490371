"""What a musician asks for."""

from dataclasses import dataclass, field

from audiogen_daemon.messages.values import Peer, Take


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
    """Go on from a take (None: the last), or from a sound in the drop folder or the in folder.

    changes and client as in Generate. found: the take that the sound at `path` came from, once it has been read;
    None for one that is not ours.
    """

    take: int | None = None
    seconds: float | None = None
    changes: tuple[tuple[str, object], ...] = ()
    client: str = ""
    path: str = ""
    found: Take | None = None
    read: bool = False


@dataclass(frozen=True)
class Again(Command):
    """Make a take once more with a new seed (None: the last), or the take of a stem in the drop folder."""

    take: int | None = None
    path: str = ""
    found: Take | None = None


@dataclass(frozen=True)
class Cancel(Command):
    """Stop a take (None: the running one)."""

    take: int | None = None


@dataclass(frozen=True)
class CancelAll(Command):
    """Stop the running take or jam and empty the queue."""


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
class RecordInput(Command):
    """Record the input into the in folder for so many bars (None: as many as are set)."""

    bars: float | None = None


@dataclass(frozen=True)
class RecordStop(Command):
    """End the recording and keep what there is."""


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
class MorphWeight(Command):
    """Let one slot count so much, 0 to 1; the others stay. Counts from 0."""

    slot: int
    weight: float


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
    """Listen to a take again (None: the last), or to a variation of its request (None: the one heard last)."""

    take: int | None = None
    letter: str = ""


@dataclass(frozen=True)
class ListTakes(Command):
    """Ask which takes there are, the last so many."""

    count: int


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
    """A message that could not be understood; the reason goes back to whoever sent it, with the client's name."""

    reason: str
    client: str = ""
