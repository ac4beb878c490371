"""The jam: music without an end that follows what is set while it plays, and mixes of several prompts."""

import dataclasses

from audiogen_daemon import messages as m
from audiogen_daemon.errors import CommandError
from audiogen_daemon.session.checks import check
from audiogen_daemon.session.finals import give_way
from audiogen_daemon.session.state import Now, Session, Step
from audiogen_daemon.session.takes import drawn_seed, run_next, uid
from audiogen_daemon.settings import BARS_OF_SOUND, MORPH_SLOTS, Settings, change, needs_tempo

STEERS = ("prompt", "morph", "temperature", "top_k", "top_p", "guidance", "beta")
"""Settings that a running jam follows at once."""


def start(session: Session, command: m.JamStart, now: Now) -> Step:
    settings, prompted = session.settings, session.prompted
    told: list[m.Effect] = []
    if command.prompt is not None:
        settings, prompted = change(settings, "prompt", command.prompt), session.next_take
        told = [m.Answer(command.sender, "/state/prompt", (settings.prompt,))]
    if session.jam_stopped:
        raise CommandError("the jam is being stopped; wait for /jam/stopped, then send /jam/start again")
    if session.jam:
        return steer(dataclasses.replace(session, settings=settings, prompted=prompted), told)
    if session.queue or (session.running and not session.running.is_final):
        raise CommandError("takes are being made; wait for them or send /cancel/all")
    if session.engine != "ready":
        raise CommandError(f"the engine is {session.engine}; wait until it is ready")
    check(session, dataclasses.replace(settings, bars=0.0, seconds=1.0))
    session, stops = give_way(dataclasses.replace(session, settings=settings, prompted=prompted))
    session, effects = _run(session, settings, now, after=0)
    return session, [*stops, *effects, *told]


def _run(session: Session, settings: Settings, now: Now, after: int) -> Step:
    number = session.next_take
    seed = settings.seed if settings.seed >= 0 else drawn_seed(session, number)
    chosen = dataclasses.replace(settings, seed=seed, variations=1, finish_with="")
    take = m.Take(number, uid(session, number), chosen, now.wall)
    session = dataclasses.replace(session, jam=take, jam_sounds=False, next_take=number + 1)
    return session, [m.RunJam(take, after), m.Notify("/jam/started", (number,))]


def steer(session: Session, effects: list[m.Effect]) -> Step:
    """Return the session and effects with a running jam following the settings."""
    if session.jam is None:
        return session, effects
    values = {name: getattr(session.settings, name) for name in STEERS}
    followed = dataclasses.replace(session.jam.settings, **values)
    if followed == session.jam.settings:
        return session, effects
    jam = dataclasses.replace(session.jam, settings=followed)
    return dataclasses.replace(session, jam=jam), [*effects, m.Steer(jam.id, followed)]


def keep(session: Session, command: m.JamKeep, now: Now) -> Step:
    if session.jam is None:
        raise CommandError("no jam is playing; /jam/start begins one")
    if not session.jam_sounds:
        raise CommandError("the jam has made no sound yet; wait for /take/audible")
    clock = {name: getattr(session.settings, name) for name in ("tempo", "signature", "seconds", "bars")}
    settings = dataclasses.replace(session.jam.settings, **clock)
    if command.bars is not None:
        settings = dataclasses.replace(settings, bars=BARS_OF_SOUND.parse(command.bars))
    if settings.bars and not settings.tempo:
        raise CommandError(f"{needs_tempo(settings.bars)}; send /set/tempo")
    number = session.next_take
    take = m.Take(number, uid(session, number), settings, now.wall)
    effects: list[m.Effect] = [m.KeepJam(session.jam.id, take, command.sender)]
    return dataclasses.replace(session, next_take=number + 1), effects


def ended(session: Session, word: m.Notify, now: Now) -> Step:
    """Return the session without its jam."""
    assert session.jam is not None
    jam = session.jam.id
    effects: list[m.Effect] = [m.Discard(jam), word, m.Notify("/jam/stopped", (jam,))]
    return run_next(dataclasses.replace(session, jam=None, jam_stopped=False), now, effects)


