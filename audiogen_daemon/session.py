"""The rules: what a message means, as one pure function from (session, message, now) to (session, effects)."""

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from audiogen_daemon import messages as m
from audiogen_daemon.errors import CommandError
from audiogen_daemon.settings import PARAMETERS, Settings, change, show

PROGRESS_INTERVAL = 0.1
"""Seconds between two progress messages of one take: at most 10 Hz."""

HISTORY = 1000
"""Stems remembered for /continue, /again and /monitor/play."""


@dataclass(frozen=True)
class Now:
    """monotonic: seconds, for durations. wall: ISO 8601, for people."""

    monotonic: float
    wall: str


@dataclass(frozen=True)
class Transport:
    """What the DAW last said of its clock; beat counts from its song start, `at` is monotonic seconds."""

    playing: bool = False
    beat: float = 0.0
    at: float = 0.0


@dataclass(frozen=True)
class Running:
    """The take the engine works on."""

    take: m.Take
    since: float
    told_at: float = 0.0
    cancelling: bool = False


@dataclass(frozen=True)
class Session:
    """All the daemon knows; replaced, never changed.

    entropy: drawn once per daemon; seeds and uids of takes derive from it. made: take id -> its settings and stem.
    help: (address, arguments, text) rows for /help.
    """

    entropy: bytes
    settings: Settings = Settings()
    presets: tuple[str, ...] = ()
    queue_limit: int = 64
    keep_partial: bool = False
    help: tuple[tuple[str, str, str], ...] = ()
    next_take: int = 1
    engine: str = "starting"
    engine_reason: str = ""
    warm: tuple[m.ModelInfo, ...] = ()
    installed: tuple[str, ...] = ()
    queue: tuple[m.Take, ...] = ()
    running: Running | None = None
    made: Mapping[int, tuple[m.Take, str]] = field(default_factory=lambda: MappingProxyType({}))
    transport: Transport = Transport()
    monitor: m.MonitorState = m.MonitorState("")
    gain_db: float = 0.0
    starved: int = 0
    speed: float = 0.0


Step = tuple[Session, list[m.Effect]]


def step(session: Session, message: m.Message, now: Now) -> Step:
    """Return the session after a message and the effects it has. A wrong command changes nothing and answers /error."""
    rule = RULES[type(message)]
    try:
        return rule(session, message, now)
    except CommandError as error:
        assert isinstance(message, m.Command)
        return session, [m.Answer(message.sender, "/error", (message.address, str(error)))]


def accept_journal(session: Session, takes: tuple[m.Take, ...]) -> Session:
    """Return the session with takes that an earlier daemon accepted and did not finish at the head of the queue."""
    return dataclasses.replace(session, queue=(*takes, *session.queue))


# -- takes ---------------------------------------------------------------------------------------------------------


def _generate(session: Session, command: m.Generate, now: Now) -> Step:
    settings = session.settings
    if command.prompt is not None:
        settings = change(settings, "prompt", command.prompt)
    for name, value in command.changes:
        settings = change(settings, name, value)
    return _accept(session, settings, now, command)


def _continue(session: Session, command: m.Continue, now: Now) -> Step:
    take, path = _made(session, command.take)
    settings = dataclasses.replace(take.settings, seed=session.settings.seed, prompt=session.settings.prompt)
    if not settings.prompt:
        settings = dataclasses.replace(settings, prompt=take.settings.prompt)
    if command.seconds is not None:
        settings = change(dataclasses.replace(settings, bars=0.0), "seconds", command.seconds)
    return _accept(session, settings, now, command, continues=path)


def _again(session: Session, command: m.Again, now: Now) -> Step:
    take, _ = _made(session, command.take)
    return _accept(session, dataclasses.replace(take.settings, seed=-1), now, command, continues=take.continues)


