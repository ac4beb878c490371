"""THE table: every OSC address, its arguments, its meaning, and the command it becomes."""

import difflib
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from audiogen_daemon import messages as m
from audiogen_daemon.errors import CommandError
from audiogen_daemon.settings import PARAMETERS, show, to_number

Arguments = list[Any]

CLIENT = "client"
"""The pair by which whoever sends /generate names the request; /take/queued repeats it, so they know their takes."""
MAX_CLIENT = 64


@dataclass(frozen=True)
class Address:
    """One row: `build` turns the arguments into a command, or raises CommandError.

    trigger: a button may be bound to it; a trailing 0 or False is the button's release and is ignored, a trailing
    1 or True its press and is dropped.
    """

    path: str
    arguments: str
    help: str
    build: Callable[[Arguments], m.Command]
    trigger: bool = False


def parse(address: str, arguments: Arguments, sender: m.Peer | None) -> m.Command | None:
    """Return the command of one OSC message, `Invalid` when it is wrong, None when a button was let go."""
    row = ROWS.get(address)
    if row is None:
        return m.Invalid(_unknown(address), sender=sender, address=address)
    try:
        pairs = address == "/generate" and _pairs_without_prompt(arguments)
        if row.trigger and not pairs:
            if _is_release(arguments):
                return None
            arguments = _without_press(arguments)
        return replace(row.build(arguments), sender=sender, address=address)
    except CommandError as error:
        return m.Invalid(str(error), sender=sender, address=address)


def _unknown(address: str) -> str:
    near = difflib.get_close_matches(address, ROWS, n=1)
    hint = f"did you mean {near[0]}?" if near else "/help lists them all"
    return f"unknown address {show(address).strip(chr(34))}; {hint}"


def _is_release(arguments: Arguments) -> bool:
    if not arguments or isinstance(arguments[-1], str):
        return False
    alone = len(arguments) == 1 or (all(isinstance(a, str) for a in arguments[:-1]) and len(arguments) == 2)
    return alone and (arguments[-1] is False or arguments[-1] == 0)


def _without_press(arguments: Arguments) -> Arguments:
    after_text = len(arguments) == 2 and isinstance(arguments[0], str)
    pressed = bool(arguments) and not isinstance(arguments[-1], str) and arguments[-1] == 1
    if after_text and pressed:
        return arguments[:1]
    if len(arguments) == 1 and pressed and not _is_take_number(arguments[0]):
        return []
    return arguments


def _is_take_number(value: Any) -> bool:
    """A lone 1 is take 1 when it is an integer, a button's press when it is 1.0 or True."""
    return isinstance(value, int) and not isinstance(value, bool)


def _pairs_without_prompt(arguments: Arguments) -> bool:
    names = arguments[::2]
    return len(arguments) % 2 == 0 and all(isinstance(n, str) and (n in PARAMETERS or n == CLIENT) for n in names)


# -- arguments -----------------------------------------------------------------------------------------------------


def _number(arguments: Arguments, index: int, name: str) -> float:
    if index >= len(arguments):
        raise CommandError(f"{name} is missing; send a number")
    number = to_number(arguments[index])
    if number is None or not math.isfinite(number):
        raise CommandError(f"{name} {show(arguments[index])} is no number")
    return number


def _whole(arguments: Arguments, index: int, name: str) -> int:
    number = _number(arguments, index, name)
    if number != int(number):
        raise CommandError(f"{name} {number:g} is no whole number")
    return int(number)


def _optional_whole(arguments: Arguments, index: int, name: str) -> int | None:
    return _whole(arguments, index, name) if index < len(arguments) else None


def _text(arguments: Arguments, index: int, name: str) -> str:
    if index >= len(arguments):
        raise CommandError(f"{name} is missing; send a text")
    if isinstance(arguments[index], bytes | tuple | type(None)):
        raise CommandError(f"{name} must be a text, not {type(arguments[index]).__name__}")
    return str(arguments[index])


def _at_most(arguments: Arguments, count: int) -> None:
    if len(arguments) > count:
        raise CommandError(f"{len(arguments)} arguments where at most {count} are understood")


# -- commands ------------------------------------------------------------------------------------------------------


def _generate(arguments: Arguments) -> m.Command:
    if _pairs_without_prompt(arguments):
        prompt, pairs = None, arguments
    else:
        prompt, pairs = _text(arguments, 0, "prompt"), arguments[1:]
        if to_number(arguments[0]) == 1 and not isinstance(arguments[0], str):
            prompt = None
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
    return m.Generate(prompt, tuple(changes), client)


def _client(value: Any) -> str:
    name = str(value)
    if not 1 <= len(name) <= MAX_CLIENT or not name.isprintable():
        raise CommandError(f"client {show(value)} must be 1 to {MAX_CLIENT} printable characters")
    return name


def _continue(arguments: Arguments) -> m.Command:
    _at_most(arguments, 2)
    seconds = _number(arguments, 1, "seconds") if len(arguments) > 1 else None
    if _is_path(arguments):
        return m.Continue(seconds=seconds, path=arguments[0])
    return m.Continue(_optional_whole(arguments, 0, "take"), seconds)


