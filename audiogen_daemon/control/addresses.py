"""THE table: every OSC address, its arguments, its meaning, and the command it becomes."""

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace

from audiogen_daemon import messages as m
from audiogen_daemon.control import building as build
from audiogen_daemon.control.arguments import Arguments, client_in, is_release, pairs_without_prompt, without_press
from audiogen_daemon.errors import CommandError
from audiogen_daemon.settings import MORPH_SLOTS, PARAMETERS, show


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
        pairs = address in ("/generate", "/continue") and pairs_without_prompt(arguments)
        if row.trigger and not pairs:
            if is_release(arguments):
                return None
            arguments = without_press(arguments)
        return replace(row.build(arguments), sender=sender, address=address)
    except CommandError as error:
        return m.Invalid(str(error), client_in(arguments), sender=sender, address=address)


def _unknown(address: str) -> str:
    near = difflib.get_close_matches(address, ROWS, n=1)
    hint = f"did you mean {near[0]}?" if near else "/help lists them all"
    return f"unknown address {show(address).strip(chr(34))}; {hint}"


_TABLE = (
    Address(
        "/generate",
        "[prompt] [name value …]",
        "start a take with the current settings, changed for this take by the pairs; client NAME comes back",
        build.generate,
        trigger=True,
    ),
    Address(
        "/continue",
        "[take|path] [seconds] [name value …]",
        "go on from a take, by default the last, or a sound in the drop folder or its in folder; a take's own prompt "
        "holds, unless a pair or a /prompt since then gives another",
        build.continue_take,
        trigger=True,
    ),
    Address(
        "/again",
        "[take|path]",
        "make a take, or that of a stem in the drop folder, once more with a new seed",
        build.again,
        trigger=True,
    ),
    Address(
        "/jam/start",
        "[prompt]",
        "play without an end; prompt and sampling settings are followed while it plays",
        build.jam_start,
        trigger=True,
    ),
    Address("/jam/stop", "", "end the jam", build.plain(m.JamStop), trigger=True),
    Address("/jam/keep", "[bars]", "save the jam's last bars as a stem", build.jam_keep, trigger=True),
    Address("/morph", "a b [c d]", "mix the morph prompts by these weights, 0 to 1; all 0 is off", build.morph),
    *(
        Address(
            f"/morph/{slot}",
            "weight",
            "let the morph prompt of this slot count so much, 0 to 1; the others stay: for a fader of its own",
            build.single(lambda weight, slot=slot: m.MorphWeight(slot, weight), "weight"),  # type: ignore[misc]
        )
        for slot in range(MORPH_SLOTS)
    ),
    Address(
        "/morph/prompt",
        "slot [text]",
        "put a text, or the current prompt, into slot 0 to 3",
        build.morph_prompt,
    ),
    Address(
        "/record",
        "[bars]",
        "record the input into the in folder, from the next bar on when the DAW plays; without bars, those set, or 4",
        build.record,
        trigger=True,
    ),
    Address(
        "/record/stop", "", "end the recording early and keep what there is", build.plain(m.RecordStop), trigger=True
    ),
    Address(
        "/cancel", "[take]", "stop a take; without one, the running one or the jam", build.take(m.Cancel), trigger=True
    ),
    Address(
        "/cancel/all", "", "stop the running take or jam and empty the queue", build.plain(m.CancelAll), trigger=True
    ),
    Address(
        "/prompt",
        "text",
        "what takes should sound like from now on",
        build.named(lambda text: m.SetValue("prompt", text), "text"),
        trigger=True,
    ),
    Address(
        "/prompt/preset",
        "index",
        "use a prompt of the config's list, counted from 0",
        build.preset,
    ),
    Address("/prompt/add", "tag", "append a tag to the prompt", build.named(m.AddTag, "tag"), trigger=True),
    *(
        Address(f"/set/{p.name}", p.accepts if p.kind == "choice" else p.kind, p.help, build.set_value(p.name))
        for p in PARAMETERS.values()
    ),
    *(
        Address(
            f"/get/{name}",
            "",
            f"answers /get/{name} with its value",
            build.plain(lambda name=name: m.GetValue(name)),  # type: ignore[misc]
        )
        for name in PARAMETERS
    ),
    Address(
        "/state",
        "",
        "answers /state/NAME for every setting, the gain and the morph",
        build.plain(m.GetState),
        trigger=True,
    ),
    Address(
        "/transport/tempo",
        "bpm",
        "the DAW's tempo",
        build.tempo,
    ),
    Address("/transport/signature", "numerator denominator", "the DAW's time signature", build.signature),
    Address(
        "/transport/playing",
        "0|1",
        "whether the DAW plays",
        build.playing,
    ),
    Address(
        "/transport/beat",
        "beats",
        "the DAW's song position",
        build.single(m.TransportBeat, "beat"),
    ),
    Address("/stem", "[take]", "answers /stem/saved once more, for whoever missed it", build.take(m.FindStem)),
    Address(
        "/takes",
        "[count]",
        "answers /takes/reply for the last takes, 16 unless told, oldest first",
        build.takes,
        trigger=True,
    ),
    Address(
        "/monitor/play",
        "[take|take.B|B]",
        "listen to a finished take, or to variation B of its request (without a take: the one heard last); it goes on "
        "where the variation is that was heard",
        build.variation,
        trigger=True,
    ),
    Address("/monitor/stop", "", "fade the monitor out", build.plain(m.MonitorStop), trigger=True),
    Address(
        "/monitor/gain",
        "dB",
        "level of the monitor, -120 to 12",
        build.single(m.MonitorGain, "gain"),
    ),
    Address(
        "/monitor/device",
        "name",
        "output device; the sound stays where it is and you are told why, if that is missing or busy",
        build.named(m.MonitorDevice, "name"),
    ),
    Address("/model/load", "name", "make a model warm", build.load, trigger=True),
    Address("/model/unload", "name", "give a model's memory back", build.named(m.UnloadModel, "name"), trigger=True),
    Address("/models", "", "answers /models/reply for every model", build.plain(m.ListModels), trigger=True),
    Address(
        "/subscribe",
        "[port] [host]",
        "send everything to this port as well; host is an address",
        build.peer(m.Subscribe),
    ),
    Address("/unsubscribe", "[port] [host]", "stop sending to this port", build.peer(m.Unsubscribe)),
    Address("/ping", "[x …]", "answers /pong x", build.ping),
    Address("/status", "", "answers /status/reply name value …", build.plain(m.Status), trigger=True),
    Address("/help", "", "answers /help/reply for every address", build.plain(m.Help), trigger=True),
)


