"""Recording the input: how long, from which bar on, and what is said of it."""

import dataclasses

from audiogen_daemon import messages as m
from audiogen_daemon.errors import CommandError
from audiogen_daemon.session.state import Now, Session, Step
from audiogen_daemon.settings import BARS_OF_SOUND, Settings, needs_tempo
from audiogen_daemon.transport import Grid

BARS = 4.0
"""Recorded when nothing says how many."""

LONGEST = 600.0
"""Seconds; a model hears no longer files."""


def start(session: Session, command: m.RecordInput, now: Now) -> Step:
    """Open the input. While the DAW plays its tempo and signature count, else those of the settings."""
    if session.recording is not None:
        raise CommandError("the input is being recorded already; /record/stop ends it")
    grid = _grid(session, now)
    settings = session.settings
    if grid is not None:
        settings = dataclasses.replace(settings, tempo=session.transport.tempo, signature=session.transport.signature)
    bars = _bars(settings, command.bars)
    seconds = dataclasses.replace(settings, bars=bars).length
    if seconds > LONGEST:
        raise CommandError(
            f"{bars:g} bars at {settings.tempo:g} bpm last {seconds:g} s, more than {LONGEST:g} s; record fewer"
        )
    return dataclasses.replace(session, recording=command), [m.StartRecording(bars, seconds, grid)]


def stop(session: Session, command: m.RecordStop, now: Now) -> Step:
    """Keep what there is."""
    if session.recording is None:
        raise CommandError("nothing is being recorded; /record begins")
    return session, [m.EndRecording()]


def _grid(session: Session, now: Now) -> Grid | None:
    """Return the bars to begin on; None while the DAW stands or has fallen silent."""
    grid = session.transport.grid()
    return None if grid is None or now.monotonic > grid.until else grid


def _bars(settings: Settings, asked: float | None) -> float:
    """Return how many bars; 0 where nobody named bars and no tempo is known: then `seconds` count, as for takes."""
    usual = settings.bars or (BARS if settings.tempo else 0.0)
    bars = usual if asked is None else BARS_OF_SOUND.parse(asked)
    if bars and not settings.tempo:
        raise CommandError(f"{needs_tempo(bars)}; send /set/tempo, or start the DAW")
    return float(bars)


def waiting(session: Session, event: m.RecordingWaiting, now: Now) -> Step:
    return session, [_say(session, "/record/waiting", event.seconds)]


def started(session: Session, event: m.RecordingStarted, now: Now) -> Step:
    return session, [_say(session, "/record/started", event.name, event.seconds)]


def progress(session: Session, event: m.RecordingProgress, now: Now) -> Step:
    return session, [_say(session, "/record/progress", event.seconds, event.level)]


def done(session: Session, event: m.RecordingDone, now: Now) -> Step:
    effects: list[m.Effect] = [_say(session, "/record/done", event.name, event.seconds, event.path)]
    if event.remark:
        effects.append(_say(session, "/error", "/record", f"{event.name}: {event.remark}"))
    return dataclasses.replace(session, recording=None), effects


def cancelled(session: Session, event: m.RecordingCancelled, now: Now) -> Step:
    return dataclasses.replace(session, recording=None), [_say(session, "/record/cancelled")]


def failed(session: Session, event: m.RecordingFailed, now: Now) -> Step:
    return dataclasses.replace(session, recording=None), [_say(session, "/error", "/record", event.reason)]


def _say(session: Session, address: str, *arguments: object) -> m.Answer:
    """Tell everybody, and whoever asked for the recording too."""
    return m.Answer(session.recording.sender if session.recording else None, address, arguments)