def _accept(session: Session, settings: Settings, now: Now, command: m.Command, continues: str = "") -> Step:
    _check(session, settings)
    count = settings.variations
    if len(session.queue) + count > session.queue_limit:
        raise CommandError(
            f"{len(session.queue)} takes wait already and {session.queue_limit} are allowed; cancel some or wait"
        )
    ids = tuple(range(session.next_take, session.next_take + count))
    takes = []
    for number, take_id in enumerate(ids):
        digest = hashlib.blake2b(session.entropy + take_id.to_bytes(8, "big"), digest_size=16).digest()
        first = settings.seed if settings.seed >= 0 else _seed(session.entropy, ids[0])
        chosen = dataclasses.replace(settings, seed=(first + number) % 2**32, variations=1)
        takes.append(m.Take(take_id, digest.hex(), chosen, now.wall, continues, ids if count > 1 else ()))
    effects: list[m.Effect] = [m.Record(take) for take in takes]
    for position, take in enumerate(takes, len(session.queue) + (session.running is not None)):
        effects.append(m.Answer(command.sender, "/take/queued", (take.id, position)))
    queued = dataclasses.replace(session, queue=(*session.queue, *takes), next_take=session.next_take + count)
    return _run_next(queued, now, effects)


def _check(session: Session, settings: Settings) -> None:
    if settings.bars and not settings.tempo:
        raise CommandError(f"bars {settings.bars:g} need a tempo; send /set/tempo, or 0 bars to use seconds")
    if session.engine == "down":
        raise CommandError(f"the engine is down ({session.engine_reason}); /model/load starts it again")
    if session.installed and settings.model not in session.installed:
        raise CommandError(_not_installed(settings.model, session.installed))
    info = next((w for w in session.warm if w.name == settings.model), None)
    limit = min(info.max_seconds if info else 600.0, 600.0)
    if not 0.1 <= settings.length <= limit:
        raise CommandError(
            f"a take of {settings.length:g} s is outside 0.1 to {limit:g} s of {settings.model}; change seconds or bars"
        )


def _seed(entropy: bytes, take_id: int) -> int:
    digest = hashlib.blake2b(entropy + b"seed" + take_id.to_bytes(8, "big"), digest_size=4).digest()
    return int.from_bytes(digest, "big")


def _not_installed(name: str, installed: tuple[str, ...]) -> str:
    return f"{name} is not on this machine (here: {', '.join(installed)}); run: audiogen-daemon fetch {name}"


def _run_next(session: Session, now: Now, effects: list[m.Effect]) -> Step:
    if session.running or not session.queue or session.engine != "ready":
        return session, effects
    take, *rest = session.queue
    session = dataclasses.replace(session, queue=tuple(rest), running=Running(take, now.monotonic))
    return session, [*effects, m.Run(take)]


def _cancel(session: Session, command: m.Cancel, now: Now) -> Step:
    running = session.running
    wanted = command.take
    if wanted is None:
        wanted = running.take.id if running else session.queue[0].id if session.queue else None
    if wanted is None:
        raise CommandError("no take is running or waiting; there is nothing to cancel")
    if running and running.take.id == wanted:
        session = dataclasses.replace(session, running=dataclasses.replace(running, cancelling=True))
        return session, [m.Stop(wanted)]
    if any(take.id == wanted for take in session.queue):
        queue = tuple(take for take in session.queue if take.id != wanted)
        effects = [m.Forget(wanted), m.Notify("/take/cancelled", (wanted,))]
        return dataclasses.replace(session, queue=queue), effects
    raise CommandError(f"take {wanted} is neither running nor waiting; {_waiting(session)}")


def _waiting(session: Session) -> str:
    ids = ([session.running.take.id] if session.running else []) + [take.id for take in session.queue]
    return f"there are {', '.join(map(str, ids))}" if ids else "nothing is"