ROWS: dict[str, Address] = {row.path: row for row in _TABLE}

ANSWERS: tuple[tuple[str, str, str], ...] = (
    (
        "/take/queued",
        "id position [client [letter]]",
        "accepted; 0 starts at once; who asked, as they named it; of several variations which one, A to H; "
        "said again of a final that gave way",
    ),
    ("/take/started", "id", "the engine works on it"),
    ("/take/progress", "id fraction eta", "0 to 1; seconds left at the pace since the first step"),
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
    (
        "/take/final",
        "draft final",
        "the draft is done; this take makes it once more with finish_with, when nothing waits",
    ),
    ("/jam/started", "id", "a jam plays"),
    ("/jam/stopped", "id", "it has ended"),
    ("/jam/kept", "id seconds", "so much of its end is being saved as this take"),
    ("/state/morph", "a b c d", "the weights of the mixed prompts"),
    *((f"/state/morph/{slot}", "weight", "that of this slot") for slot in range(MORPH_SLOTS)),
    ("/state/morph/prompt", "slot text", "a prompt to mix"),
    ("/record/waiting", "seconds", "the input is open; seconds until the bar on which it begins"),
    ("/record/started", "name seconds", "the input is recorded; the file that it becomes, and its length"),
    ("/record/progress", "seconds level", "how much there is; the input's peak since the last one, dBFS"),
    ("/record/done", "name seconds path", "it is in the in folder: /set/melody NAME or /set/style NAME follows it"),
    ("/record/cancelled", "", "it was stopped before it had begun; nothing was kept"),
    ("/input/landed", "name seconds", "a sound lies in the in folder: /set/melody NAME, /continue NAME …"),
    ("/input/removed", "name", "a sound left the in folder"),
    ("/stem/saved", "id path", "the finished file"),
    ("/stem/landed", "path", "a WAV appeared in the drop folder"),
    ("/stem/removed", "path", "a WAV left the drop folder"),
    (
        "/takes/reply",
        "id state letter model prompt path [draft]",
        "a take: queued, started, done, held (the drop folder is gone or refuses it) or saved; which variation; the "
        "beginning of its prompt; its stem, if saved; of a final, the take that it makes once more",
    ),
    ("/monitor/level", "left right", "dBFS"),
    ("/monitor/starved", "samples", "samples concealed since start"),
    ("/monitor/device", "name", "where it plays; empty is silence"),
    ("/model/ready", "name seconds", "warm, and how long that took"),
    ("/model/unloaded", "name", "its memory is free"),
    ("/models/reply", "name state mb precision", "installed or warm; what it holds and how, while it is warm"),
    ("/engine/state", "state", "starting, ready, restarting or down"),
    ("/state/NAME", "value", "a setting has this value"),
    ("/state/gain", "dB", "the monitor's level"),
    ("/get/NAME", "value", "the answer to /get/NAME"),
    (
        "/status/reply",
        "name value …",
        "engine, with engine_reason where it is not ready for one, model, queue, speed, device; daemon is new after a"
        " restart. In MB: memory_mb of all warm models,"
        " warm_mb of each, mlx_active_mb and mlx_cache_mb, and of the processes daemon_memory_mb and engine_memory_mb",
    ),
    ("/help/reply", "address arguments text", "one row of the table"),
    ("/subscribed", "host port", "this port hears everything from now on"),
    ("/pong", "[x …]", "the answer to /ping"),
    ("/error", "address reason [client]", "why a message was refused, or what went wrong; who asked, if they said"),
)


def help_rows() -> tuple[tuple[str, str, str], ...]:
    """Return (address, arguments, text) of every address the daemon understands."""
    return tuple((row.path, row.arguments, row.help) for row in _TABLE)
