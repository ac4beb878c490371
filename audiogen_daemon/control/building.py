"""Commands out of arguments: what the rows of the address table build."""

import re
from collections.abc import Callable
from typing import Any

from audiogen_daemon import messages as m
from audiogen_daemon.control.arguments import (
    CLIENT,
    MAX_CLIENT,
    Arguments,
    at_most,
    is_client,
    is_path,
    is_setting,
    number,
    optional_whole,
    pairs_without_prompt,
    text,
    whole,
)
from audiogen_daemon.errors import CommandError
from audiogen_daemon.settings import DAW_TEMPO, PARAMETERS, show, to_number

RECENT_TAKES, MOST_TAKES = 16, 100
"""Takes that /takes tells without being told how many, and at most."""


def generate(arguments: Arguments) -> m.Command:
    """/generate: a prompt, or a press, and pairs."""
    if pairs_without_prompt(arguments):
        prompt, pairs = None, arguments
    else:
        prompt, pairs = text(arguments, 0, "prompt"), arguments[1:]
        if to_number(arguments[0]) == 1 and not isinstance(arguments[0], str):
            prompt = None
    changes, client = _changes(pairs)
    return m.Generate(prompt, changes, client)


def _changes(pairs: Arguments) -> tuple[tuple[tuple[str, Any], ...], str]:
    """Return the settings of pairs, and how whoever asks names the request."""
    if len(pairs) % 2:
        raise CommandError(f"{show(pairs[-1])} stands alone; settings come in pairs, as seconds 8 seed 5")
    changes, client = [], ""
    for name, value in zip(pairs[::2], pairs[1::2], strict=True):
        if not isinstance(name, str):
            raise CommandError(f"{show(name)} is no setting; pairs are a name and a value, as seconds 8")
        if isinstance(value, bytes | tuple | type(None)):
            raise CommandError(f"{name} must be a number or a text")
        if name == CLIENT:
            client = _client(value)
        else:
            changes.append((name, value))
    return tuple(changes), client


def _client(value: Any) -> str:
    name = str(value)
    if not is_client(name):
        raise CommandError(f"client {show(value)} must be 1 to {MAX_CLIENT} printable characters")
    return name


def continue_take(arguments: Arguments) -> m.Command:
    """/continue: a take's number or a sound's path, seconds, and pairs."""
    words = (i for i, a in enumerate(arguments) if is_setting(a) or (i and isinstance(a, str) and to_number(a) is None))
    first = next(words, len(arguments))
    what, (changes, client) = arguments[:first], _changes(arguments[first:])
    at_most(what, 2)
    seconds = number(what, 1, "seconds") if len(what) > 1 else None
    if is_path(what):
        return m.Continue(None, seconds, changes, client, path=what[0])
    return m.Continue(optional_whole(what, 0, "take"), seconds, changes, client)


def again(arguments: Arguments) -> m.Command:
    """/again: a take's number or a stem's path."""
    at_most(arguments, 1)
    return m.Again(path=arguments[0]) if is_path(arguments) else m.Again(optional_whole(arguments, 0, "take"))


def jam_start(arguments: Arguments) -> m.Command:
    """/jam/start: a prompt or nothing."""
    at_most(arguments, 1)
    return m.JamStart(text(arguments, 0, "prompt") if arguments else None)


def record(arguments: Arguments) -> m.Command:
    """/record: bars or nothing."""
    at_most(arguments, 1)
    return m.RecordInput(number(arguments, 0, "bars") if arguments else None)


def jam_keep(arguments: Arguments) -> m.Command:
    """/jam/keep: bars or nothing."""
    at_most(arguments, 1)
    return m.JamKeep(number(arguments, 0, "bars") if arguments else None)


def morph(arguments: Arguments) -> m.Command:
    """/morph: two to four weights."""
    at_most(arguments, 4)
    return m.MorphWeights(tuple(number(arguments, i, f"weight {i + 1}") for i in range(max(2, len(arguments)))))


def take(build: Callable[[int | None], m.Command]) -> Callable[[Arguments], m.Command]:
    """Return the builder of a command about a take, or about the last one."""

    def command(arguments: Arguments) -> m.Command:
        at_most(arguments, 1)
        return build(optional_whole(arguments, 0, "take"))

    return command


