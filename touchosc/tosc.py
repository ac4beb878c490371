"""The surface as a TouchOSC layout: zlib-compressed XML, the same bytes for the same surface.

Source: the format is unpublished; the elements, keys and their order are those that TouchOSC 1.3 writes (lexml 5).
A BUTTON has no text of its own, so a label that cannot be touched lies over it.
"""

import uuid
import zlib
from collections.abc import Iterable
from pathlib import Path

from touchosc.controls import CANVAS, Colour, Control, Fader, Frame, Label, Meter, Pad, Panel, Prompt, Send, Surface

NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "audiogen-daemon/touchosc")
CONNECTION = "0000000001"
"""Only the first of TouchOSC's ten connections; the rightmost digit."""
SCRIPT = Path(__file__).with_name("surface.lua")
NORTH, EAST = 0, 1
MOMENTARY = 0
ALIGN = {"left": 1, "centre": 2, "right": 3}

Property = tuple[str, str, object]


def write(surface: Surface) -> bytes:
    """Return the bytes of the .tosc file."""
    return zlib.compress(xml(surface).encode("utf-8"), 6)


def xml(surface: Surface) -> str:
    """Return the XML inside the .tosc file."""
    children = "".join(node for control in surface.controls for node in _nodes(control))
    root = _node(
        "GROUP",
        "audiogen",
        Frame(0, 0, *CANVAS),
        surface.background,
        properties=[("s", "script", _script(surface))],
        children=children,
        interactive=True,
        outline=False,
    )
    return f"<?xml version='1.0' encoding='UTF-8'?><lexml version='5'>{root}</lexml>"


def _nodes(control: Control) -> list[str]:
    match control:
        case Panel(name, frame, title):
            box = _node("BOX", name, frame, (0.09, 0.1, 0.12), [("i", "shape", 1)], outline=False)
            caption = Frame(frame.x + 12, frame.y + 2, frame.w - 24, 26)
            return [box, _text(f"{name} title", title, caption, 13, (0.55, 0.58, 0.62), "left")] if title else [box]
        case Pad():
            return _pad(control)
        case Fader():
            return [_fader(control)]
        case Meter(name, frame, colour):
            return [_node("FADER", name, frame, colour, _slider(cursor=0), values=[("x", "0")])]
        case Label(name, text, frame, size, colour, align, follows, wrap):
            messages = [_receive(follows, "STRING", "text")] if follows else []
            return [_text(name, text, frame, size, colour, align, messages, wrap)]
        case Prompt(name, frame, colour, _, follows):
            received = [_receive(follows, "STRING", "text")]
            return [_text(name, "", frame, 17, (1.0, 1.0, 1.0), "left", received, wrap=True, background=colour)]


def _pad(pad: Pad) -> list[str]:
    properties: list[Property] = [
        ("i", "buttonType", MOMENTARY),
        ("b", "press", 1),
        ("b", "release", 1),
        ("b", "valuePosition", 0),
        ("i", "shape", 1),
    ]
    if pad.hidden:
        properties.append(("b", "visible", 0))
    if pad.memo or any(send.remembered for send in pad.sends):
        properties.append(("s", "tag", pad.memo))
    messages = [_press(send) for send in pad.sends]
    button = _node("BUTTON", pad.name, pad.frame, pad.colour, properties, [("x", "0")], messages, interactive=True)
    return [button, _text(f"{pad.name} text", pad.text, pad.frame, pad.size, (1.0, 1.0, 1.0), "centre")]


def _fader(fader: Fader) -> str:
    kind = "INTEGER" if fader.whole else "FLOAT"
    messages = [
        _osc(fader.path, [_partial("VALUE", kind, "x", fader.low, fader.high)], trigger=("x", "ANY")),
        _receive(fader.follows, "FLOAT", "x", fader.low, fader.high),
    ]
    return _node(
        "FADER", fader.name, fader.frame, fader.colour, _slider(cursor=1), [("x", "0")], messages, interactive=True
    )


def _slider(cursor: int) -> list[Property]:
    return [
        ("b", "bar", 1),
        ("i", "barDisplay", 0),
        ("b", "cursor", cursor),
        ("i", "cursorDisplay", 0),
        ("b", "grid", 0),
        ("i", "gridSteps", 10),
        ("c", "gridColor", (0.3, 0.3, 0.3)),
        ("i", "response", 0),
        ("i", "responseFactor", 100),
        ("i", "orientation", EAST),
        ("i", "shape", 1),
    ]


def _text(
    name: str,
    text: str,
    frame: Frame,
    size: int,
    colour: Colour,
    align: str,
    messages: Iterable[str] = (),
    wrap: bool = False,
    background: Colour | None = None,
) -> str:
    properties: list[Property] = [
        ("i", "font", 0),
        ("i", "textAlignH", ALIGN[align]),
        ("i", "textAlignV", 2),
        ("b", "textClip", 1),
        ("c", "textColor", colour),
        ("i", "textSize", size),
        ("i", "shape", 1),
        ("b", "textWrap", 1) if wrap else ("i", "textLength", 0),
    ]
    if background is None:
        properties.append(("b", "background", 0))
    return _node(
        "TEXT" if wrap else "LABEL",
        name,
        frame,
        background or (0.1, 0.1, 0.1),
        properties,
        [("text", text)],
        messages,
        outline=background is not None,
    )


# -- messages ------------------------------------------------------------------------------------------------------


