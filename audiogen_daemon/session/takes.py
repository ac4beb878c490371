"""Taking orders: what becomes a take, and when it is made."""

import dataclasses
import hashlib
import math
from pathlib import Path

from audiogen_daemon import messages as m
from audiogen_daemon.errors import CommandError
from audiogen_daemon.session.checks import check
from audiogen_daemon.session.finals import check_final, give_way, next_final, pair
from audiogen_daemon.session.state import Now, Running, Session, Step, why_unlanded
from audiogen_daemon.settings import PARAMETERS, Settings, change, to_number


def generate(session: Session, command: m.Generate, now: Now) -> Step:
    settings = session.settings
    if command.prompt is not None:
        settings = change(settings, "prompt", command.prompt)
    return accept(session, _with(session, settings, command.changes), now, command)


def _with(session: Session, settings: Settings, pairs: tuple[tuple[str, object], ...]) -> Settings:
    """Return the settings changed by pairs; what is wrong with one is told with its name."""
    for name, value in pairs:
        try:
            settings = changed(session, settings, name, value)
        except CommandError as error:
            known = name in PARAMETERS and not str(error).startswith(name)
            raise CommandError(f"{name}: {error}" if known else str(error)) from error
    return settings


def changed(session: Session, settings: Settings, name: str, value: object) -> Settings:
    """Return the settings with one value changed; a melody or a style may be a take's number."""
    number = to_number(value) if name in PARAMETERS and PARAMETERS[name].kind == "file" else None
    if number and math.isfinite(number):
        if number != int(number):
            raise CommandError(f"{name} {number:g} is no take's number")
        value = Path(finished_take(session, int(number))[1]).name
    return change(settings, name, value)


def continue_take(session: Session, command: m.Continue, now: Now) -> Step:
    if command.path and not command.read:
        return session, [m.ReadStem(command)]
    take, path = (command.found, command.path) if command.path else finished_take(session, command.take)
    settings = _going_on(session, take, path) if take else session.settings
    if command.seconds is not None:
        settings = change(dataclasses.replace(settings, bars=0.0), "seconds", command.seconds)
    return accept(session, _with(session, settings, command.changes), now, command, continues=path)


def _going_on(session: Session, take: m.Take, path: str) -> Settings:
    """Return the settings of what follows a take: its own, but with a prompt that was set after it was asked for."""
    known = session.made.get(take.id)
    asked = take.id if known and known[1] == path else 0
    newer = session.prompted > asked and session.settings.prompt
    prompt = session.settings.prompt if newer else take.settings.prompt
    return dataclasses.replace(take.settings, seed=session.settings.seed, prompt=prompt)


def again(session: Session, command: m.Again, now: Now) -> Step:
    if command.path and command.found is None:
        return session, [m.ReadStem(command)]
    take = command.found or finished_take(session, command.take)[0]
    return accept(session, dataclasses.replace(take.settings, seed=-1), now, command, continues=take.continues)


def accept(session: Session, settings: Settings, now: Now, command: m.Command, continues: str = "") -> Step:
    check(session, settings)
    count = settings.variations
    if len(session.queue) + count > session.queue_limit:
        raise CommandError(
            f"{len(session.queue)} takes wait already and {session.queue_limit} are allowed; cancel some or wait"
        )
    ids = tuple(range(session.next_take, session.next_take + count))
    takes = []
    for number, take_id in enumerate(ids):
        first = settings.seed if settings.seed >= 0 else drawn_seed(session, ids[0])
        chosen = dataclasses.replace(settings, seed=(first + number) % 2**32, variations=1)
        takes.append(m.Take(take_id, uid(session, take_id), chosen, now.wall, continues, ids if count > 1 else ()))
    finals: list[m.Take] = []
    refused: list[m.Effect] = []
    if settings.finish_with:
        try:
            check_final(session, settings)
            takes, finals = _in_pairs(session, takes)
        except CommandError as error:
            refused.append(m.Answer(command.sender, "/error", ("/take/final", f"no final of take {ids[0]}: {error}")))
    effects: list[m.Effect] = [m.Record(take) for take in (*takes, *finals)]
    ahead = len(session.queue) + (session.running is not None and not session.running.is_final)
    for position, take in enumerate(takes, ahead):
        client = command.client if isinstance(command, m.Generate | m.Continue) else ""
        named = (client, take.letter) if take.batch else (client,) * bool(client)
        effects.append(m.Answer(command.sender, "/take/queued", (take.id, position, *named)))
    queued = dataclasses.replace(
        session,
        queue=(*session.queue, *takes),
        finals=(*session.finals, *finals),
        next_take=session.next_take + len(takes) + len(finals),
    )
    return run_next(queued, now, [*effects, *refused])


def _in_pairs(session: Session, takes: list[m.Take]) -> tuple[list[m.Take], list[m.Take]]:
    """Return takes as drafts, and a final of each."""
    pairs = [pair(take, take.id + len(takes), uid(session, take.id + len(takes))) for take in takes]
    return [draft for draft, _ in pairs], [final for _, final in pairs]


def uid(session: Session, take_id: int) -> str:
    """Return the name a take has on every machine and after every restart."""
    return hashlib.blake2b(session.entropy + take_id.to_bytes(8, "big"), digest_size=16).hexdigest()


def drawn_seed(session: Session, take_id: int) -> int:
    """Return a seed for a take that was given none."""
    digest = hashlib.blake2b(session.entropy + b"seed" + take_id.to_bytes(8, "big"), digest_size=4).digest()
    return int.from_bytes(digest, "big")


def run_next(session: Session, now: Now, effects: list[m.Effect]) -> Step:
    """Return the session with the engine at work on what waits first; finals come last, and give way."""
    if session.running and session.queue:
        session, stops = give_way(session)
        return session, [*effects, *stops]
    if session.running or session.jam or session.engine != "ready" or session.draining:
        return session, effects
    final = next_final(session)
    takes = _together(session.queue) if session.queue else (final,) if final else ()
    if not takes:
        return session, effects
    session = dataclasses.replace(
        session,
        queue=tuple(take for take in session.queue if take not in takes),
        finals=tuple(take for take in session.finals if take not in takes),
        running=Running(takes, now.monotonic),
    )
    return session, [*effects, m.Run(takes)]


def _together(queue: tuple[m.Take, ...]) -> tuple[m.Take, ...]:
    """Return the first take with the variations that are made in one pass with it: those of the seeds that follow."""
    first = queue[0]
    batch = [take for take in queue if take.id == first.id or take.id in first.batch]
    return tuple(t for i, t in enumerate(batch) if t.settings.seed == (first.settings.seed + i) % 2**32)


def without(session: Session, take: m.Take) -> Session:
    """Return the session in which a running take has ended; the engine is free when it was the last."""
    assert session.running is not None
    left = tuple(other for other in session.running.takes if other.id != take.id)
    return dataclasses.replace(session, running=dataclasses.replace(session.running, takes=left) if left else None)


def finished_take(session: Session, take: int | None) -> tuple[m.Take, str]:
    """Return a take and its stem; without an id the last that was asked for, which no final is."""
    last = max(session.made, key=lambda number: (not session.made[number][0].is_final, number), default=None)
    wanted = last if take is None else take
    if wanted is not None and wanted in session.made:
        return session.made[wanted]
    unlanded = max(session.landing, default=0) if wanted is None else wanted
    why = why_unlanded(session, unlanded)
    if why:
        raise CommandError(f"take {unlanded} {why}")
    if last is None:
        raise CommandError("no take has been finished yet; send /generate first")
    raise CommandError(f"take {wanted} has no stem; the last is {last}")