def stopped(session: Session, now: Now) -> Step:
    """Return the session without its jam, which somebody stopped."""
    assert session.jam is not None
    return ended(session, m.Notify("/take/cancelled", (session.jam.id,)), now)


def slow(session: Session, event: m.JamSlow, now: Now) -> Step:
    if session.jam is None or session.jam.id != event.take:
        return session, []
    reason = (
        f"{session.jam.settings.model} makes {event.speed:.2f} s of sound per second here, and a jam needs 1: it has"
        " gaps or is not heard; play a smaller model or fewer bits, or close other programs"
    )
    return session, [m.Notify("/error", ("/jam/start", reason))]


def resumed(session: Session, now: Now) -> Step:
    """Return the session with the jam going on in a new engine, from where the old one died."""
    assert session.jam is not None
    return _run(session, dataclasses.replace(session.jam.settings, seed=-1), now, after=session.jam.id)


def morph_prompt(session: Session, command: m.MorphPrompt, now: Now) -> Step:
    if not 0 <= command.slot < MORPH_SLOTS:
        raise CommandError(f"slot {command.slot} is outside 0 to {MORPH_SLOTS - 1}")
    text = session.settings.prompt if command.text is None else change(session.settings, "prompt", command.text).prompt
    slots = [*_slots(session)]
    slots[command.slot] = text
    session = dataclasses.replace(session, morph_slots=tuple(slots))
    return steer(_mixed(session), [m.Answer(command.sender, "/state/morph/prompt", (command.slot, text))])


def morph_weights(session: Session, command: m.MorphWeights, now: Now) -> Step:
    if not 2 <= len(command.weights) <= MORPH_SLOTS or any(not 0 <= w <= 1 for w in command.weights):
        given = " ".join(f"{weight:g}" for weight in command.weights) or "nothing"
        raise CommandError(f"{given}: not 2 to {MORPH_SLOTS} weights of 0 to 1")
    return _weighed(session, command, (*command.weights, *[0.0] * MORPH_SLOTS)[:MORPH_SLOTS])


def morph_weight(session: Session, command: m.MorphWeight, now: Now) -> Step:
    if not 0 <= command.weight <= 1:
        raise CommandError(f"weight {command.weight:g} is outside 0 to 1")
    before = session.morph_weights
    return _weighed(session, command, (*before[: command.slot], command.weight, *before[command.slot + 1 :]))


def morph_state(session: Session, sender: m.Peer | None) -> list[m.Effect]:
    """Return what tells the weights and the prompts that they are of."""
    prompts = enumerate(_slots(session))
    return [
        m.Answer(sender, "/state/morph", session.morph_weights),
        *(m.Answer(sender, f"/state/morph/{slot}", (weight,)) for slot, weight in enumerate(session.morph_weights)),
        *(m.Answer(sender, "/state/morph/prompt", (slot, text)) for slot, text in prompts),
    ]


def _weighed(session: Session, command: m.Command, weights: tuple[float, ...]) -> Step:
    changed = [slot for slot in range(MORPH_SLOTS) if weights[slot] != session.morph_weights[slot]]
    session = _mixed(dataclasses.replace(session, morph_weights=weights))
    told: list[m.Effect] = [m.Answer(command.sender, "/state/morph", weights)]
    told += [m.Answer(command.sender, f"/state/morph/{slot}", (weights[slot],)) for slot in changed]
    return steer(session, told)


def _mixed(session: Session) -> Session:
    """Return the session whose prompts are mixed as the slots and their weights say."""
    weights = zip(_slots(session), session.morph_weights, strict=False)
    pairs = tuple((text, weight) for text, weight in weights if weight > 0)
    return dataclasses.replace(session, settings=dataclasses.replace(session.settings, morph=pairs))


def _slots(session: Session) -> tuple[str, ...]:
    """The four prompts to mix: what was put there, else the first presets, else the prompt."""
    spare = [*session.presets[:MORPH_SLOTS], *[session.settings.prompt] * MORPH_SLOTS]
    return session.morph_slots or tuple(spare[:MORPH_SLOTS])
