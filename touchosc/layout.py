"""The surface itself: which control sits where, in four columns."""

from audiogen_daemon.config import Config
from audiogen_daemon.settings import MORPH_SLOTS, NOTES
from touchosc.controls import Control, Fader, Frame, Label, Meter, Pad, Panel, Prompt, Surface
from touchosc.parts import (
    AMBER,
    BLUE,
    DIM,
    GREEN,
    GREY,
    RED,
    TEAL,
    VIOLET,
    WHITE,
    choice,
    faders,
    heard,
    remembered,
    to,
)

TAKES = 8
"""Takes in the list, the newest first."""
MODELS = 6
"""Pads for models, once for what makes takes and once for what makes their finals."""
PRESETS = 8

TAGS = (
    *("dusty", "warm", "bright", "dark", "punchy"),
    *("dreamy", "distorted", "clean", "sparse", "busy"),
    *("swung", "driving", "vinyl noise", "analog", "huge reverb"),
)
BARS = (0, 1, 2, 4, 8, 16, 32)
JAM_BARS = (1, 2, 4, 8, 16)
RECORD_BARS = (1, 2, 4, 8)
VARIATIONS = (1, 2, 4, 8)
LAUNCHES = ("off", "beat", "bar")

GAIN_DB = (-48.0, 12.0)
LEVEL_DBFS = (-60.0, 0.0)


def surface(config: Config) -> Surface:
    """Return the surface for a configuration: its presets, its model, its port for answers.

    Raises:
        ValueError: an address or a range that the daemon's tables do not have.
    """
    port = config.notify[0].port if config.notify else 11011
    columns = (*_prompts(config), *_make(), *_settings(), *_jam(), *_morph(), *_record(), *_takes(), *_monitor())
    return Surface((*_header(config, port), *columns), TAKES, MODELS, port=port)


def _header(config: Config, port: int) -> list[Control]:
    sync = (to("/subscribe", str(port)), to("/state"), to("/models"), to("/takes", str(TAKES)), to("/status"))
    load = (remembered("/set/model", "text"), remembered("/model/load", "text"))
    finish = (remembered("/set/finish_with", "text"),)
    models = Frame(596, 14, 988, 50).split(MODELS, 1, gap=8)
    finals = Frame(596, 70, 988, 50).split(MODELS, 1, gap=8)
    name = config.engine.model
    return [
        Label("title", "AUDIOGEN", Frame(20, 14, 220, 50), 32, GREEN),
        Pad("sync", "SYNC", Frame(256, 14, 120, 50), GREY, sync),
        Label("link", "not connected", Frame(20, 68, 356, 28), 16, AMBER),
        Label("engine", "", Frame(20, 96, 356, 26), 15, DIM, follows=heard("/engine/state")),
        Label("models title", "MODEL", Frame(400, 14, 188, 50), 13, DIM),
        Pad("model1", name, models[0], BLUE, load, 14, name),
        *(Pad(f"model{n}", "", frame, BLUE, load, 14, hidden=True) for n, frame in enumerate(models[1:], 2)),
        Label("finals title", "FINISH WITH", Frame(400, 70, 92, 50), 13, DIM),
        *choice("finish_with", [Frame(498, 70, 90, 50)], [("OFF", "off", "")]),
        *(Pad(f"final{n}", "", frame, VIOLET, finish, 14, hidden=True) for n, frame in enumerate(finals, 1)),
    ]


def _prompts(config: Config) -> list[Control]:
    controls: list[Control] = [
        Panel("prompt panel", Frame(16, 134, 360, 1052), "PROMPT"),
        Prompt("prompt", Frame(28, 164, 336, 60), TEAL, to("/prompt").path, heard("/state/prompt")),
    ]
    rows = Frame(28, 234, 336, 576).split(1, PRESETS)
    for n, (text, row) in enumerate(zip(config.take.presets, rows, strict=False), 1):
        name = Frame(row.x, row.y, 258, row.h)
        go = Frame(row.x + 264, row.y, 72, row.h)
        controls.append(Pad(f"preset{n}", text, name, TEAL, (to("/prompt", text),), 14))
        controls.append(Pad(f"go{n}", "GO", go, GREEN, (to("/generate", text),), 18))
    controls.append(Label("tags title", "ADD TO THE PROMPT", Frame(28, 820, 336, 24), 13, DIM))
    cells = Frame(28, 850, 336, 324).split(3, 5)
    controls += [
        Pad(f"tag{n}", tag, frame, GREY, (to("/prompt/add", tag),), 15)
        for n, (tag, frame) in enumerate(zip(TAGS, cells, strict=True), 1)
    ]
    return controls