def _again(arguments: Arguments) -> m.Command:
    _at_most(arguments, 1)
    return m.Again(path=arguments[0]) if _is_path(arguments) else m.Again(_optional_whole(arguments, 0, "take"))


def _is_path(arguments: Arguments) -> bool:
    """Whether a stem is named and not a take's number."""
    return bool(arguments) and isinstance(arguments[0], str) and to_number(arguments[0]) is None


def _jam_start(arguments: Arguments) -> m.Command:
    _at_most(arguments, 1)
    return m.JamStart(_text(arguments, 0, "prompt") if arguments else None)


def _jam_keep(arguments: Arguments) -> m.Command:
    _at_most(arguments, 1)
    return m.JamKeep(_number(arguments, 0, "bars") if arguments else None)


def _morph(arguments: Arguments) -> m.Command:
    _at_most(arguments, 4)
    return m.MorphWeights(tuple(_number(arguments, i, f"weight {i + 1}") for i in range(max(2, len(arguments)))))


def _take(build: Callable[[int | None], m.Command]) -> Callable[[Arguments], m.Command]:
    def command(arguments: Arguments) -> m.Command:
        _at_most(arguments, 1)
        return build(_optional_whole(arguments, 0, "take"))

    return command


def _plain(build: Callable[[], m.Command]) -> Callable[[Arguments], m.Command]:
    def command(arguments: Arguments) -> m.Command:
        _at_most(arguments, 1)
        return build()

    return command


def _named(build: Callable[[str], m.Command], name: str) -> Callable[[Arguments], m.Command]:
    def command(arguments: Arguments) -> m.Command:
        _at_most(arguments, 2)
        return build(_text(arguments, 0, name))

    return command


def _set(name: str) -> Callable[[Arguments], m.Command]:
    def command(arguments: Arguments) -> m.Command:
        if name == "signature" and len(arguments) == 2:
            return m.SetValue(name, tuple(arguments))
        if len(arguments) != 1 or isinstance(arguments[0], bytes | tuple | type(None)):
            raise CommandError(f"{name} takes one value: {PARAMETERS[name].help}")
        return m.SetValue(name, arguments[0])

    return command


def _signature(arguments: Arguments) -> m.Command:
    return m.TransportSignature(_whole(arguments, 0, "numerator"), _whole(arguments, 1, "denominator"))


def _load(arguments: Arguments) -> m.Command:
    return m.LoadModel(PARAMETERS["model"].parse(_text(arguments, 0, "name")))


def _peer(build: Callable[[int, str], m.Command]) -> Callable[[Arguments], m.Command]:
    def command(arguments: Arguments) -> m.Command:
        _at_most(arguments, 2)
        port = _whole(arguments, 0, "port") if arguments else 0
        return build(port, _text(arguments, 1, "host") if len(arguments) > 1 else "")

    return command


