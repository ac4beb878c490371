"""Taking orders: what becomes a take, and what is stopped."""

import dataclasses
import hashlib
import math
from pathlib import Path

from audiogen_daemon import messages as m
from audiogen_daemon.errors import CommandError
from audiogen_daemon.session.state import Now, Running, Session, Step
from audiogen_daemon.settings import PARAMETERS, Settings, change, to_number


def generate(session: Session, command: m.Generate, now: Now) -> Step:
    settings = session.settings
    if command.prompt is not None:
        settings = change(settings, "prompt", command.prompt)
    for name, value in command.changes:
        settings = changed(session, settings, name, value)
    return accept(session, settings, now, command)


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
    for name, value in command.changes:
        settings = changed(session, settings, name, value)
    return accept(session, settings, now, command, continues=path)


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
    effects: list[m.Effect] = [m.Record(take) for take in takes]
    for position, take in enumerate(takes, len(session.queue) + (session.running is not None)):
        client = command.client if isinstance(command, m.Generate | m.Continue) else ""
        named = (client, take.letter) if take.batch else (client,) * bool(client)
        effects.append(m.Answer(command.sender, "/take/queued", (take.id, position, *named)))
    queued = dataclasses.replace(session, queue=(*session.queue, *takes), next_take=session.next_take + count)
    return run_next(queued, now, effects)


def check(session: Session, settings: Settings) -> None:
    if settings.bars and not settings.tempo:
        raise CommandError(f"bars {settings.bars:g} need a tempo; send /set/tempo, or 0 bars to use seconds")
    if session.engine == "down":
        raise CommandError(f"the engine is down ({session.engine_reason}); /model/load starts it again")
    if session.installed and settings.model not in session.installed:
        raise CommandError(not_installed(settings.model, session.installed))
    info = next((w for w in session.warm if w.name == settings.model), None)
    limit = min(info.max_seconds if info else 600.0, 600.0)
    if not 0.1 <= settings.length <= limit:
        raise CommandError(
            f"a take of {settings.length:g} s is outside 0.1 to {limit:g} s of {settings.model}; change seconds or bars"
        )


def uid(session: Session, take_id: int) -> str:
    """Return the name a take has on every machine and after every restart."""
    return hashlib.blake2b(session.entropy + take_id.to_bytes(8, "big"), digest_size=16).hexdigest()


def drawn_seed(session: Session, take_id: int) -> int:
    """Return a seed for a take that was given none."""
    digest = hashlib.blake2b(session.entropy + b"seed" + take_id.to_bytes(8, "big"), digest_size=4).digest()
    return int.from_bytes(digest, "big")


def not_installed(name: str, installed: tuple[str, ...]) -> str:
    return f"{name} is not on this machine (here: {', '.join(installed)}); run: audiogen-daemon fetch {name}"


def run_next(session: Session, now: Now, effects: list[m.Effect]) -> Step:
    if session.running or session.jam or not session.queue or session.engine != "ready" or session.draining:
        return session, effects
    first = session.queue[0]
    takes = tuple(take for take in session.queue if take.id == first.id or take.id in first.batch)
    rest = tuple(take for take in session.queue if take not in takes)
    session = dataclasses.replace(session, queue=rest, running=Running(takes, now.monotonic))
    return session, [*effects, m.Run(takes)]


def without(session: Session, take: m.Take) -> Session:
    """Return the session in which a running take has ended; the engine is free when it was the last."""
    assert session.running is not None
    left = tuple(other for other in session.running.takes if other.id != take.id)
    return dataclasses.replace(session, running=dataclasses.replace(session.running, takes=left) if left else None)


def cancel(session: Session, command: m.Cancel, now: Now) -> Step:
    running = session.running
    wanted = command.take
    if wanted is None and running:
        return session, [m.Stop(take.id) for take in running.takes]
    if wanted is None:
        if not session.queue:
            raise CommandError("no take is running or waiting; there is nothing to cancel")
        wanted = session.queue[0].id
    if running and running.take(wanted):
        return session, [m.Stop(wanted)]
    if any(take.id == wanted for take in session.queue):
        queue = tuple(take for take in session.queue if take.id != wanted)
        effects: list[m.Effect] = [m.Forget(wanted), m.Notify("/take/cancelled", (wanted,))]
        return dataclasses.replace(session, queue=queue), effects
    if any(take.id == wanted for take in session.finishing):
        raise CommandError(f"take {wanted} has been made and is being finished; it lands in a moment")
    raise CommandError(f"take {wanted} is neither running nor waiting; {_waiting(session)}")


def _waiting(session: Session) -> str:
    ids = [take.id for take in (*(session.running.takes if session.running else ()), *session.queue)]
    return f"there are {', '.join(map(str, ids))}" if ids else "nothing is"


def cancel_all(session: Session, command: m.CancelAll, now: Now) -> Step:
    effects: list[m.Effect] = []
    for take in session.queue:
        effects += [m.Forget(take.id), m.Notify("/take/cancelled", (take.id,))]
    session = dataclasses.replace(session, queue=())
    if session.running:
        effects += [m.Stop(take.id) for take in session.running.takes]
    if session.jam:
        effects.append(m.Stop(session.jam.id))
    return session, effects


def finished_take(session: Session, take: int | None) -> tuple[m.Take, str]:
    if not session.made:
        raise CommandError("no take has been finished yet; send /generate first")
    wanted = max(session.made) if take is None else take
    if wanted not in session.made:
        raise CommandError(f"take {wanted} has no stem; the last is {max(session.made)}")
    return session.made[wanted]