def _make() -> list[Control]:
    return [
        Panel("make panel", Frame(388, 134, 384, 250), "MAKE"),
        Pad("generate", "GENERATE", Frame(400, 164, 360, 96), GREEN, (to("/generate"),), 34),
        Pad("cancel", "CANCEL", Frame(400, 268, 212, 62), AMBER, (to("/cancel"),), 20),
        Pad("cancel all", "CANCEL ALL", Frame(618, 268, 142, 62), RED, (to("/cancel/all"),), 16),
        Meter("progress", Frame(400, 338, 360, 36), GREEN, 0.0, 1.0),
        Label("progress text", "", Frame(400, 338, 360, 36), 15, WHITE, "centre"),
    ]


def _settings() -> list[Control]:
    bars = [(f"{n}" if n else "free", f"{n}", f"{n}") for n in BARS]
    count = [(f"{n}", f"{n}", f"{n}") for n in VARIATIONS]
    loop = [("off", "0", "0"), ("on", "1", "1")]
    minor = [(f"{note}m", f"{note} minor", f"{note} minor") for note in NOTES]
    major = [(note, f"{note} major", f"{note} major") for note in NOTES]
    rows = [minor[:6], minor[6:], major[:6], major[6:]]
    launch = [(word.upper(), word, word) for word in LAUNCHES]
    return [
        Panel("length panel", Frame(388, 392, 384, 168), "BARS"),
        *choice("bars", Frame(400, 420, 360, 50).split(7, 1), bars),
        Label("variations title", "TAKES AT ONCE", Frame(400, 474, 220, 24), 13, DIM),
        *choice("variations", Frame(400, 500, 214, 50).split(4, 1), count),
        Label("loop title", "SEAMLESS LOOP", Frame(630, 474, 130, 24), 13, DIM),
        *choice("loop", Frame(630, 500, 130, 50).split(2, 1), loop),
        Panel("key panel", Frame(388, 568, 384, 240), "KEY"),
        *choice("key", [Frame(400, 596, 50, 202)], [("free", "none", "")]),
        *(pad for row, cells in zip(rows, _key_rows(), strict=True) for pad in choice("key", cells, row)),
        Panel("launch panel", Frame(388, 816, 384, 88), "LAUNCH: WHAT PLAYING AND STOPPING WAIT FOR"),
        *choice("launch", Frame(400, 844, 360, 50).split(3, 1), launch),
        Panel("fader panel", Frame(388, 912, 384, 274), ""),
        *faders(("temperature", "guidance", "beta", "tempo", "seconds"), Frame(400, 922, 360, 254)),
    ]


def _key_rows() -> list[list[Frame]]:
    cells = Frame(456, 596, 304, 202).split(6, 4)
    return [cells[row * 6 : row * 6 + 6] for row in range(4)]


def _jam() -> list[Control]:
    keep = Frame(796, 294, 336, 56).split(len(JAM_BARS), 1)
    return [
        Panel("jam panel", Frame(784, 134, 360, 226), "JAM"),
        Pad("jam", "JAM", Frame(796, 164, 222, 66), GREEN, (to("/jam/start"),), 30),
        Pad("jam stop", "STOP", Frame(1024, 164, 108, 66), AMBER, (to("/jam/stop"),), 20),
        Label("jam state", "", Frame(796, 236, 336, 26), 15),
        Label("keep title", "KEEP ITS LAST BARS", Frame(796, 266, 336, 24), 13, DIM),
        *(
            Pad(f"keep{bars}", f"{bars}", frame, TEAL, (to("/jam/keep", f"{bars}"),), 20)
            for bars, frame in zip(JAM_BARS, keep, strict=True)
        ),
    ]


def _morph() -> list[Control]:
    off = to("/morph", "0", "0")
    controls: list[Control] = [
        Panel("morph panel", Frame(784, 368, 360, 474), "MORPH: PROMPTS MIXED BY WEIGHT"),
        Pad("morph off", "OFF: THE PROMPT ALONE", Frame(796, 786, 336, 48), AMBER, (off,), 15),
    ]
    for slot, area in enumerate(Frame(796, 398, 336, 380).split(1, MORPH_SLOTS)):
        line = Frame(area.x, area.y + 42, 258, area.h - 42)
        put = Frame(area.x + 264, area.y, 72, area.h)
        path, follows = to(f"/morph/{slot}").path, heard(f"/state/morph/{slot}")
        controls += [
            Label(f"morph prompt {slot}", "", Frame(area.x, area.y, 258, 40), 14, wrap=True),
            Fader(f"morph {slot}", line, BLUE, path, follows, 0.0, 1.0),
            Pad(f"put{slot}", "PUT", put, TEAL, (to("/morph/prompt", f"{slot}"),), 16),
        ]
    return controls


