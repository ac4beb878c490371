"""What a control surface is made of, before it becomes the file of one app.

Frames are in the units of a 1600 x 1200 canvas. TouchOSC scales it to the screen, Open Stage Control by `?zoom=`.
"""

from dataclasses import dataclass
from typing import Literal

Colour = tuple[float, float, float]
"""Red, green, blue; each 0 to 1."""

CANVAS = (1600, 1200)


@dataclass(frozen=True)
class Frame:
    """Where a control lies: left, top, width, height."""

    x: int
    y: int
    w: int
    h: int

    def split(self, columns: int, rows: int, gap: int = 6) -> list["Frame"]:
        """Return the cells of a grid over this frame, row by row."""
        width = (self.w - gap * (columns - 1)) / columns
        height = (self.h - gap * (rows - 1)) / rows
        return [
            Frame(
                round(self.x + column * (width + gap)),
                round(self.y + row * (height + gap)),
                round(width),
                round(height),
            )
            for row in range(rows)
            for column in range(columns)
        ]


@dataclass(frozen=True)
class Send:
    """One message of a control.

    constants: texts that always go along. remembered: the control's own memo goes along, as this type.
    """

    path: str
    constants: tuple[str, ...] = ()
    remembered: Literal["", "INTEGER", "STRING"] = ""


@dataclass(frozen=True)
class Panel:
    """A dark field with a title that groups controls."""

    name: str
    frame: Frame
    title: str


@dataclass(frozen=True)
class Pad:
    """A button that acts when it is pressed and does nothing when it is let go.

    memo: what it remembers; a number of a take, or the value of a choice. setting: the choice it belongs to.
    hidden: it appears when there is something to remember.
    """

    name: str
    text: str
    frame: Frame
    colour: Colour
    sends: tuple[Send, ...]
    size: int = 16
    memo: str = ""
    setting: str = ""
    hidden: bool = False


@dataclass(frozen=True)
class Fader:
    """A horizontal fader over low to high that sends one number and follows what the daemon says.

    whole: it sends whole numbers.
    """

    name: str
    frame: Frame
    colour: Colour
    path: str
    follows: str
    low: float
    high: float
    whole: bool = False


@dataclass(frozen=True)
class Meter:
    """A bar nobody can touch, over low to high."""

    name: str
    frame: Frame
    colour: Colour
    low: float
    high: float


@dataclass(frozen=True)
class Label:
    """A line of text nobody can touch. follows: the address whose first argument it shows."""

    name: str
    text: str
    frame: Frame
    size: int = 15
    colour: Colour = (0.86, 0.88, 0.9)
    align: Literal["left", "centre", "right"] = "left"
    follows: str = ""
    wrap: bool = False


@dataclass(frozen=True)
class Prompt:
    """Where the prompt is shown, and typed in an app that has text fields."""

    name: str
    frame: Frame
    colour: Colour
    path: str
    follows: str


Control = Panel | Pad | Fader | Meter | Label | Prompt


@dataclass(frozen=True)
class Surface:
    """The whole surface; controls lie over those before them. rows: takes in the list. models: pads for models.

    port: where the daemon's answers are heard.
    """

    controls: tuple[Control, ...]
    rows: int
    models: int
    background: Colour = (0.035, 0.04, 0.05)
    port: int = 11011
