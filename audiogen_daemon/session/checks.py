"""What can be made: with this engine, the models on this machine and the memory it has."""

import difflib

from audiogen_daemon.errors import CommandError
from audiogen_daemon.session.state import Session
from audiogen_daemon.settings import Settings, needs_tempo


def check(session: Session, settings: Settings) -> None:
    """Let settings pass that a take can be made from.

    Raises:
        CommandError: what is wrong, what is allowed, what to do.
    """
    if settings.bars and not settings.tempo:
        raise CommandError(f"{needs_tempo(settings.bars)}; send /set/tempo, or 0 bars to use seconds")
    if session.engine == "down":
        raise CommandError(f"the engine is down ({session.engine_reason}); /model/load starts it again")
    check_installed(session, settings.model)
    info = next((w for w in session.warm if w.name == settings.model), None)
    limit = min(info.max_seconds if info else 600.0, 600.0)
    if not 0.1 <= settings.length <= limit:
        raise CommandError(
            f"a take of {settings.length:g} s is outside 0.1 to {limit:g} s of {settings.model}; change seconds or bars"
        )


def check_installed(session: Session, name: str) -> None:
    """Let the models pass that are on this machine; while nobody has looked yet, all.

    Raises:
        CommandError: it is not here; how to get it.
    """
    if session.installed and name not in session.installed:
        here = ", ".join(session.installed)
        near = difflib.get_close_matches(name, session.installed, n=1, cutoff=0.85)
        meant = f"did you mean {near[0]}? Otherwise run" if near else "run"
        raise CommandError(f"{name} is not on this machine (here: {here}); {meant}: audiogen-daemon fetch {name}")


def check_finishing(session: Session, settings: Settings) -> None:
    """Let pass what `finish_with` can make of the drafts of these settings.

    Raises:
        CommandError: it is the drafts' own model, it is not here, or memory cannot hold it.
    """
    name = settings.finish_with
    if name == settings.model:
        raise CommandError(f"finish_with {name} is the model of the takes themselves; name a larger one, or off")
    check_installed(session, name)
    if name in session.refused:
        raise CommandError(session.refused[name])
