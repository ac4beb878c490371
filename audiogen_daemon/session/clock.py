"""The DAW's clock, by OSC or by Ableton Link, and the settings that follow it."""

import dataclasses

from audiogen_daemon import messages as m
from audiogen_daemon.errors import CommandError
from audiogen_daemon.session.state import Now, Session, Step
from audiogen_daemon.session.values import changed
from audiogen_daemon.settings import DAW_TEMPO, change
from audiogen_daemon.transport import Transport

FARTHEST = 1e7
"""Quarter notes from a song's beginning; Live ends at 1 576 800."""


def tempo(session: Session, command: m.TransportTempo, now: Now) -> Step:
    session, effects = _follow(session, "tempo", DAW_TEMPO.parse(command.tempo))
    if session.link:
        return session, effects
    return _moved(session, session.transport.with_tempo(command.tempo, command.received or now.monotonic), effects)


def signature(session: Session, command: m.TransportSignature, now: Now) -> Step:
    session, effects = _follow(session, "signature", (command.numerator, command.denominator))
    return _moved(session, session.transport.with_signature(*session.settings.signature), effects)


def playing(session: Session, command: m.TransportPlaying, now: Now) -> Step:
    if session.link:
        return session, []
    return _moved(session, session.transport.with_playing(command.playing, command.received or now.monotonic), [])


def beat(session: Session, command: m.TransportBeat, now: Now) -> Step:
    if not -FARTHEST <= command.beat <= FARTHEST:
        raise CommandError(f"beat {command.beat:g} is outside {-FARTHEST:g} to {FARTHEST:g}; send quarter notes")
    if session.link:
        return session, []
    return _moved(session, session.transport.with_beat(command.beat, command.received or now.monotonic), [])


def link_heard(session: Session, event: m.LinkHeard, now: Now) -> Step:
    """Follow Link while others are there; whether they play or stand, their beats go on."""
    effects: list[m.Effect] = []
    if event.peers and (event.tempo != session.transport.tempo or not session.transport.playing):
        try:
            session, effects = _follow(session, "tempo", round(event.tempo, 2))
        except CommandError as error:
            effects = [m.Notify("/error", ("/set/tempo", f"Link: {error}"))]
    transport = session.transport.with_tempo(event.tempo, event.at).with_playing(event.peers > 0, event.at)
    transport = transport.with_signature(*session.settings.signature).with_beat(event.beat, event.at)
    return _moved(session, transport, effects)


def link_missing(session: Session, event: m.LinkMissing, now: Now) -> Step:
    return dataclasses.replace(session, link=False), [m.Notify("/error", ("/transport", event.reason))]


def _follow(session: Session, name: str, value: object) -> Step:
    settings = change(session.settings, name, value)
    if settings == session.settings:
        return session, []
    return changed(session, settings, None, (name,))


def _moved(session: Session, transport: Transport, effects: list[m.Effect]) -> Step:
    """Return the session with its transport; the monitor is told when that would be heard."""
    session = dataclasses.replace(session, transport=transport)
    grid = transport.grid()
    if grid == session.grid or (grid is not None and not grid.differs(session.grid)):
        return session, effects
    return dataclasses.replace(session, grid=grid), [*effects, m.SetGrid(grid)]