def variation(arguments: Arguments) -> m.Command:
    """/monitor/play: a take's number, a variation's letter, both as 7.B, or nothing."""
    at_most(arguments, 1)
    if not is_path(arguments):
        return m.MonitorPlay(optional_whole(arguments, 0, "take"))
    found = re.fullmatch(r"\s*(?:([0-9]{1,15})\s*\.?)?\s*([A-Za-z])\s*", arguments[0])
    if found is None:
        raise CommandError(f'{show(arguments[0])} is no take; send its number, a letter from A on, or both as "7.B"')
    return m.MonitorPlay(int(found[1]) if found[1] else None, found[2].upper())


def takes(arguments: Arguments) -> m.Command:
    """/takes: how many, or nothing."""
    at_most(arguments, 1)
    count = optional_whole(arguments, 0, "count")
    if count is not None and not 1 <= count <= MOST_TAKES:
        raise CommandError(f"{count} takes are outside 1 to {MOST_TAKES}")
    return m.ListTakes(RECENT_TAKES if count is None else count)


def plain(build: Callable[[], m.Command]) -> Callable[[Arguments], m.Command]:
    """Return the builder of a command that takes nothing; a press is let through."""

    def command(arguments: Arguments) -> m.Command:
        at_most(arguments, 1)
        return build()

    return command


def named(build: Callable[[str], m.Command], name: str) -> Callable[[Arguments], m.Command]:
    """Return the builder of a command with one text."""

    def command(arguments: Arguments) -> m.Command:
        at_most(arguments, 2)
        return build(text(arguments, 0, name))

    return command


def set_value(name: str) -> Callable[[Arguments], m.Command]:
    """Return the builder of /set/NAME; a signature may be two numbers."""

    def command(arguments: Arguments) -> m.Command:
        if name == "signature" and len(arguments) == 2:
            return m.SetValue(name, tuple(arguments))
        if len(arguments) != 1 or isinstance(arguments[0], bytes | tuple | type(None)):
            raise CommandError(f"{name} takes one value: {PARAMETERS[name].help}")
        return m.SetValue(name, arguments[0])

    return command


def tempo(arguments: Arguments) -> m.Command:
    """/transport/tempo: one number that a DAW's tempo can be."""
    return m.TransportTempo(DAW_TEMPO.parse(arguments[0]) if arguments else number(arguments, 0, "tempo"))


def signature(arguments: Arguments) -> m.Command:
    """/transport/signature: two whole numbers."""
    return m.TransportSignature(whole(arguments, 0, "numerator"), whole(arguments, 1, "denominator"))


def load(arguments: Arguments) -> m.Command:
    """/model/load: a name that can be one."""
    return m.LoadModel(PARAMETERS["model"].parse(text(arguments, 0, "name")))


def peer(build: Callable[[int, str], m.Command]) -> Callable[[Arguments], m.Command]:
    """Return the builder of a command about a port and a host."""

    def command(arguments: Arguments) -> m.Command:
        at_most(arguments, 2)
        port = whole(arguments, 0, "port") if arguments else 0
        return build(port, text(arguments, 1, "host") if len(arguments) > 1 else "")

    return command


def morph_prompt(arguments: Arguments) -> m.Command:
    """/morph/prompt: a slot and a text."""
    at_most(arguments, 2)
    return m.MorphPrompt(whole(arguments, 0, "slot"), text(arguments, 1, "text") if len(arguments) > 1 else None)


def preset(arguments: Arguments) -> m.Command:
    """/prompt/preset: an index."""
    return m.PresetPrompt(whole(arguments, 0, "index"))


def ping(arguments: Arguments) -> m.Command:
    """/ping: anything; what is neither text nor number comes back as text."""
    return m.Ping(tuple(a if isinstance(a, str | int | float | bool) else str(a) for a in arguments))


def playing(arguments: Arguments) -> m.Command:
    """/transport/playing: any number but 0 is true."""
    return m.TransportPlaying(number(arguments, 0, "playing") != 0)


def single(build: Callable[[float], m.Command], name: str) -> Callable[[Arguments], m.Command]:
    """Return the builder of a command with one number."""
    return lambda arguments: build(number(arguments, 0, name))
