"""The surface as a session of Open Stage Control: JSON, with a text field for the prompt.

Source: Open Stage Control's widget reference and scripting pages (v1.29), openstagecontrol.ammd.net/docs
"""

import json
import re
from pathlib import Path
from typing import Any

from touchosc.controls import Colour, Control, Fader, Frame, Label, Meter, Pad, Panel, Prompt, Send, Surface

VERSION = "1.29.2"
SCRIPT = Path(__file__).with_name("surface.js")
NO_PROTECT = "// noprotect"
"""Keeps Open Stage Control from rewriting the loops of the script, which breaks those without braces or semicolons."""

HEARD = (
    "/pong",
    *("/take/queued", "/take/started", "/take/progress", "/take/playing", "/take/done", "/take/cancelled"),
    *("/take/failed", "/take/final", "/stem/saved", "/monitor/level", "/models/reply", "/model/ready"),
    *("/model/unloaded", "/error"),
    *("/takes/reply", "/status/reply", "/jam/started", "/jam/stopped", "/jam/kept", "/input/landed"),
    *("/record/waiting", "/record/started", "/record/progress", "/record/cancelled", "/record/done"),
    *("/state/model", "/state/prompt", "/state/gain", "/state/morph", "/state/morph/prompt"),
)
"""Answers that surface.js understands, beside the settings that this surface shows."""

BEAT = "setInterval('beat', function () { globals.beat(set, send) }, 2000)"
"""What the label that shows the connection does from its creation on."""

Widget = dict[str, Any]


def write(surface: Surface) -> bytes:
    """Return the bytes of the session file."""
    return (json.dumps(session(surface), indent=1, ensure_ascii=False) + "\n").encode("utf-8")


def session(surface: Surface) -> Widget:
    """Return the session as Open Stage Control reads it."""
    pads = [control for control in surface.controls if isinstance(control, Pad) and control.setting]
    settings = sorted({pad.setting for pad in pads})
    numbers = _numbers(surface)
    table = {
        "rows": surface.rows,
        "models": surface.models,
        "choices": {s: {identifier(p.name): p.memo for p in pads if p.setting == s} for s in settings},
        "numbers": numbers,
        "port": surface.port,
    }
    heard = (*HEARD, *(f"/state/{name}" for name in sorted({*settings, *numbers})))
    return {
        "version": VERSION,
        "createdWith": "Open Stage Control",
        "type": "session",
        "content": {
            "type": "root",
            "id": "root",
            "colorBg": _hex(surface.background),
            "hideMenu": True,
            "onPreload": f"{NO_PROTECT}\nvar SURFACE = {json.dumps(table)}\n{SCRIPT.read_text('utf-8')}",
            "widgets": [*(_variable(path) for path in heard), *(_widget(control) for control in surface.controls)],
            "tabs": [],
        },
    }


def identifier(name: str) -> str:
    """Return a widget id for a control's name; letters, digits and underscores."""
    return re.sub(r"[^A-Za-z0-9]+", "_", name.replace("#", "sharp")).strip("_")


def _numbers(surface: Surface) -> list[str]:
    faders = (control for control in surface.controls if isinstance(control, Fader))
    return [fader.name for fader in faders if fader.path == f"/set/{fader.name}"]


def _variable(path: str) -> Widget:
    return {
        "type": "variable",
        "id": "heard" + identifier(path.replace("/", "_")),
        "address": path,
        "bypass": True,
        "onValue": f"globals.hear({json.dumps(path)}, value, set, setVar)",
    }


def _widget(control: Control) -> Widget:
    common = {"id": identifier(control.name), **_place(control.frame)}
    match control:
        case Panel(_, _, title):
            caption = f'<div class="title">{title}</div>'
            css = ".html { justify-content: flex-start; align-items: flex-start; padding: 6rem 12rem; opacity: .6 }"
            return {
                "type": "panel",
                **common,
                "colorBg": "#17191d",
                "alphaStroke": 0,
                "borderRadius": 6,
                "html": caption if title else "",
                "css": css if title else "",
            }
        case Pad():
            return {"type": "button", **common, **_pad(control)}
        case Fader():
            return {
                "type": "fader",
                **common,
                "address": control.path,
                "horizontal": True,
                "design": "compact",
                "range": {"min": control.low, "max": control.high},
                "colorWidget": _hex(control.colour),
                "typeTags": "i" if control.whole else "f",
                "decimals": 0 if control.whole else 3,
                "doubleTap": False,
            }
        case Meter():
            return {
                "type": "fader",
                **common,
                "horizontal": True,
                "design": "compact",
                "interaction": False,
                "bypass": True,
                "range": {"min": control.low, "max": control.high},
                "colorWidget": _hex(control.colour),
            }
        case Label():
            return {
                "type": "text",
                **common,
                "default": control.text,
                "bypass": True,
                "wrap": control.wrap,
                "align": "center" if control.align == "centre" else control.align,
                "colorText": _hex(control.colour),
                "css": f"font-size: {control.size}rem",
                **({"address": control.follows} if control.follows else {}),
                **({"onCreate": BEAT} if control.name == "link" else {}),
            }
        case Prompt():
            return {
                "type": "input",
                **common,
                "address": control.path,
                "typeTags": "s",
                "align": "left",
                "colorWidget": _hex(control.colour),
                "css": "font-size: 17rem",
            }


def _pad(pad: Pad) -> Widget:
    """Return a button that sends its arguments when it is pressed and nothing when it is let go."""
    first, *others = pad.sends
    kind = "i" if first.remembered == "INTEGER" else "s"
    remembered = first.remembered != ""
    named = remembered and kind == "s"
    return {
        "label": f"VAR{{text, {pad.text}}}" if named else pad.text,
        "wrap": "soft",
        "mode": "momentary",
        "address": first.path,
        "preArgs": f"VAR{{memo, {pad.memo}}}" if remembered else list(first.constants),
        "typeTags": kind,
        "onValue": "\n".join(_also(send) for send in others),
        "colorWidget": _hex(pad.colour),
        "alphaFillOff": "VAR{lit, 0.2}" if pad.setting or named else 0.28,
        "css": f"font-size: {pad.size}rem",
        **({"visible": "VAR{seen, false}"} if pad.hidden else {}),
    }


def _also(send: Send) -> str:
    """Return the script line that sends a pad's further message."""
    memo = ', getProp("this", "preArgs")' if send.remembered else ""
    return f"send({', '.join(json.dumps(text) for text in (send.path, *send.constants))}{memo})"


def _place(frame: Frame) -> Widget:
    return {"left": frame.x, "top": frame.y, "width": frame.w, "height": frame.h}


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)
