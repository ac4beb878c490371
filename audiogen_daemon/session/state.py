"""All that a session knows, as one value."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from audiogen_daemon import messages as m
from audiogen_daemon.settings import MORPH_SLOTS, Settings
from audiogen_daemon.transport import Grid, Transport

HISTORY = 1000
"""Stems remembered for /continue, /again and /monitor/play."""


@dataclass(frozen=True)
class Now:
    """monotonic: seconds, for durations. wall: ISO 8601, for people."""

    monotonic: float
    wall: str


@dataclass(frozen=True)
class Running:
    """The takes the engine works on: one, or all variations of one request; those that have ended are taken out.

    since: when they were begun; once the first step is done, when that was. behind: the fraction made by then. The time
    that is left is reckoned from both. told_at: when their progress was told, 0 before the first step.
    gives_way: a final that was stopped so that others go first; it waits again when it has stopped.
    """

    takes: tuple[m.Take, ...]
    since: float
    behind: float = 0.0
    told_at: float = 0.0
    gives_way: bool = False

    @property
    def is_final(self) -> bool:
        """Whether it is background work."""
        return self.takes[0].is_final

    def take(self, take_id: int) -> m.Take | None:
        """Return the running take of that id."""
        return next((take for take in self.takes if take.id == take_id), None)


@dataclass(frozen=True)
class Session:
    """All the daemon knows; replaced, never changed.

    entropy: drawn once per daemon; seeds and uids of takes derive from it. made: take id -> its settings and stem.
    landing: take id -> a take that is made and not in the drop folder yet: "done", or "held" where that refused it.
    prompted: the take that was next when the prompt was last set, 0 before.
    help: (address, arguments, text) rows for /help. grid: what the monitor was told of the transport.
    recording: who asked for the recording that goes on.
    heard: the take that was heard last. morph_weights: of the four slots. held: what MLX holds, as last told.
    link: the transport follows Ableton Link, not what comes by OSC. refused: model -> why the engine would not load it.
    jam_sounds: whether there is audio of the jam. jam_stopped: whether the engine was told to end it.
    finals: what is made when nothing else waits, each after its draft.
    """

    entropy: bytes
    settings: Settings = field(default_factory=Settings)
    presets: tuple[str, ...] = ()
    queue_limit: int = 64
    keep_partial: bool = False
    help: tuple[tuple[str, str, str], ...] = ()
    next_take: int = 1
    prompted: int = 0
    engine: str = "starting"
    engine_reason: str = ""
    warm: tuple[m.ModelInfo, ...] = ()
    held: m.EngineMemory = field(default_factory=m.EngineMemory)
    installed: tuple[str, ...] = ()
    refused: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    queue: tuple[m.Take, ...] = ()
    finals: tuple[m.Take, ...] = ()
    running: Running | None = None
    jam: m.Take | None = None
    jam_sounds: bool = False
    jam_stopped: bool = False
    morph_slots: tuple[str, ...] = ()
    morph_weights: tuple[float, ...] = (0.0,) * MORPH_SLOTS
    finishing: tuple[m.Take, ...] = ()
    draining: bool = False
    made: Mapping[int, tuple[m.Take, str]] = field(default_factory=lambda: MappingProxyType({}))
    landing: Mapping[int, tuple[m.Take, str]] = field(default_factory=lambda: MappingProxyType({}))
    transport: Transport = field(default_factory=Transport)
    grid: Grid | None = None
    recording: m.RecordInput | None = None
    link: bool = False
    monitor: m.MonitorState = field(default_factory=lambda: m.MonitorState(""))
    gain_db: float = 0.0
    heard: int = 0
    starved: int = 0
    speed: float = 0.0


Step = tuple[Session, list[m.Effect]]


def accept_journal(session: Session, takes: tuple[m.Take, ...], held: tuple[m.Take, ...] = ()) -> Session:
    """Return the session with takes that an earlier daemon accepted: those it did not finish stand at the head of the
    queue, those that the drop folder refused are held."""
    for take in held:
        session = landing(session, take, "held")
    queue = tuple(take for take in takes if not take.is_final)
    finals = tuple(take for take in takes if take.is_final)
    return dataclasses.replace(session, queue=(*queue, *session.queue), finals=(*finals, *session.finals))


def landing(session: Session, take: m.Take, state: str) -> Session:
    """Return the session with a take that is on its way to the drop folder, "done" or "held"."""
    return dataclasses.replace(session, landing=MappingProxyType({**session.landing, take.id: (take, state)}))


def not_landing(session: Session, take: m.Take) -> Session:
    """Return the session with a take no longer on its way to the drop folder."""
    left = {number: known for number, known in session.landing.items() if number != take.id}
    return dataclasses.replace(session, landing=MappingProxyType(left))


def why_unlanded(session: Session, number: int) -> str:
    """Return why a take that has been made has no stem yet, in words that follow its name; empty for any other."""
    if any(take.id == number for take in session.finishing):
        return "has been made and is being finished; it lands in a moment"
    _, state = session.landing.get(number, (None, ""))
    return {"done": "has been made and lands in a moment", "held": "is held until the drop folder takes it"}.get(
        state, ""
    )


def remember(session: Session, take: m.Take, path: str) -> Session:
    """Return the session knowing where a take's stem is; what had that name before is no longer there."""
    made = {number: known for number, known in session.made.items() if known[1] != path} | {take.id: (take, path)}
    while len(made) > HISTORY:
        del made[min(made)]
    return dataclasses.replace(not_landing(session, take), made=MappingProxyType(made))