def _press(send: Send) -> str:
    arguments = [_partial("CONSTANT", "STRING", text) for text in send.constants]
    if send.remembered:
        arguments.append(_partial("PROPERTY", send.remembered, "tag"))
    return _osc(send.path, arguments, trigger=("x", "RISE"))


def _receive(path: str, kind: str, value: str, low: float = 0, high: float = 1) -> str:
    return _osc(path, [_partial("VALUE", kind, value, low, high)], trigger=None)


def _osc(path: str, arguments: list[str], trigger: tuple[str, str] | None) -> str:
    """Return a message that is sent when its trigger fires, or, without one, only received."""
    fired = f"<trigger><var>{_data(trigger[0])}</var><condition>{trigger[1]}</condition></trigger>" if trigger else ""
    return (
        f"<osc><enabled>1</enabled><send>{int(bool(trigger))}</send><receive>{int(not trigger)}</receive>"
        f"<feedback>0</feedback><noDuplicates>0</noDuplicates><connections>{CONNECTION}</connections>"
        f"<triggers>{fired}</triggers><path>{_partial('CONSTANT', 'STRING', path)}</path>"
        f"<arguments>{''.join(arguments)}</arguments></osc>"
    )


def _partial(kind: str, conversion: str, value: str, low: float = 0, high: float = 1) -> str:
    return (
        f"<partial><type>{kind}</type><conversion>{conversion}</conversion><value>{_data(value)}</value>"
        f"<scaleMin>{low:g}</scaleMin><scaleMax>{high:g}</scaleMax></partial>"
    )


# -- nodes ---------------------------------------------------------------------------------------------------------


def _node(
    kind: str,
    name: str,
    frame: Frame,
    colour: Colour,
    properties: Iterable[Property] = (),
    values: Iterable[tuple[str, str]] = (),
    messages: Iterable[str] = (),
    children: str = "",
    interactive: bool = False,
    outline: bool = True,
) -> str:
    common: dict[str, Property] = {
        key: (code, key, value)
        for code, key, value in (
            ("b", "background", 1),
            ("c", "color", colour),
            ("f", "cornerRadius", 3),
            ("r", "frame", frame),
            ("b", "grabFocus", kind != "GROUP"),
            ("b", "interactive", interactive),
            ("b", "locked", 0),
            ("s", "name", name),
            ("i", "orientation", NORTH),
            ("b", "outline", outline),
            ("i", "outlineStyle", 1),
            ("i", "pointerPriority", 0),
            ("i", "shape", 1),
            ("b", "visible", 1),
        )
    }
    common |= {entry[1]: entry for entry in properties}
    inside = "".join(_property(*common[key]) for key in sorted(common))
    held = "".join(_value(key, default) for key, default in (*values, ("touch", "false")))
    told = "".join(messages)
    return (
        f"<node ID='{uuid.uuid5(NAMESPACE, name)}' type='{kind}'>"
        f"<properties>{inside}</properties><values>{held}</values>"
        + (f"<messages>{told}</messages>" if told else "")
        + (f"<children>{children}</children>" if children else "")
        + "</node>"
    )


def _property(code: str, key: str, value: object) -> str:
    match value:
        case Frame(x, y, w, h):
            text = f"<x>{x}</x><y>{y}</y><w>{w}</w><h>{h}</h>"
        case (red, green, blue):
            text = f"<r>{red:g}</r><g>{green:g}</g><b>{blue:g}</b><a>1</a>"
        case str():
            text = _data(value)
        case _:
            text = f"{int(value)}"  # type: ignore[call-overload]
    return f"<property type='{code}'><key>{_data(key)}</key><value>{text}</value></property>"


def _value(key: str, default: str) -> str:
    return (
        f"<value><key>{_data(key)}</key><locked>0</locked><lockedDefaultCurrent>{int(key == 'text')}"
        f"</lockedDefaultCurrent><default>{_data(default)}</default><defaultPull>0</defaultPull></value>"
    )


def _data(text: str) -> str:
    return "<![CDATA[" + text.replace("]]>", "]]]]><![CDATA[>") + "]]>"


# -- the script ----------------------------------------------------------------------------------------------------


def _script(surface: Surface) -> str:
    """Return the Lua that shows answers, with what it must know of this surface above it."""
    pads = [control for control in surface.controls if isinstance(control, Pad)]
    lit = [pad for pad in pads if pad.setting or pad.name.startswith(("model", "final"))]
    colours = ", ".join(f"[{_lua(p.name)}] = {{ {', '.join(f'{c:g}' for c in p.colour)} }}" for p in lit)
    settings = sorted({pad.setting for pad in pads if pad.setting})
    choices = ", ".join(
        f"{name} = {{ {', '.join(_lua(pad.name) for pad in pads if pad.setting == name)} }}" for name in settings
    )
    faders = [control for control in surface.controls if isinstance(control, Fader)]
    numbers = ", ".join(f"{f.name} = true" for f in faders if f.follows == f"/state/{f.name}" and f.name != "gain")
    return (
        f"local ROWS, MODELS, PORT = {surface.rows}, {surface.models}, {surface.port}\n"
        f"local COLOURS = {{ {colours} }}\nlocal CHOICES = {{ {choices} }}\nlocal NUMBERS = {{ {numbers} }}\n"
        + SCRIPT.read_text("utf-8")
    )


def _lua(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