def _cancel_all(session: Session, command: m.CancelAll, now: Now) -> Step:
    effects: list[m.Effect] = []
    for take in session.queue:
        effects += [m.Forget(take.id), m.Notify("/take/cancelled", (take.id,))]
    session = dataclasses.replace(session, queue=())
    if session.running:
        effects.append(m.Stop(session.running.take.id))
        session = dataclasses.replace(session, running=dataclasses.replace(session.running, cancelling=True))
    return session, effects


def _made(session: Session, take: int | None) -> tuple[m.Take, str]:
    if not session.made:
        raise CommandError("no take has been finished yet; send /generate first")
    wanted = max(session.made) if take is None else take
    if wanted not in session.made:
        raise CommandError(f"take {wanted} has no stem; the last is {max(session.made)}")
    return session.made[wanted]


# -- what the engine says ------------------------------------------------------------------------------------------


def _job_started(session: Session, event: m.JobStarted, now: Now) -> Step:
    return session, [m.Notify("/take/started", (event.take,))]


def _job_progress(session: Session, event: m.JobProgress, now: Now) -> Step:
    running = session.running
    if running is None or running.take.id != event.take:
        return session, []
    fraction = min(1.0, event.step / max(event.steps, 1))
    if fraction < 1.0 and now.monotonic - running.told_at < PROGRESS_INTERVAL:
        return session, []
    elapsed = now.monotonic - running.since
    eta = elapsed * (1 - fraction) / fraction if fraction > 0 else 0.0
    session = dataclasses.replace(session, running=dataclasses.replace(running, told_at=now.monotonic))
    return session, [m.Notify("/take/progress", (event.take, fraction, eta))]


def _job_done(session: Session, event: m.JobDone, now: Now) -> Step:
    if session.running is None or session.running.take.id != event.take:
        return session, []
    take = session.running.take
    session = dataclasses.replace(session, running=None, speed=event.speed)
    effects: list[m.Effect] = [
        m.SaveStem(take, False, event.speed, event.sampling),
        m.Notify("/take/done", (take.id, event.seconds, event.speed)),
    ]
    return _run_next(session, now, effects)


def _job_cancelled(session: Session, event: m.JobCancelled, now: Now) -> Step:
    if session.running is None or session.running.take.id != event.take:
        return session, []
    return _ended_early(session, event.seconds, m.Notify("/take/cancelled", (event.take,)), now)


def _job_failed(session: Session, event: m.JobFailed, now: Now) -> Step:
    if session.running is None or session.running.take.id != event.take:
        return session, []
    return _ended_early(session, 0.0, m.Notify("/take/failed", (event.take, event.code, event.reason)), now)


def _ended_early(session: Session, seconds: float, word: m.Notify, now: Now) -> Step:
    assert session.running is not None
    take = session.running.take
    keep = session.keep_partial and seconds > 0
    effects: list[m.Effect] = [m.SaveStem(take, True, 0.0)] if keep else [m.Discard(take.id), m.Forget(take.id)]
    return _run_next(dataclasses.replace(session, running=None), now, [*effects, word])


def _engine_state(session: Session, event: m.EngineState, now: Now) -> Step:
    effects: list[m.Effect] = [m.Notify("/engine/state", (event.state,))]
    session = dataclasses.replace(session, engine=event.state, engine_reason=event.reason)
    if event.state == "ready":
        return _run_next(session, now, effects)
    session = dataclasses.replace(session, warm=())
    if event.reason:
        effects.append(m.Notify("/error", ("/engine/state", event.reason)))
    if session.running:
        word = m.Notify("/take/failed", (session.running.take.id, "engine", event.reason or event.state))
        session, ended = _ended_early(session, 0.0, word, now)
        effects += ended
    if event.state == "down":
        for take in session.queue:
            effects.append(m.Notify("/take/failed", (take.id, "engine", event.reason)))
            effects.append(m.Forget(take.id))
        session = dataclasses.replace(session, queue=())
    return session, effects