_TABLE = (
    Address(
        "/generate",
        "[prompt] [name value …]",
        "start a take with the current settings, changed for this take by the pairs; client NAME comes back",
        _generate,
        trigger=True,
    ),
    Address(
        "/continue",
        "[take|path] [seconds]",
        "go on from a take or a stem in the drop folder; without one, from the last take",
        _continue,
        trigger=True,
    ),
    Address(
        "/again",
        "[take|path]",
        "make a take, or that of a stem in the drop folder, once more with a new seed",
        _again,
        trigger=True,
    ),
    Address(
        "/jam/start",
        "[prompt]",
        "play without an end; prompt and sampling settings are followed while it plays",
        _jam_start,
        trigger=True,
    ),
    Address("/jam/stop", "", "end the jam", _plain(m.JamStop), trigger=True),
    Address("/jam/keep", "[bars]", "save the jam's last bars as a stem", _jam_keep, trigger=True),
    Address("/morph", "a b [c d]", "mix the morph prompts by these weights, 0 to 1; all 0 is off", _morph),
    Address(
        "/morph/prompt",
        "slot [text]",
        "put a text, or the current prompt, into slot 0 to 3",
        lambda arguments: m.MorphPrompt(
            _whole(arguments, 0, "slot"), _text(arguments, 1, "text") if len(arguments) > 1 else None
        ),
    ),
    Address("/cancel", "[take]", "stop a take; without one, the running one", _take(m.Cancel), trigger=True),
    Address("/cancel/all", "", "stop the running take or jam and empty the queue", _plain(m.CancelAll), trigger=True),
    Address(
        "/prompt",
        "text",
        "what takes should sound like from now on",
        _named(lambda text: m.SetValue("prompt", text), "text"),
        trigger=True,
    ),
    Address(
        "/prompt/preset",
        "index",
        "use a prompt of the config's list, counted from 0",
        lambda arguments: m.PresetPrompt(_whole(arguments, 0, "index")),
    ),
    Address("/prompt/add", "tag", "append a tag to the prompt", _named(m.AddTag, "tag"), trigger=True),
    *(
        Address(f"/set/{p.name}", p.accepts if p.kind == "choice" else p.kind, p.help, _set(p.name))
        for p in PARAMETERS.values()
    ),
    *(
        Address(
            f"/get/{name}",
            "",
            f"answers /get/{name} with its value",
            _plain(lambda name=name: m.GetValue(name)),  # type: ignore[misc]
        )
        for name in PARAMETERS
    ),
    Address("/state", "", "answers /state/NAME for every setting", _plain(m.GetState), trigger=True),
    Address(
        "/transport/tempo",
        "bpm",
        "the DAW's tempo",
        lambda arguments: m.TransportTempo(_number(arguments, 0, "tempo")),
    ),
    Address("/transport/signature", "numerator denominator", "the DAW's time signature", _signature),
    Address(
        "/transport/playing",
        "0|1",
        "whether the DAW plays",
        lambda arguments: m.TransportPlaying(_number(arguments, 0, "playing") != 0),
    ),
    Address(
        "/transport/beat",
        "beats",
        "the DAW's song position",
        lambda arguments: m.TransportBeat(_number(arguments, 0, "beat")),
    ),
    Address("/stem", "[take]", "answers /stem/saved once more, for whoever missed it", _take(m.FindStem)),
    Address("/monitor/play", "[take]", "listen to a finished take", _take(m.MonitorPlay), trigger=True),
    Address("/monitor/stop", "", "fade the monitor out", _plain(m.MonitorStop), trigger=True),
    Address(
        "/monitor/gain",
        "dB",
        "level of the monitor, -120 to 12",
        lambda arguments: m.MonitorGain(_number(arguments, 0, "gain")),
    ),
    Address("/monitor/device", "name", "output device", _named(m.MonitorDevice, "name")),
    Address("/model/load", "name", "make a model warm", _load, trigger=True),
    Address("/model/unload", "name", "give a model's memory back", _named(m.UnloadModel, "name"), trigger=True),
    Address("/models", "", "answers /models/reply name state for every model", _plain(m.ListModels), trigger=True),
    Address("/subscribe", "[port] [host]", "send everything to this port as well", _peer(m.Subscribe)),
    Address("/unsubscribe", "[port] [host]", "stop sending to this port", _peer(m.Unsubscribe)),
    Address("/ping", "[x …]", "answers /pong x", lambda arguments: m.Ping(tuple(_echo(a) for a in arguments))),
    Address("/status", "", "answers /status/reply name value …", _plain(m.Status), trigger=True),
    Address("/help", "", "answers /help/reply for every address", _plain(m.Help), trigger=True),
)


def _echo(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool) else str(value)


ROWS: dict[str, Address] = {row.path: row for row in _TABLE}

ANSWERS: tuple[tuple[str, str, str], ...] = (
    ("/take/queued", "id position [client]", "the take was accepted; 0 starts at once; who asked, as they named it"),
    ("/take/started", "id", "the engine works on it"),
    ("/take/progress", "id fraction eta", "0 to 1; seconds left"),
    ("/take/audible", "id latency", "its first samples exist, seconds after the request"),
    ("/preview/started", "id path seconds", "a WAV file that grows while the take is made"),
    ("/preview/written", "id seconds", "how much of it is there"),
    ("/take/playing", "id latency", "first sample left for the speaker, seconds after the request"),
    (
        "/take/done",
        "id seconds speed [name value …]",
        "all audio made; seconds of audio per second; with bars or loop what was found and done: tempo, confidence, "
        "stretched (new length over old), shift (s), seam (s), note",
    ),
    ("/take/cancelled", "id", "it was stopped"),
    ("/take/failed", "id code reason", "it could not be made"),
    ("/jam/started", "id", "a jam plays"),
    ("/jam/stopped", "id", "it has ended"),
    ("/jam/kept", "id seconds", "its end is being saved as this take"),
    ("/state/morph", "a b [c d]", "the weights of the mixed prompts"),
    ("/state/morph/prompt", "slot text", "a prompt to mix"),
    ("/stem/saved", "id path", "the finished file"),
    ("/stem/landed", "path", "a WAV appeared in the drop folder"),
    ("/stem/removed", "path", "a WAV left the drop folder"),
    ("/monitor/level", "left right", "dBFS"),
    ("/monitor/starved", "samples", "samples concealed since start"),
    ("/monitor/device", "name", "where it plays; empty is silence"),
    ("/model/ready", "name seconds", "warm, and how long that took"),
    ("/model/unloaded", "name", "its memory is free"),
    ("/models/reply", "name state", "installed or warm"),
    ("/engine/state", "state", "starting, ready, restarting or down"),
    ("/state/NAME", "value", "a setting has this value"),
    ("/get/NAME", "value", "the answer to /get/NAME"),
    ("/status/reply", "name value …", "engine, model, queue, speed, device, memory; daemon is new after a restart"),
    ("/help/reply", "address arguments text", "one row of the table"),
    ("/subscribed", "host port", "this port hears everything from now on"),
    ("/pong", "[x …]", "the answer to /ping"),
    ("/error", "address reason", "why a message was refused, or what went wrong"),
)


def help_rows() -> tuple[tuple[str, str, str], ...]:
    """Return (address, arguments, text) of every address the daemon understands."""
    return tuple((row.path, row.arguments, row.help) for row in _TABLE)
