"""What happened."""

from dataclasses import dataclass

from audiogen_daemon.messages.values import ModelInfo, Take


@dataclass(frozen=True)
class EngineState:
    """state: starting, ready, restarting, down."""

    state: str
    reason: str = ""


@dataclass(frozen=True)
class EngineMemory:
    """What MLX holds, in bytes. active: in use, by models and the take. cache: freed, and kept to use again."""

    active: int = 0
    cache: int = 0


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
class RefusedModels:
    """The models on this machine that the engine would not load, each with the reason and its cure."""

    reasons: tuple[tuple[str, str], ...]


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
class JamSlow:
    """The jam is made more slowly than it is heard: `speed` seconds of it per second."""

    take: int
    speed: float


@dataclass(frozen=True)
class StemSaved:
    """The take's stem is in the drop folder."""

    take: Take
    path: str


@dataclass(frozen=True)
class StemHeld:
    """The drop folder could not be written; the take is kept in the state folder until it can."""

    take: Take
    reason: str


@dataclass(frozen=True)
class StemUnsaved:
    """The take is neither in the drop folder nor in the state folder. then: what becomes of it, or what to do."""

    take: Take
    reason: str
    then: str


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
class InputLanded:
    """A sound to follow or to go on from lies in the in folder."""

    name: str
    seconds: float


@dataclass(frozen=True)
class InputRemoved:
    """A sound left the in folder."""

    name: str


@dataclass(frozen=True)
class FileUnusable:
    """A file in the in folder or the again folder is of no use there; address: what it was meant for."""

    address: str
    reason: str


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
class RecordingWaiting:
    """The input is open; seconds until the bar on which the recording begins."""

    seconds: float


@dataclass(frozen=True)
class RecordingStarted:
    """The input is recorded from now on; the name that the file shall have, and its length."""

    name: str
    seconds: float


@dataclass(frozen=True)
class RecordingProgress:
    """How much has been recorded. level: the input's peak since the last one, dBFS."""

    seconds: float
    level: float


@dataclass(frozen=True)
class RecordingDone:
    """The recording is in the in folder. remark: what may be wrong with it, with the cure."""

    name: str
    seconds: float
    path: str
    remark: str = ""


@dataclass(frozen=True)
class RecordingCancelled:
    """The recording was stopped before its first sample."""


@dataclass(frozen=True)
class RecordingFailed:
    """Nothing could be recorded; reason: why, with the cure."""

    reason: str


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


@dataclass(frozen=True)
class Drain:
    """The daemon is about to stop: accept takes, start none."""


Event = (
    Drain
    | EngineState
    | EngineMemory
    | ModelReady
    | ModelGone
    | ModelFailed
    | InstalledModels
    | RefusedModels
    | JobStarted
    | JobProgress
    | JobDone
    | TakeFinished
    | JobCancelled
    | JobFailed
    | JamSlow
    | StemSaved
    | StemHeld
    | StemUnsaved
    | FileLanded
    | FileRemoved
    | FileRenamed
    | InputLanded
    | InputRemoved
    | FileUnusable
    | FolderState
    | TakeAudible
    | PreviewStarted
    | PreviewWritten
    | TakePlaying
    | MonitorStarved
    | MonitorLevel
    | MonitorState
    | RecordingWaiting
    | RecordingStarted
    | RecordingProgress
    | RecordingDone
    | RecordingCancelled
    | RecordingFailed
    | LinkHeard
    | LinkMissing
)
