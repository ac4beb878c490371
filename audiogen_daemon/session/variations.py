"""Which take is meant by "7", "7.B" and "B", and which takes there are."""

import dataclasses

from audiogen_daemon import messages as m
from audiogen_daemon.errors import CommandError
from audiogen_daemon.session.finals import told
from audiogen_daemon.session.state import Now, Session, Step, why_unlanded
from audiogen_daemon.session.takes import finished_take

SHOWN_PROMPT = 200
"""Characters of a prompt that go along with a take."""


def play(session: Session, command: m.MonitorPlay, now: Now) -> Step:
    take, path = _wanted(session, command)
    played = m.PlayStem(take.id, path, session.settings.launch, take.in_phase, bool(take.settings.loop))
    heard = take.id if session.monitor.device else session.heard
    return dataclasses.replace(session, heard=heard), [played]


def recent(session: Session, command: m.ListTakes, now: Now) -> Step:
    """Tell every take that is there or is being made, oldest first, and which draft's final it is."""
    rows = _known(session)
    drafts = {take.final: number for number, (take, _, _) in rows.items() if take.final}
    effects: list[m.Effect] = []
    for take, state, path in [rows[number] for number in sorted(rows)][-command.count :]:
        facts = (take.id, state, take.letter, take.settings.model, take.settings.prompt[:SHOWN_PROMPT], path)
        draft = (drafts[take.uid],) if take.uid in drafts else ()
        effects.append(m.Answer(command.sender, "/takes/reply", (*facts, *draft)))
    return session, effects


def _known(session: Session) -> dict[int, tuple[m.Take, str, str]]:
    """Return take, state and path of all takes by their ids."""
    running = session.running.takes if session.running else ()
    waiting = (*session.queue, *told(session))
    states = ((waiting, "queued"), (running, "started"), (session.finishing, "done"))
    rows = {take.id: (take, state, "") for takes, state in states for take in takes}
    rows |= {number: (take, state, "") for number, (take, state) in session.landing.items()}
    return rows | {number: (take, "saved", path) for number, (take, path) in session.made.items()}


def _wanted(session: Session, command: m.MonitorPlay) -> tuple[m.Take, str]:
    if not command.letter:
        return finished_take(session, command.take)
    known = _known(session)
    number = command.take
    if number is None:
        number = session.heard if session.heard in known else finished_take(session, None)[0].id
    if number not in known:
        last = finished_take(session, None)[0]
        raise CommandError(f"there is no take {number}; the last is {last.id}.{last.letter}")
    take = known[number][0]
    members = take.batch or (take.id,)
    place = m.LETTERS.find(command.letter)
    wanted = members[place] if 0 <= place < len(members) else 0
    if wanted in session.made:
        return session.made[wanted]
    there = ", ".join(f"{m.LETTERS[members.index(n)]} ({n})" for n in members if n in session.made)
    why = why_unlanded(session, wanted) or ("is still being made" if wanted in known else "is not there")
    raise CommandError(f"variation {command.letter} of take {number} {why}; there is {there or 'none yet'}")
