"""The surface itself: which control sits where, with addresses and ranges out of the daemon's own tables."""

from audiogen_daemon.config import Config
from audiogen_daemon.control.addresses import ANSWERS, ROWS
from audiogen_daemon.settings import NOTES, PARAMETERS
from touchosc.controls import Colour, Control, Fader, Frame, Label, Meter, Pad, Panel, Prompt, Send, Surface

TAKES = 8
"""Takes in the list, the newest first."""
MODELS = 4
PRESETS = 8

TAGS = (
    *("dusty", "warm", "bright", "dark", "punchy"),
    *("dreamy", "distorted", "clean", "sparse", "busy"),
    *("swung", "driving", "vinyl noise", "analog", "huge reverb"),
)
BARS = (0, 1, 2, 4, 8, 16, 32)
VARIATIONS = (1, 2, 4, 8)

PLAYING_RANGE = {"tempo": (60.0, 180.0), "seconds": (1.0, 60.0), "guidance": (0.0, 10.0)}
"""Part of a setting's range that a fader covers, where all of it would be too coarse to hit."""
GAIN_DB = (-48.0, 12.0)
LEVEL_DBFS = (-60.0, 0.0)

TEAL: Colour = (0.13, 0.62, 0.66)
GREEN: Colour = (0.18, 0.8, 0.42)
RED: Colour = (0.92, 0.3, 0.28)
AMBER: Colour = (0.95, 0.62, 0.18)
VIOLET: Colour = (0.56, 0.48, 0.95)
BLUE: Colour = (0.3, 0.58, 0.95)
GREY: Colour = (0.42, 0.46, 0.52)
DIM: Colour = (0.55, 0.58, 0.62)


def surface(config: Config) -> Surface:
    """Return the surface for a configuration: its presets, its model, its port for answers.

    Raises:
        ValueError: an address or a range that the daemon's tables do not have.
    """
    port = config.notify[0].port if config.notify else 11011
    controls = (*_header(config, port), *_prompts(config), *_make(), *_settings(), *_takes(), *_monitor())
    return Surface(controls, TAKES, MODELS, port=port)


def _to(path: str, *constants: str) -> Send:
    if path not in ROWS:
        raise ValueError(f"{path} is no address of the daemon; /help lists them")
    return Send(path, constants)


def _remembered(path: str, kind: str) -> Send:
    return Send(_to(path).path, remembered="STRING" if kind == "text" else "INTEGER")


def _from(path: str) -> str:
    known = {address for address, _, _ in ANSWERS} | {f"/state/{name}" for name in (*PARAMETERS, "gain")}
    if path not in known:
        raise ValueError(f"{path} is no answer of the daemon")
    return path


def _header(config: Config, port: int) -> list[Control]:
    sync = (_to("/subscribe", str(port)), _to("/state"), _to("/models"), _to("/status"))
    load = (_remembered("/set/model", "text"), _remembered("/model/load", "text"))
    first, *others = Frame(660, 14, 690, 60).split(MODELS, 1, gap=8)
    name = config.engine.model
    models = [
        Pad("model1", name, first, BLUE, load, 15, name),
        *(Pad(f"model{n}", "", frame, BLUE, load, 15, hidden=True) for n, frame in enumerate(others, 2)),
    ]
    return [
        Label("title", "AUDIOGEN", Frame(20, 14, 190, 60), 30, GREEN),
        Pad("sync", "SYNC", Frame(216, 14, 100, 60), GREY, sync),
        Label("link", "not connected", Frame(330, 14, 320, 30), 16, AMBER),
        Label("engine", "", Frame(330, 44, 320, 30), 15, DIM, follows=_from("/engine/state")),
        *models,
    ]


def _prompts(config: Config) -> list[Control]:
    controls: list[Control] = [
        Panel("prompt panel", Frame(16, 88, 430, 922), "PROMPT"),
        Prompt("prompt", Frame(28, 118, 406, 60), TEAL, _to("/prompt").path, _from("/state/prompt")),
    ]
    rows = Frame(28, 188, 406, 490).split(1, PRESETS)
    for n, (text, row) in enumerate(zip(config.take.presets, rows, strict=False), 1):
        name = Frame(row.x, row.y, 318, row.h)
        go = Frame(row.x + 324, row.y, 82, row.h)
        controls.append(Pad(f"preset{n}", text, name, TEAL, (_to("/prompt", text),), 15))
        controls.append(Pad(f"go{n}", "GO", go, GREEN, (_to("/generate", text),), 18))
    controls.append(Label("tags title", "ADD TO THE PROMPT", Frame(28, 686, 406, 24), 13, DIM))
    cells = Frame(28, 714, 406, 286).split(3, 5)
    controls += [
        Pad(f"tag{n}", tag, frame, GREY, (_to("/prompt/add", tag),), 15)
        for n, (tag, frame) in enumerate(zip(TAGS, cells, strict=True), 1)
    ]
    return controls


def _make() -> list[Control]:
    return [
        Panel("make panel", Frame(458, 88, 440, 270), "MAKE"),
        Pad("generate", "GENERATE", Frame(470, 118, 416, 116), GREEN, (_to("/generate"),), 34),
        Pad("cancel", "CANCEL", Frame(470, 242, 262, 62), AMBER, (_to("/cancel"),), 20),
        Pad("cancel all", "CANCEL ALL", Frame(740, 242, 146, 62), RED, (_to("/cancel/all"),), 16),
        Meter("progress", Frame(470, 312, 416, 36), GREEN, 0.0, 1.0),
        Label("progress text", "", Frame(470, 312, 416, 36), 15, (1.0, 1.0, 1.0), "centre"),
    ]


