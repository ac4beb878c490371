"""The settings of the session, from its commands and from the DAW."""

import dataclasses
from typing import Any

from audiogen_daemon import messages as m
from audiogen_daemon.errors import CommandError
from audiogen_daemon.session.checks import check_finishing, check_installed
from audiogen_daemon.session.jam import morph_state, steer
from audiogen_daemon.session.state import Now, Session, Step
from audiogen_daemon.session.takes import changed as changed_setting
from audiogen_daemon.settings import PARAMETERS, Settings, change, show


def set_value(session: Session, command: m.SetValue, now: Now) -> Step:
    if command.name == "model":
        check_installed(session, PARAMETERS["model"].parse(command.value))
    try:
        settings = changed_setting(session, session.settings, command.name, command.value)
        if command.name == "finish_with" and settings.finish_with:
            check_finishing(session, settings)
    except CommandError as error:
        if command.name in PARAMETERS:
            stays = word_for(getattr(session.settings, command.name))
            raise CommandError(f"{error}; the value stays {show(stays)}") from error
        raise
    return changed(session, settings, command.sender, (command.name,))


def changed(session: Session, settings: Settings, sender: m.Peer | None, names: tuple[str, ...]) -> Step:
    effects: list[m.Effect] = [
        m.Answer(sender, f"/state/{name}", (word_for(getattr(settings, name)),)) for name in names
    ]
    prompted = session.next_take if names == ("prompt",) else session.prompted
    return steer(dataclasses.replace(session, settings=settings, prompted=prompted), effects)


def word_for(value: Any) -> Any:
    """Return a setting's value as it goes over OSC: None is "model", a signature "7/8"."""
    if value is None:
        return "model"
    return f"{value[0]}/{value[1]}" if isinstance(value, tuple) else value


def get_value(session: Session, command: m.GetValue, now: Now) -> Step:
    value = word_for(getattr(session.settings, command.name))
    return session, [m.Answer(command.sender, f"/get/{command.name}", (value,))]


def get_state(session: Session, command: m.GetState, now: Now) -> Step:
    session, effects = changed(session, session.settings, command.sender, tuple(PARAMETERS))
    gain = m.Answer(command.sender, "/state/gain", (session.gain_db,))
    return session, [*effects, gain, *morph_state(session, command.sender)]


def add_tag(session: Session, command: m.AddTag, now: Now) -> Step:
    prompt = ", ".join(part for part in (session.settings.prompt, command.tag.strip()) if part)
    return changed(session, change(session.settings, "prompt", prompt), command.sender, ("prompt",))


def preset(session: Session, command: m.PresetPrompt, now: Now) -> Step:
    if not 0 <= command.index < len(session.presets):
        raise CommandError(f"preset {command.index} is outside 0 to {len(session.presets) - 1}; add it to the config")
    settings = change(session.settings, "prompt", session.presets[command.index])
    return changed(session, settings, command.sender, ("prompt",))
