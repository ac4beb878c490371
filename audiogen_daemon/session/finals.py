"""Drafts and finals: a take that was sketched on one model is made once more on a larger one, when nothing else waits.

The final is accepted, and in the journal, together with its draft; it is told of when the draft is done, goes with the
draft when that is cancelled or fails, and gives way to whatever is asked for meanwhile: it is stopped, waits again, and
is later made from its seed as if nothing had been.
"""

import dataclasses

from audiogen_daemon import messages as m
from audiogen_daemon.errors import CommandError
from audiogen_daemon.session.checks import check, check_finishing
from audiogen_daemon.session.state import Session, Step
from audiogen_daemon.settings import Settings


def check_final(session: Session, settings: Settings) -> None:
    """Let takes pass that can have finals.

    Raises:
        CommandError: they cannot be made, or too many wait; the takes themselves can be made all the same.
    """
    check_finishing(session, settings)
    check(session, in_final(settings))
    if len(session.finals) + settings.variations > session.queue_limit:
        raise CommandError(
            f"{len(session.finals)} finals wait and {session.queue_limit} are allowed; cancel some or wait"
        )


def in_final(settings: Settings) -> Settings:
    """Return the settings of the final of a take of these settings."""
    return dataclasses.replace(settings, model=settings.finish_with, finish_with="")


def pair(take: m.Take, final_id: int, final_uid: str) -> tuple[m.Take, m.Take]:
    """Return the take as a draft, and its final."""
    settings, batch = in_final(take.settings), tuple(number + final_id - take.id for number in take.batch)
    final = dataclasses.replace(take, id=final_id, uid=final_uid, settings=settings, batch=batch, draft_of=take.uid)
    return dataclasses.replace(take, final=final_uid), final


def next_final(session: Session) -> m.Take | None:
    """Return the final that is to be made next."""
    return next(iter(told(session)), None)


def told(session: Session) -> tuple[m.Take, ...]:
    """Return the finals whose drafts have been made: people know of these."""
    working = session.running.takes if session.running else ()
    unmade = {take.uid for take in (*session.queue, *working, *session.finishing)}
    return tuple(final for final in session.finals if final.draft_of not in unmade)


def announce(session: Session, draft: m.Take) -> list[m.Effect]:
    """Return what is said of a draft's final when the draft is done; nothing when it has none."""
    before = len(session.queue) + (session.running is not None)
    for index, final in enumerate(told(session)):
        if final.draft_of == draft.uid:
            queued = m.Notify("/take/queued", (final.id, before + index))
            return [m.Notify("/take/final", (draft.id, final.id)), queued]
    return []


def drop_final(session: Session, draft: m.Take) -> Step:
    """Return the session without the final of a draft that will not be made."""
    dropped = [final for final in session.finals if final.draft_of == draft.uid]
    left = tuple(final for final in session.finals if final not in dropped)
    return dataclasses.replace(session, finals=left), [m.Forget(final.id) for final in dropped]


def give_way(session: Session) -> Step:
    """Return the session with a running final on its way back to those that wait."""
    running = session.running
    if running is None or not running.is_final or running.gives_way:
        return session, []
    stopped = dataclasses.replace(running, gives_way=True)
    return dataclasses.replace(session, running=stopped), [m.Stop(take.id) for take in running.takes]


def put_back(session: Session, final: m.Take) -> Step:
    """Return the session in which a final that gave way waits again, before the others."""
    session = dataclasses.replace(session, running=None, finals=(final, *session.finals))
    return session, [m.Discard(final.id), m.Notify("/take/queued", (final.id, len(session.queue)))]