def _model_ready(session: Session, event: m.ModelReady, now: Now) -> Step:
    others = tuple(w for w in session.warm if w.name != event.info.name)
    effects: list[m.Effect] = [m.Notify("/model/ready", (event.info.name, event.info.seconds))]
    return dataclasses.replace(session, warm=(*others, event.info)), effects


def _model_gone(session: Session, event: m.ModelGone, now: Now) -> Step:
    warm = tuple(w for w in session.warm if w.name != event.name)
    return dataclasses.replace(session, warm=warm), [m.Notify("/model/unloaded", (event.name,))]


def _model_failed(session: Session, event: m.ModelFailed, now: Now) -> Step:
    return session, [m.Notify("/error", ("/model/load", f"{event.name}: {event.reason}"))]


def _installed(session: Session, event: m.InstalledModels, now: Now) -> Step:
    return dataclasses.replace(session, installed=event.names), []


# -- stems and the drop folder -------------------------------------------------------------------------------------


def _stem_saved(session: Session, event: m.StemSaved, now: Now) -> Step:
    return session, [m.Forget(event.take), m.Notify("/stem/saved", (event.take, event.path))]


def _stem_held(session: Session, event: m.StemHeld, now: Now) -> Step:
    return session, [m.Notify("/error", ("/stem/saved", f"take {event.take} is kept safe: {event.reason}"))]


def remember(session: Session, take: m.Take, path: str) -> Session:
    """Return the session knowing where a take's stem is."""
    made = {**session.made, take.id: (take, path)}
    while len(made) > HISTORY:
        del made[min(made)]
    return dataclasses.replace(session, made=MappingProxyType(made))


def _file_landed(session: Session, event: m.FileLanded, now: Now) -> Step:
    return session, [m.Notify("/stem/landed", (event.path,))]


def _file_removed(session: Session, event: m.FileRemoved, now: Now) -> Step:
    made = {k: v for k, v in session.made.items() if v[1] != event.path}
    session = dataclasses.replace(session, made=MappingProxyType(made))
    return session, [m.Notify("/stem/removed", (event.path,))]


def _file_renamed(session: Session, event: m.FileRenamed, now: Now) -> Step:
    made = {k: (take, event.new if path == event.old else path) for k, (take, path) in session.made.items()}
    session = dataclasses.replace(session, made=MappingProxyType(made))
    return session, [m.Notify("/stem/removed", (event.old,)), m.Notify("/stem/landed", (event.new,))]


# -- settings ------------------------------------------------------------------------------------------------------


def _set(session: Session, command: m.SetValue, now: Now) -> Step:
    if command.name == "model" and session.installed:
        name = PARAMETERS["model"].parse(command.value)
        if name not in session.installed:
            raise CommandError(_not_installed(name, session.installed))
    try:
        settings = change(session.settings, command.name, command.value)
    except CommandError as error:
        if command.name in PARAMETERS:
            stays = word_for(getattr(session.settings, command.name))
            raise CommandError(f"{error}; the value stays {show(stays)}") from error
        raise
    return _changed(session, settings, command.sender, (command.name,))


def _changed(session: Session, settings: Settings, sender: m.Peer | None, names: tuple[str, ...]) -> Step:
    effects: list[m.Effect] = [
        m.Answer(sender, f"/state/{name}", (word_for(getattr(settings, name)),)) for name in names
    ]
    return dataclasses.replace(session, settings=settings), effects


def word_for(value: Any) -> Any:
    """Return a setting's value as it goes over OSC: None is "model", a signature "7/8"."""
    if value is None:
        return "model"
    return f"{value[0]}/{value[1]}" if isinstance(value, tuple) else value


def _get(session: Session, command: m.GetValue, now: Now) -> Step:
    change(session.settings, command.name, getattr(session.settings, command.name, 0) or 0) if (
        command.name not in PARAMETERS
    ) else None
    value = word_for(getattr(session.settings, command.name))
    return session, [m.Answer(command.sender, f"/get/{command.name}", (value,))]


