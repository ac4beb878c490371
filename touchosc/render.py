"""Draw pictures of the surfaces out of their built files: `python -m touchosc.render [--folder DIR]`; needs Pillow.

Both files are read back, so a picture shows what the app is given, in a moment of use (STATE) rather than empty.
"""

import argparse
import json
import re
import sys
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from touchosc.controls import CANVAS
from touchosc.stage import identifier

HERE = Path(__file__).parent
SCALE = 2
"""Drawn larger and reduced, for smooth edges."""

STATE = {
    "link": "connected",
    "engine": "ready",
    "model1 text": "musicgen-large",
    "model2 text": "musicgen-medium *",
    "model3 text": "musicgen-small *",
    "model4 text": "starter",
    "final1 text": "musicgen-large",
    "final2 text": "musicgen-medium *",
    "final3 text": "musicgen-small *",
    "final4 text": "starter",
    "prompt": "rhodes electric piano chords, dusty",
    "progress text": "take 8   62 %   3 s left",
    "temperature text": "1",
    "guidance text": "3",
    "beta text": "model",
    "tempo text": "124",
    "seconds text": "10",
    "gain text": "-6 dB",
    "device": "MacBook Pro Speakers",
    "error": "/set/tempo: 400 is outside 30 to 300 bpm (0 switches it off); the value stays 124",
    "take1": "8  final of 7\n62 %",
    "take2": "7  rhodes_electric_007\nfinal 8: 62 %",
    "take3": "6B  boom_bap_hip_006\n7.7 s  2.4x",
    "take4": "5  boom_bap_hip_005\n7.7 s  2.4x",
    "take5": "4  acid_bassline_004\nsaved",
    "jam state": "take 9 keeps its last 7.7 s",
    "morph prompt 0": "warm dusty lo-fi loop",
    "morph prompt 1": "four on the floor techno drum loop",
    "morph prompt 2": "boom bap hip hop drum loop",
    "morph prompt 3": "lush ambient pad",
    "record state": "3.2 of 7.7 s",
    "input": "take_2_124bpm.wav  7.7 s",
    "melody file": "take_2_124bpm.wav",
}
LEVELS = {
    "progress": 0.62,
    "temperature": 0.5,
    "guidance": 0.3,
    "tempo": 0.53,
    "seconds": 0.15,
    "beta": 0.44,
    "morph 0": 0.6,
    "morph 1": 0.4,
    "record level": 0.7,
    "gain": 0.7,
    "level left": 0.78,
    "level right": 0.74,
}
CHOSEN = {"bars=4", "variations=1", "loop=1", "key=F# minor", "launch=bar", "model3", "final2"}

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True)
class Shape:
    """One thing to draw. colour, ink: 0 to 255 each."""

    kind: str
    name: str
    box: tuple[float, float, float, float]
    colour: tuple[int, int, int]
    text: str = ""
    size: int = 14
    ink: tuple[int, int, int] = (255, 255, 255)
    align: str = "centre"


def touchosc_shapes(path: Path) -> Iterator[Shape]:
    """Yield the shapes of a .tosc file in drawing order."""
    root = ET.fromstring(zlib.decompress(path.read_bytes()))
    for node in root.iter("node"):
        held = {p.findtext("key"): p.find("value") for p in node.iterfind("properties/property")}

        def numbers(key: str, held: dict[str | None, ET.Element | None] = held) -> list[float]:
            element = held.get(key)
            return [] if element is None else [float(part.text or 0) for part in element]

        def word(key: str, held: dict[str | None, ET.Element | None] = held) -> str:
            element = held.get(key)
            return "" if element is None else element.text or ""

        name = word("name")
        if word("visible") == "0" and f"{name} text" not in STATE:
            continue
        x, y, w, h = numbers("frame")
        default = {v.findtext("key"): v.findtext("default") or "" for v in node.iterfind("values/value")}
        kind = {"TEXT": "text", "LABEL": "text", "BUTTON": "pad", "FADER": "fader", "BOX": "panel"}.get(
            node.get("type", ""), "canvas"
        )
        if kind == "text" and word("background") != "0":
            yield Shape("field", f"{name} field", (x, y, x + w, y + h), _bytes(numbers("color")))
        yield Shape(
            kind,
            name,
            (x, y, x + w, y + h),
            _bytes(numbers("color")),
            STATE.get(name, default.get("text", "")),
            int(word("textSize") or 14),
            _bytes(numbers("textColor") or [1.0, 1.0, 1.0]),
            {"1": "left", "3": "right"}.get(word("textAlignH"), "centre"),
        )


