"""What is stopped: the jam, the take that is made, those that wait; what was stopped stays so."""

import dataclasses
from collections.abc import Callable

from audiogen_daemon import messages as m
from audiogen_daemon.errors import CommandError
from audiogen_daemon.session.finals import drop_final, told
from audiogen_daemon.session.jam import stopped
from audiogen_daemon.session.state import Now, Session, Step, why_unlanded


def jam_stop(session: Session, command: m.JamStop, now: Now) -> Step:
    if session.jam is None:
        raise CommandError("no jam is playing; /jam/start begins one")
    return _stop_jam(session, now)


def _stop_jam(session: Session, now: Now) -> Step:
    """Return the session whose jam ends: when the engine says so, or now, while there is none that could."""
    assert session.jam is not None
    stops: list[m.Effect] = [m.Stop(session.jam.id)]
    if session.engine == "ready":
        return dataclasses.replace(session, jam_stopped=True), stops
    session, effects = stopped(session, now)
    return session, stops + effects


def cancel(session: Session, command: m.Cancel, now: Now) -> Step:
    running = session.running
    wanted = command.take
    if wanted is None and running and not running.is_final:
        return session, [m.Stop(take.id) for take in running.takes]
    if session.jam and wanted in (None, session.jam.id):
        return _stop_jam(session, now)
    if wanted is None:
        waiting = [*session.queue, *(running.takes if running else ()), *told(session)]
        if not waiting:
            raise CommandError("no take is running or waiting; there is nothing to cancel")
        wanted = waiting[0].id
    if running and running.take(wanted):
        stays = dataclasses.replace(running, gives_way=False)
        return dataclasses.replace(session, running=stays), [m.Stop(wanted)]
    cancelled = next((take for take in (*session.queue, *session.finals) if take.id == wanted), None)
    if cancelled:
        session, effects = drop_final(_not_waiting(session, cancelled), cancelled)
        return session, [*effects, m.Forget(wanted), m.Notify("/take/cancelled", (wanted,))]
    why = why_unlanded(session, wanted) or f"is neither running nor waiting; {_waiting(session)}"
    raise CommandError(f"take {wanted} {why}")


def _not_waiting(session: Session, cancelled: m.Take) -> Session:
    return dataclasses.replace(
        session,
        queue=tuple(take for take in session.queue if take != cancelled),
        finals=tuple(take for take in session.finals if take != cancelled),
    )


def _waiting(session: Session) -> str:
    running = session.running.takes if session.running else ()
    ids = [take.id for take in (*running, *session.queue, *told(session))]
    return f"there are {', '.join(map(str, ids))}" if ids else "nothing is"


def cancel_all(session: Session, command: m.CancelAll, now: Now) -> Step:
    session, effects = empty(session, lambda take: m.Notify("/take/cancelled", (take.id,)))
    if session.running:
        effects += [m.Stop(take.id) for take in session.running.takes]
        session = dataclasses.replace(session, running=dataclasses.replace(session.running, gives_way=False))
    if session.jam:
        session, stops = _stop_jam(session, now)
        effects += stops
    return session, effects


def empty(session: Session, word: Callable[[m.Take], m.Notify]) -> Step:
    """Return the session with nothing waiting, and a word on each take that people know of."""
    known = (*session.queue, *told(session))
    effects: list[m.Effect] = [m.Forget(final.id) for final in session.finals if final not in known]
    for take in known:
        effects += [m.Forget(take.id), word(take)]
    return dataclasses.replace(session, queue=(), finals=()), effects