def _state(session: Session, command: m.GetState, now: Now) -> Step:
    return _changed(session, session.settings, command.sender, tuple(PARAMETERS))


def _add_tag(session: Session, command: m.AddTag, now: Now) -> Step:
    prompt = ", ".join(part for part in (session.settings.prompt, command.tag.strip()) if part)
    return _changed(session, change(session.settings, "prompt", prompt), command.sender, ("prompt",))


def _preset(session: Session, command: m.PresetPrompt, now: Now) -> Step:
    if not 0 <= command.index < len(session.presets):
        raise CommandError(f"preset {command.index} is outside 0 to {len(session.presets) - 1}; add it to the config")
    settings = change(session.settings, "prompt", session.presets[command.index])
    return _changed(session, settings, command.sender, ("prompt",))


def _tempo(session: Session, command: m.TransportTempo, now: Now) -> Step:
    return _follow(session, "tempo", command.tempo)


def _signature(session: Session, command: m.TransportSignature, now: Now) -> Step:
    return _follow(session, "signature", (command.numerator, command.denominator))


def _follow(session: Session, name: str, value: object) -> Step:
    settings = change(session.settings, name, value)
    if settings == session.settings:
        return session, []
    return _changed(session, settings, None, (name,))


def _playing(session: Session, command: m.TransportPlaying, now: Now) -> Step:
    transport = dataclasses.replace(session.transport, playing=command.playing, at=now.monotonic)
    return dataclasses.replace(session, transport=transport), []


def _beat(session: Session, command: m.TransportBeat, now: Now) -> Step:
    transport = dataclasses.replace(session.transport, beat=command.beat, at=now.monotonic)
    return dataclasses.replace(session, transport=transport), []


# -- listening -----------------------------------------------------------------------------------------------------


def _monitor_play(session: Session, command: m.MonitorPlay, now: Now) -> Step:
    take, path = _made(session, command.take)
    return session, [m.PlayStem(take.id, path)]


def _monitor_stop(session: Session, command: m.MonitorStop, now: Now) -> Step:
    return session, [m.Silence()]


def _gain(session: Session, command: m.MonitorGain, now: Now) -> Step:
    if not -120.0 <= command.gain_db <= 12.0:
        raise CommandError(f"{command.gain_db:g} dB is outside -120 to 12; the gain stays {session.gain_db:g}")
    effects = [m.SetGain(command.gain_db), m.Answer(command.sender, "/state/gain", (command.gain_db,))]
    return dataclasses.replace(session, gain_db=command.gain_db), effects


def _device(session: Session, command: m.MonitorDevice, now: Now) -> Step:
    return session, [m.OpenDevice(command.name)]


def _take_playing(session: Session, event: m.TakePlaying, now: Now) -> Step:
    return session, [m.Notify("/take/playing", (event.take, event.latency))]


def _starved(session: Session, event: m.MonitorStarved, now: Now) -> Step:
    return dataclasses.replace(session, starved=event.samples), [m.Notify("/monitor/starved", (event.samples,))]


def _level(session: Session, event: m.MonitorLevel, now: Now) -> Step:
    return session, [m.Notify("/monitor/level", (event.left, event.right))]


def _monitor_state(session: Session, event: m.MonitorState, now: Now) -> Step:
    effects: list[m.Effect] = [m.Notify("/monitor/device", (event.device,))]
    if event.reason:
        effects.append(m.Notify("/error", ("/monitor/device", event.reason)))
    return dataclasses.replace(session, monitor=event), effects


# -- models and the connection -------------------------------------------------------------------------------------


def _load(session: Session, command: m.LoadModel, now: Now) -> Step:
    if session.installed and command.name not in session.installed:
        raise CommandError(_not_installed(command.name, session.installed))
    return session, [m.Load(command.name)]