def _record() -> list[Control]:
    bars = Frame(796, 878, 222, 54).split(len(RECORD_BARS), 1)
    melody, style, off = Frame(796, 1052, 336, 54).split(3, 1)
    nothing = (to("/set/melody", "off"), to("/set/style", "off"))
    return [
        Panel("record panel", Frame(784, 850, 360, 336), "RECORD THE INPUT, FOR SO MANY BARS"),
        *(
            Pad(f"record{count}", f"{count}", frame, RED, (to("/record", f"{count}"),), 20)
            for count, frame in zip(RECORD_BARS, bars, strict=True)
        ),
        Pad("record stop", "STOP", Frame(1024, 878, 108, 54), AMBER, (to("/record/stop"),), 20),
        Meter("record level", Frame(796, 940, 336, 16), RED, *LEVEL_DBFS),
        Label("record state", "", Frame(796, 960, 336, 28), 15),
        Label("follow title", "FOLLOW WHAT CAME IN LAST", Frame(796, 992, 336, 24), 13, DIM),
        Label("input", "", Frame(796, 1016, 336, 32), 15),
        Pad("melody", "ITS TUNE", melody, VIOLET, (remembered("/set/melody", "text"),), 15),
        Pad("style", "ITS STYLE", style, VIOLET, (remembered("/set/style", "text"),), 15),
        Pad("follow off", "NOTHING", off, GREY, nothing, 15),
        Label("melody title", "TUNE OF", Frame(796, 1114, 76, 32), 13, DIM),
        Label("melody file", "", Frame(876, 1114, 256, 32), 14, follows=heard("/state/melody")),
        Label("style title", "STYLE OF", Frame(796, 1146, 76, 32), 13, DIM),
        Label("style file", "", Frame(876, 1146, 256, 32), 14, follows=heard("/state/style")),
    ]


def _takes() -> list[Control]:
    controls: list[Control] = [Panel("takes panel", Frame(1156, 134, 428, 626), "TAKES")]
    actions = (
        ("play", "PLAY", TEAL, "/monitor/play"),
        ("more", "MORE", BLUE, "/continue"),
        ("again", "AGAIN", VIOLET, "/again"),
        ("stop", "STOP", AMBER, "/cancel"),
    )
    for n, row in enumerate(Frame(1168, 164, 404, 586).split(1, TAKES), 1):
        controls.append(Label(f"take{n}", "", Frame(row.x, row.y, 170, row.h), 14, wrap=True))
        cells = Frame(row.x + 174, row.y, 230, row.h).split(4, 1)
        controls += [
            Pad(f"{name}{n}", text, frame, colour, (remembered(path, "number"),), 13, "0")
            for (name, text, colour, path), frame in zip(actions, cells, strict=True)
        ]
    return [
        *controls,
        Panel("batch panel", Frame(1156, 768, 428, 142), "VARIATIONS OF WHAT IS HEARD, FROM HERE ON"),
        *(
            Pad(f"variation{letter}", letter, frame, TEAL, (to("/monitor/play", letter),), 22)
            for letter, frame in zip("ABCDEFGH", Frame(1168, 796, 404, 104).split(4, 2), strict=True)
        ),
    ]


def _monitor() -> list[Control]:
    low, high = GAIN_DB
    gain = heard("/state/gain")
    return [
        Panel("monitor panel", Frame(1156, 918, 428, 150), "MONITOR"),
        Label("device", "", Frame(1256, 920, 316, 26), 13, DIM, "right", heard("/monitor/device")),
        Fader("gain", Frame(1168, 948, 230, 54), TEAL, to("/monitor/gain").path, gain, low, high),
        Label("gain text", "0", Frame(1402, 948, 56, 54), 15, align="right"),
        Pad("silence", "SILENCE", Frame(1468, 948, 104, 54), AMBER, (to("/monitor/stop"),), 16),
        Meter("level left", Frame(1168, 1010, 404, 22), GREEN, *LEVEL_DBFS),
        Meter("level right", Frame(1168, 1036, 404, 22), GREEN, *LEVEL_DBFS),
        Panel("error panel", Frame(1156, 1076, 428, 110), "LAST ERROR"),
        Label("error", "", Frame(1168, 1102, 404, 78), 13, (1.0, 0.55, 0.45), wrap=True),
    ]
