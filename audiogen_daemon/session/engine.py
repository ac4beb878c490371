"""What the engine says, and what follows for takes and models."""

import dataclasses
from types import MappingProxyType

from audiogen_daemon import messages as m
from audiogen_daemon.session.finals import announce, drop_final, give_way, put_back
from audiogen_daemon.session.jam import ended, resumed, stopped
from audiogen_daemon.session.state import Now, Session, Step, landing
from audiogen_daemon.session.stopping import empty
from audiogen_daemon.session.takes import run_next, without

PROGRESS_INTERVAL = 0.1
"""Seconds between two progress messages of one take: at most 10 Hz."""


def job_started(session: Session, event: m.JobStarted, now: Now) -> Step:
    return session, [m.Notify("/take/started", (event.take,))]


def job_progress(session: Session, event: m.JobProgress, now: Now) -> Step:
    running = session.running
    if running is None or running.take(event.take) is None:
        return session, []
    fraction = min(1.0, event.step / max(event.steps, 1))
    if not running.told_at:
        # What came before, loading a model or reading the prompt, says nothing of the steps that are left.
        running = dataclasses.replace(running, since=now.monotonic, behind=fraction, told_at=now.monotonic)
        session = dataclasses.replace(session, running=running)
    if fraction < 1.0 and now.monotonic - running.told_at < PROGRESS_INTERVAL:
        return session, []
    made = fraction - running.behind
    eta = (now.monotonic - running.since) * (1 - fraction) / made if made > 0 else 0.0
    session = dataclasses.replace(session, running=dataclasses.replace(running, told_at=now.monotonic))
    return session, [m.Notify("/take/progress", (take.id, fraction, eta)) for take in running.takes]


def job_done(session: Session, event: m.JobDone, now: Now) -> Step:
    take = _running_take(session, event.take)
    if take is None:
        return session, []
    speed = session.speed if take.is_final else event.speed
    session = dataclasses.replace(without(session, take), speed=speed, finishing=(*session.finishing, take))
    return run_next(session, now, [m.Finish(take, event.speed, event.sampling)])


def take_finished(session: Session, event: m.TakeFinished, now: Now) -> Step:
    if event.take not in session.finishing:
        return session, []
    take = event.take
    effects: list[m.Effect] = [m.PlayLoop(take)] if take.settings.loop and take.is_heard else []
    effects.append(m.SaveStem(take, False, event.speed, event.sampling, event.findings))
    flat = tuple(word for pair in event.findings for word in pair)
    effects.append(m.Notify("/take/done", (take.id, event.seconds, event.speed, *flat)))
    session = dataclasses.replace(session, finishing=tuple(t for t in session.finishing if t != take))
    session = landing(session, take, "done")
    return run_next(session, now, [*effects, *announce(session, take)])


def job_cancelled(session: Session, event: m.JobCancelled, now: Now) -> Step:
    if session.jam and session.jam.id == event.take:
        return stopped(session, now)
    take = _running_take(session, event.take)
    if take is not None and session.running and session.running.gives_way:
        session, effects = put_back(session, take)
        return run_next(session, now, effects)
    return _ended_early(session, event.take, event.seconds, m.Notify("/take/cancelled", (event.take,)), now)


def job_failed(session: Session, event: m.JobFailed, now: Now) -> Step:
    if session.jam and session.jam.id == event.take:
        return ended(session, m.Notify("/error", ("/jam/start", event.reason)), now)
    word = m.Notify("/take/failed", (event.take, event.code, event.reason))
    return _ended_early(session, event.take, 0.0, word, now)


def _running_take(session: Session, take_id: int) -> m.Take | None:
    return session.running.take(take_id) if session.running else None


def _ended_early(session: Session, take_id: int, seconds: float, word: m.Notify, now: Now) -> Step:
    take = _running_take(session, take_id)
    if take is None:
        return session, []
    keep = session.keep_partial and seconds > 0
    session, effects = drop_final(without(session, take), take)
    effects += [m.SaveStem(take, True, 0.0)] if keep else [m.Discard(take.id), m.Forget(take.id)]
    return run_next(session, now, [*effects, word])


def engine_state(session: Session, event: m.EngineState, now: Now) -> Step:
    effects: list[m.Effect] = [m.Notify("/engine/state", (event.state,))]
    session = dataclasses.replace(session, engine=event.state, engine_reason=event.reason)
    if event.state == "ready":
        session, more = resumed(session, now) if session.jam else run_next(session, now, [])
        return session, [*effects, *more]
    session = dataclasses.replace(session, warm=(), held=m.EngineMemory())
    if event.reason:
        effects.append(m.Notify("/error", ("/engine/state", _what_died(session, event))))
    for take in session.running.takes if session.running else ():
        word = m.Notify("/take/failed", (take.id, "engine", event.reason or event.state))
        session, ends = _ended_early(session, take.id, 0.0, word, now)
        effects += ends
    if session.jam_stopped:
        session, ends = stopped(session, now)
        effects += ends
    if event.state == "down":
        if session.jam:
            session, ends = ended(session, m.Notify("/error", ("/jam/start", event.reason)), now)
            effects += ends
        session, failed = empty(session, lambda take: m.Notify("/take/failed", (take.id, "engine", event.reason)))
        effects += failed
    return session, effects


def _what_died(session: Session, event: m.EngineState) -> str:
    text = event.reason
    if session.running:
        take = session.running.takes[0]
        text += f' during take {take.id} "{take.settings.prompt[:40]}"'
    if event.state == "restarting":
        waiting = len(session.queue)
        text += f"; restarting, {waiting} take{'' if waiting == 1 else 's'} still queued"
    elif event.state == "down":
        text += "; it stays down until /model/load"
    return text


def drain(session: Session, event: m.Drain, now: Now) -> Step:
    return give_way(dataclasses.replace(session, draining=True))


def model_ready(session: Session, event: m.ModelReady, now: Now) -> Step:
    others = tuple(w for w in session.warm if w.name != event.info.name)
    effects: list[m.Effect] = [m.Notify("/model/ready", (event.info.name, event.info.seconds))]
    return dataclasses.replace(session, warm=(*others, event.info)), effects


def model_gone(session: Session, event: m.ModelGone, now: Now) -> Step:
    warm = tuple(w for w in session.warm if w.name != event.name)
    return dataclasses.replace(session, warm=warm), [m.Notify("/model/unloaded", (event.name,))]


def model_failed(session: Session, event: m.ModelFailed, now: Now) -> Step:
    return session, [m.Notify("/error", ("/model/load", f"{event.name}: {event.reason}"))]


def engine_memory(session: Session, event: m.EngineMemory, now: Now) -> Step:
    return dataclasses.replace(session, held=event), []


def installed(session: Session, event: m.InstalledModels, now: Now) -> Step:
    return dataclasses.replace(session, installed=event.names), []


def refused(session: Session, event: m.RefusedModels, now: Now) -> Step:
    return dataclasses.replace(session, refused=MappingProxyType(dict(event.reasons))), []