def stage_shapes(path: Path) -> Iterator[Shape]:
    """Yield the shapes of an Open Stage Control session in drawing order."""
    root = json.loads(path.read_text("utf-8"))["content"]
    yield Shape("canvas", "root", (0, 0, *CANVAS), _hex(root["colorBg"]))
    names = {identifier(name): name for name in (*STATE, *LEVELS, *CHOSEN)}
    for widget in root["widgets"]:
        name = names.get(widget["id"], widget["id"])
        if widget["type"] == "variable" or ("visible" in widget and f"{name} text" not in STATE):
            continue
        x, y, w, h = (widget[key] for key in ("left", "top", "width", "height"))
        box = (x, y, x + w, y + h)
        size = int((re.findall(r"font-size: (\d+)", widget.get("css", "")) or ["14"])[0])
        colour = _hex(widget.get("colorWidget", "#808080"))
        match widget["type"]:
            case "panel":
                yield Shape("panel", name, box, _hex(widget["colorBg"]))
                title = re.sub("<[^>]+>", "", widget["html"])
                yield Shape(
                    "text", f"{name} title", (x + 12, y, x + w, y + 28), colour, title, 13, (140, 148, 158), "left"
                )
            case "button":
                yield Shape("pad", name, box, colour)
                label = STATE.get(f"{name} text", re.sub(r"VAR\{text, (.*)\}", r"\1", widget["label"]))
                yield Shape("text", f"{name} text", box, colour, label, size)
            case "fader":
                yield Shape("fader", name, box, colour)
            case "input":
                yield Shape("field", name, box, colour)
                yield Shape("text", name, (x + 12, y, x + w, y + h), colour, STATE.get(name, ""), size, align="left")
            case "text":
                ink, text = _hex(widget["colorText"]), STATE.get(name, widget["default"])
                yield Shape("text", name, box, colour, text, size, ink, widget["align"].replace("center", "centre"))


def draw(shapes: Iterator[Shape]) -> Image.Image:
    """Return the picture of a surface, in canvas units."""
    image = Image.new("RGB", (CANVAS[0] * SCALE, CANVAS[1] * SCALE))
    pen = ImageDraw.Draw(image)
    for shape in shapes:
        left, top, right, bottom = (SCALE * edge for edge in shape.box)
        match shape.kind:
            case "canvas":
                pen.rectangle((left, top, right, bottom), fill=shape.colour)
            case "panel" | "field":
                fill = shape.colour if shape.kind == "panel" else _shade(shape.colour, 0.3)
                pen.rounded_rectangle((left, top, right, bottom), 6 * SCALE, fill=fill)
            case "pad":
                lit = 0.85 if shape.name in CHOSEN else 0.3
                pen.rounded_rectangle(
                    (left, top, right, bottom), 6 * SCALE, _shade(shape.colour, lit), shape.colour, SCALE
                )
            case "fader":
                pen.rounded_rectangle((left, top, right, bottom), 4 * SCALE, _shade(shape.colour, 0.22))
                reach = left + (right - left) * LEVELS.get(shape.name, 0.0)
                pen.rounded_rectangle((left, top, reach, bottom), 4 * SCALE, _shade(shape.colour, 0.8))
            case "text":
                _write(pen, shape)
    return image.resize(CANVAS, Image.Resampling.LANCZOS)


def _write(pen: ImageDraw.ImageDraw, shape: Shape) -> None:
    left, top, right, bottom = (SCALE * edge for edge in shape.box)
    font = ImageFont.load_default(shape.size * SCALE)
    lines = _wrapped(pen, shape.text, font, right - left - 8)
    anchor, x = {"left": ("lm", left), "right": ("rm", right)}.get(shape.align, ("mm", (left + right) / 2))
    step = shape.size * SCALE * 1.25
    y = (top + bottom) / 2 - step * (len(lines) - 1) / 2
    for line in lines:
        pen.text((x, y), line, shape.ink, font, anchor)
        y += step


def _wrapped(pen: ImageDraw.ImageDraw, text: str, font: Font, width: float) -> list[str]:
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}" if line else word
            if line and pen.textlength(longer, font) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        lines.append(line)
    return lines


def _shade(colour: tuple[int, int, int], share: float) -> tuple[int, int, int]:
    red, green, blue = (round(part * share) for part in colour)
    return red, green, blue


def _bytes(parts: list[float]) -> tuple[int, int, int]:
    red, green, blue = (round(255 * part) for part in parts[:3])
    return red, green, blue


def _hex(text: str) -> tuple[int, int, int]:
    red, green, blue = bytes.fromhex(text[1:])
    return red, green, blue


def main(arguments: list[str] | None = None) -> int:
    """Draw both surfaces and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m touchosc.render", description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=HERE.parent / "docs" / "images")
    folder = parser.parse_args(arguments).folder
    folder.mkdir(parents=True, exist_ok=True)
    draw(touchosc_shapes(HERE / "Audiogen.tosc")).save(folder / "touchosc.png", optimize=True)
    draw(stage_shapes(HERE / "audiogen-open-stage-control.json")).save(folder / "open-stage-control.png", optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