def _unload(session: Session, command: m.UnloadModel, now: Now) -> Step:
    names = [info.name for info in session.warm]
    if command.name not in names:
        raise CommandError(f"{command.name} is not warm; warm: {', '.join(names) or 'none'}")
    return session, [m.Unload(command.name)]


def _models(session: Session, command: m.ListModels, now: Now) -> Step:
    warm = {info.name for info in session.warm}
    return session, [
        m.Answer(command.sender, "/models/reply", (name, "warm" if name in warm else "installed"))
        for name in session.installed
    ]


def _peer(session: Session, command: m.Subscribe | m.Unsubscribe, now: Now) -> Step:
    sender = command.sender
    host = command.host or (sender.host if sender else "")
    port = command.port or (sender.port if sender else 0)
    if not host or not 1024 <= port <= 65535:
        raise CommandError(f"port {port} is outside 1024 to 65535; send the port you listen on")
    peer = m.Peer(host, port)
    return session, [m.AddPeer(peer, sender) if isinstance(command, m.Subscribe) else m.RemovePeer(peer)]


def _ping(session: Session, command: m.Ping, now: Now) -> Step:
    return session, [m.Answer(command.sender, "/pong", command.echo)]


def _status(session: Session, command: m.Status, now: Now) -> Step:
    running = session.running.take.id if session.running else 0
    pairs: dict[str, object] = {
        "engine": session.engine,
        "model": session.settings.model,
        "warm": ",".join(info.name for info in session.warm),
        "running": running,
        "queued": len(session.queue),
        "speed": session.speed,
        "device": session.monitor.device,
        "starved": session.starved,
        "memory_mb": sum(info.memory for info in session.warm) / 2**20,
    }
    flat = tuple(x for pair in pairs.items() for x in pair)
    return session, [m.Answer(command.sender, "/status/reply", flat)]


def _help(session: Session, command: m.Help, now: Now) -> Step:
    return session, [m.Answer(command.sender, "/help/reply", row, all_peers=False) for row in session.help]


def _invalid(session: Session, command: m.Invalid, now: Now) -> Step:
    raise CommandError(command.reason)


RULES: dict[type[Any], Callable[[Session, Any, Now], Step]] = {
    m.Generate: _generate,
    m.Continue: _continue,
    m.Again: _again,
    m.Cancel: _cancel,
    m.CancelAll: _cancel_all,
    m.AddTag: _add_tag,
    m.PresetPrompt: _preset,
    m.SetValue: _set,
    m.GetValue: _get,
    m.GetState: _state,
    m.TransportTempo: _tempo,
    m.TransportSignature: _signature,
    m.TransportPlaying: _playing,
    m.TransportBeat: _beat,
    m.MonitorPlay: _monitor_play,
    m.MonitorStop: _monitor_stop,
    m.MonitorGain: _gain,
    m.MonitorDevice: _device,
    m.LoadModel: _load,
    m.UnloadModel: _unload,
    m.ListModels: _models,
    m.Subscribe: _peer,
    m.Unsubscribe: _peer,
    m.Ping: _ping,
    m.Status: _status,
    m.Help: _help,
    m.Invalid: _invalid,
    m.EngineState: _engine_state,
    m.ModelReady: _model_ready,
    m.ModelGone: _model_gone,
    m.ModelFailed: _model_failed,
    m.InstalledModels: _installed,
    m.JobStarted: _job_started,
    m.JobProgress: _job_progress,
    m.JobDone: _job_done,
    m.JobCancelled: _job_cancelled,
    m.JobFailed: _job_failed,
    m.StemSaved: _stem_saved,
    m.StemHeld: _stem_held,
    m.FileLanded: _file_landed,
    m.FileRemoved: _file_removed,
    m.FileRenamed: _file_renamed,
    m.TakePlaying: _take_playing,
    m.MonitorStarved: _starved,
    m.MonitorLevel: _level,
    m.MonitorState: _monitor_state,
}
