"""What the panels of the surface are put together from; addresses and ranges come out of the daemon's own tables."""

from audiogen_daemon.control.addresses import ANSWERS, ROWS
from audiogen_daemon.settings import PARAMETERS
from touchosc.controls import Colour, Control, Fader, Frame, Label, Pad, Send

PLAYING_RANGE = {"tempo": (60.0, 180.0), "seconds": (1.0, 60.0), "guidance": (0.0, 10.0)}
"""Part of a setting's range that a fader covers, where all of it would be too coarse to hit."""

LEFT_ALONE = {"temperature": "model", "guidance": "model", "beta": "model", "tempo": "0"}
"""What gives a setting back to the model or leaves it free."""

TEAL: Colour = (0.13, 0.62, 0.66)
GREEN: Colour = (0.18, 0.8, 0.42)
RED: Colour = (0.92, 0.3, 0.28)
AMBER: Colour = (0.95, 0.62, 0.18)
VIOLET: Colour = (0.56, 0.48, 0.95)
BLUE: Colour = (0.3, 0.58, 0.95)
GREY: Colour = (0.42, 0.46, 0.52)
DIM: Colour = (0.55, 0.58, 0.62)
WHITE: Colour = (1.0, 1.0, 1.0)


def to(path: str, *constants: str) -> Send:
    """Return a message to the daemon.

    Raises:
        ValueError: it has no such address.
    """
    if path not in ROWS:
        raise ValueError(f"{path} is no address of the daemon; /help lists them")
    return Send(path, constants)


def remembered(path: str, kind: str) -> Send:
    """Return a message with what the pad remembers, a text or a number; errors as `to`."""
    return Send(to(path).path, remembered="STRING" if kind == "text" else "INTEGER")


def heard(path: str) -> str:
    """Return an address that the daemon says.

    Raises:
        ValueError: it says no such thing.
    """
    known = {address for address, _, _ in ANSWERS} | {f"/state/{name}" for name in PARAMETERS}
    if path not in known:
        raise ValueError(f"{path} is no answer of the daemon")
    return path


def choice(setting: str, frames: list[Frame], options: list[tuple[str, str, str]]) -> list[Control]:
    """Return pads that set one setting; options are (text, value sent, value as /state says it)."""
    path = f"/set/{setting}"
    return [
        Pad(f"{setting}={state}", text, frame, VIOLET, (to(path, value),), 16, state, setting)
        for (text, value, state), frame in zip(options, frames, strict=True)
    ]


def faders(names: tuple[str, ...], area: Frame) -> list[Control]:
    """Return a fader for each of these settings, one below the other, between its name and its value.

    The name is a pad where the setting can be left alone.

    Raises:
        ValueError: a fader's range leaves its setting's.
    """
    controls: list[Control] = []
    for name, row in zip(names, area.split(1, len(names)), strict=True):
        low, high = _range(name)
        path, follows = to(f"/set/{name}").path, heard(f"/state/{name}")
        line = Frame(row.x + 104, row.y, row.w - 172, row.h)
        controls += [
            _name(name, Frame(row.x, row.y, 98, row.h)),
            Fader(name, line, BLUE, path, follows, low, high, whole=name in ("tempo", "seconds")),
            Label(f"{name} text", "", Frame(row.x + row.w - 66, row.y, 66, row.h), 16, align="right"),
        ]
    return controls


def _name(name: str, frame: Frame) -> Control:
    if name not in LEFT_ALONE:
        return Label(f"{name} title", name.upper(), frame, 13, DIM)
    return Pad(f"{name} own", name.upper(), frame, GREY, (to(f"/set/{name}", LEFT_ALONE[name]),), 13)


def _range(name: str) -> tuple[float, float]:
    parameter = PARAMETERS[name]
    low, high = PLAYING_RANGE.get(name, (parameter.low, parameter.high))
    if not parameter.low <= low < high <= parameter.high:
        raise ValueError(f"a fader of {low:g} to {high:g} leaves {name}'s {parameter.low:g} to {parameter.high:g}")
    return low, high