def _settings() -> list[Control]:
    bars = [(f"{n}" if n else "free", f"{n}", f"{n}") for n in BARS]
    count = [(f"{n}", f"{n}", f"{n}") for n in VARIATIONS]
    loop = [("off", "0", "0"), ("on", "1", "1")]
    minor = [(f"{note}m", f"{note} minor", f"{note} minor") for note in NOTES]
    major = [(note, f"{note} major", f"{note} major") for note in NOTES]
    rows = [minor[:6], minor[6:], major[:6], major[6:]]
    return [
        Panel("length panel", Frame(458, 366, 440, 176), "BARS"),
        *_choice("bars", Frame(470, 394, 416, 54).split(7, 1), bars),
        Label("variations title", "TAKES AT ONCE", Frame(470, 452, 270, 24), 13, DIM),
        *_choice("variations", Frame(470, 478, 270, 54).split(4, 1), count),
        Label("loop title", "SEAMLESS LOOP", Frame(754, 452, 132, 24), 13, DIM),
        *_choice("loop", Frame(754, 478, 132, 54).split(2, 1), loop),
        Panel("key panel", Frame(458, 550, 440, 226), "KEY"),
        *_choice("key", [Frame(470, 578, 54, 188)], [("free", "none", "")]),
        *(pad for row, cells in zip(rows, _key_rows(), strict=True) for pad in _choice("key", cells, row)),
        Panel("fader panel", Frame(458, 784, 440, 226), ""),
        *_faders(("temperature", "guidance", "tempo", "seconds"), Frame(470, 794, 416, 206)),
    ]


def _key_rows() -> list[list[Frame]]:
    cells = Frame(530, 578, 356, 188).split(6, 4)
    return [cells[row * 6 : row * 6 + 6] for row in range(4)]


def _choice(setting: str, frames: list[Frame], options: list[tuple[str, str, str]]) -> list[Control]:
    """Return pads that set one setting; options are (text, value sent, value as /state says it)."""
    path = f"/set/{setting}"
    return [
        Pad(f"{setting}={state}", text, frame, VIOLET, (_to(path, value),), 16, state, setting)
        for (text, value, state), frame in zip(options, frames, strict=True)
    ]


def _faders(names: tuple[str, ...], area: Frame) -> list[Control]:
    controls: list[Control] = []
    for name, row in zip(names, area.split(1, len(names)), strict=True):
        low, high = _range(name)
        follows = _from(f"/state/{name}")
        controls += [
            Label(f"{name} title", name.upper(), Frame(row.x, row.y, 116, row.h), 13, DIM),
            Fader(
                name,
                Frame(row.x + 112, row.y, 236, row.h),
                BLUE,
                _to(f"/set/{name}").path,
                follows,
                low,
                high,
                whole=name in ("tempo", "seconds"),
            ),
            Label(f"{name} text", "", Frame(row.x + 350, row.y, 66, row.h), 16, align="right"),
        ]
    return controls


def _range(name: str) -> tuple[float, float]:
    parameter = PARAMETERS[name]
    low, high = PLAYING_RANGE.get(name, (parameter.low, parameter.high))
    if not parameter.low <= low < high <= parameter.high:
        raise ValueError(f"a fader of {low:g} to {high:g} leaves {name}'s {parameter.low:g} to {parameter.high:g}")
    return low, high


def _takes() -> list[Control]:
    controls: list[Control] = [Panel("takes panel", Frame(910, 88, 440, 560), "TAKES")]
    actions = (
        ("play", "PLAY", TEAL, "/monitor/play"),
        ("more", "MORE", BLUE, "/continue"),
        ("again", "AGAIN", VIOLET, "/again"),
        ("stop", "STOP", AMBER, "/cancel"),
    )
    for n, row in enumerate(Frame(922, 118, 416, 520).split(1, TAKES), 1):
        controls.append(Label(f"take{n}", "", Frame(row.x, row.y, 170, row.h), 14, wrap=True))
        cells = Frame(row.x + 176, row.y, 240, row.h).split(4, 1)
        controls += [
            Pad(f"{name}{n}", text, frame, colour, (_remembered(path, "number"),), 13, "0")
            for (name, text, colour, path), frame in zip(actions, cells, strict=True)
        ]
    play = (_remembered("/monitor/play", "number"),)
    return [
        *controls,
        Panel("batch panel", Frame(910, 656, 440, 100), "HEAR THE VARIATIONS OF THE LAST REQUEST"),
        *(
            Pad(f"variation{letter}", letter, frame, TEAL, play, 22, "0")
            for letter, frame in zip("ABCD", Frame(922, 684, 416, 62).split(4, 1), strict=True)
        ),
    ]


def _monitor() -> list[Control]:
    low, high = GAIN_DB
    gain = _from("/state/gain")
    return [
        Panel("monitor panel", Frame(910, 764, 440, 150), "MONITOR"),
        Label("device", "", Frame(1010, 766, 328, 26), 13, DIM, "right", _from("/monitor/device")),
        Fader("gain", Frame(922, 794, 250, 54), TEAL, _to("/monitor/gain").path, gain, low, high),
        Label("gain text", "0", Frame(1176, 794, 50, 54), 15, align="right"),
        Pad("silence", "SILENCE", Frame(1234, 794, 104, 54), AMBER, (_to("/monitor/stop"),), 16),
        Meter("level left", Frame(922, 856, 416, 22), GREEN, *LEVEL_DBFS),
        Meter("level right", Frame(922, 882, 416, 22), GREEN, *LEVEL_DBFS),
        Panel("error panel", Frame(910, 922, 440, 88), "LAST ERROR"),
        Label("error", "", Frame(922, 948, 416, 58), 13, (1.0, 0.55, 0.45), wrap=True),
    ]
