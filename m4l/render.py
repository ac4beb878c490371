"""Draw the face of the device as its patcher describes it: python m4l/render.py docs/images/m4l-device.png.

A drawing for people, not a screenshot of Live: places, sizes and texts are the patcher's, the looks imitate Live's.
Needs Pillow.
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont

HERE = Path(__file__).parent
SCALE = 3
HEIGHT = 169
FONT = "DejaVuSans.ttf"
BACK, WELL, EDGE, TEXT, DIM, ORANGE, GREEN = (
    "#4a4a4a", "#2c2c2c", "#202020", "#dcdcdc", "#9a9a9a", "#ff9a4d", "#5cc76b",
)  # fmt: skip
DURING_A_TAKE = {"progress": [1.0], "level": [-9.0, -12.0]}
LABELS = {"▶ A": "▶ A final", "▶ B": "▶ B 62%", "▶ C": "▶ C ..."}
ITEMS = {"Model": "musicgen-small", "Finish": "musicgen-medium"}
SAID = {"starting": "connected", "": 'final of A in slot 2 of "Keys": 16 beats'}


class Face:
    """A canvas in the device's pixels."""

    def __init__(self, width: float) -> None:
        self.image = Image.new("RGB", (round(width * SCALE), HEIGHT * SCALE), BACK)
        self.draw = ImageDraw.Draw(self.image)

    def rect(self, box: list[float], fill: str, edge: str | None = EDGE, round_by: float = 2) -> None:
        x, y, w, h = (value * SCALE for value in box)
        self.draw.rounded_rectangle((x, y, x + w - 1, y + h - 1), round_by * SCALE, fill, edge, SCALE // 2)

    def text(self, box: list[float], words: str, colour: str = TEXT, middle: bool = True, size: float = 9.5) -> None:
        font = ImageFont.truetype(FONT, size * SCALE)
        x, y, w, h = (value * SCALE for value in box)
        if middle:
            self.draw.text((x + w / 2, y + h / 2), words, colour, font, "mm")
        else:
            self.draw.text((x + 4 * SCALE, y + 2 * SCALE), _wrapped(words, font, w - 8 * SCALE), colour, font)

    def dial(self, box: list[float], name: str, value: float, low: float, high: float) -> None:
        x, y, w, _ = box
        self.text([x, y, w, 10], name, size=8.5)
        ring = tuple(SCALE * value for value in (x + w / 2 - 10, y + 12, x + w / 2 + 10, y + 32))
        self.draw.arc(ring, 135, 405, WELL, 3 * SCALE)
        angle = 135 + 270 * (value - low) / (high - low)
        self.draw.arc(ring, 135, angle, ORANGE, 3 * SCALE)
        cx, cy, turn = (x + w / 2) * SCALE, (y + 22) * SCALE, math.radians(angle)
        self.draw.line((cx, cy, cx + 8 * SCALE * math.cos(turn), cy + 8 * SCALE * math.sin(turn)), TEXT, SCALE)
        self.text([x, y + 36, w, 10], f"{value:.2f}", size=8.5)


def _wrapped(words: str, font: ImageFont.FreeTypeFont, width: float) -> str:
    lines = [""]
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) > width and lines[-1]:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def render(patcher: dict[str, Any]) -> Image.Image:
    """Return the presentation view, SCALE pixels per pixel."""
    face = Face(patcher["devicewidth"])
    for box in (entry["box"] for entry in patcher["boxes"]):
        if box.get("presentation"):
            _draw(face, box, box["presentation_rect"])
    return face.image


def _draw(face: Face, box: dict[str, Any], rect: list[float]) -> None:
    kind = box["maxclass"]
    value = box.get("saved_attribute_attributes", {}).get("valueof", {})
    initial = value.get("parameter_initial", [0])[0]
    if kind == "live.comment":
        face.text(rect, SAID.get(box["text"], box["text"]), TEXT if box["text"] in SAID else DIM, middle=False)
    elif kind == "comment":
        face.text(rect, box["text"], GREEN, size=11)
    elif kind == "textedit":
        face.rect(rect, WELL)
        face.text(rect, box["text"], middle=False)
    elif kind == "live.text":
        on = box["mode"] == 1 and initial == 1
        loud = "activebgcolor" in box
        face.rect(rect, ORANGE if on or loud else "#5c5c5c")
        words = LABELS.get(box["text"], box["text"])
        face.text(rect, words, "#1c1c1c" if on or loud else TEXT, size=box.get("fontsize", 9))
    elif kind == "live.dial":
        face.dial(rect, value["parameter_shortname"], initial, value["parameter_mmin"], value["parameter_mmax"])
    elif kind == "live.numbox":
        face.rect(rect, WELL)
        face.text(rect, f"{initial:g}")
    elif kind in ("live.menu", "umenu"):
        face.rect(rect, WELL)
        words = value["parameter_enum"][initial] if kind == "live.menu" else ITEMS[box["varname"]]
        face.text([rect[0], rect[1], rect[2] - 10, rect[3]], words[:17], size=8.5)
        face.text([rect[0] + rect[2] - 13, rect[1], 10, rect[3]], "▾", DIM)
    elif kind == "live.tab":
        _tabs(face, rect, value["parameter_enum"], initial)
    elif kind == "multislider":
        _bars(face, box, rect)
    else:
        raise ValueError(f"nothing draws {kind}; teach render.py")


def _tabs(face: Face, rect: list[float], names: list[str], chosen: int) -> None:
    width = rect[2] / len(names)
    for index, name in enumerate(names):
        cell = [rect[0] + index * width, rect[1], width - 1, rect[3]]
        face.rect(cell, ORANGE if index == chosen else WELL)
        face.text(cell, name, "#1c1c1c" if index == chosen else TEXT)


def _bars(face: Face, box: dict[str, Any], rect: list[float]) -> None:
    low, high = box["setminmax"]
    x, y, w, h = rect
    face.rect(rect, WELL)
    if box["orientation"] == 0:
        part = (DURING_A_TAKE["progress"][0] - low) / (high - low)
        face.rect([x, y, w * part, h], ORANGE, None)
        return
    for index, level in enumerate(DURING_A_TAKE["level"]):
        part = (level - low) / (high - low)
        face.rect([x + 1 + index * w / 2, y + h * (1 - part), w / 2 - 2, h * part], GREEN, None, 0)


if __name__ == "__main__":
    source = json.loads((HERE / "Audiogen.maxpat.json").read_text(encoding="utf-8"))
    target = Path(sys.argv[1])
    target.parent.mkdir(parents=True, exist_ok=True)
    render(source["patcher"]).save(target, optimize=True)
