"""What a take is made from: one table of names, ranges and meanings, and the values themselves."""

import dataclasses
import difflib
import math
import re
from dataclasses import dataclass
from typing import Any, Literal, get_args

from audiogen_daemon.errors import CommandError
from audiogen_daemon.notes import pitch_class
from audiogen_daemon.transport import Quantum

Kind = Literal["text", "name", "number", "integer", "key", "signature", "choice", "file"]

MAX_PROMPT = 2000
"""Characters of a prompt; the text encoder reads far fewer."""

MORPH_SLOTS = 4
"""Prompts that can be mixed."""

NOTES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
MODES = ("major", "minor", "dorian", "phrygian", "lydian", "mixolydian", "locrian")


@dataclass(frozen=True)
class Settings:
    """The values a take is made from. `None` leaves a value to the model's own default.

    seconds: length of the take when bars is 0. bars: length in bars of `signature` at `tempo`; 0 switches it off.
    tempo: beats per minute; 0 is free. key: such as "F# minor"; "" is free. seed: -1 draws a new one for each take.
    launch: what the take waits for in the monitor. morph: up to four (prompt, weight) mixed in place of the prompt.
    finish_with: the model that makes the take once more, as its final; "" for none.
    """

    model: str = "starter"
    finish_with: str = ""
    prompt: str = "warm dusty lo-fi loop"
    seconds: float = 10.0
    bars: float = 0.0
    tempo: float = 0.0
    signature: tuple[int, int] = (4, 4)
    key: str = ""
    seed: int = -1
    temperature: float | None = None
    top_k: int | None = None
    top_p: float | None = None
    guidance: float | None = None
    beta: float | None = None
    variations: int = 1
    loop: int = 0
    words: int = 1
    melody: str = ""
    style: str = ""
    morph: tuple[tuple[str, float], ...] = ()
    launch: Quantum = "off"

    @property
    def length(self) -> float:
        """Seconds of audio asked for: bars · beats · 60 / tempo when bars are set, else `seconds`."""
        if self.bars and self.tempo:
            numerator, denominator = self.signature
            return self.bars * numerator * (4.0 / denominator) * 60.0 / self.tempo
        return self.seconds

    @property
    def overrun(self) -> float:
        """Seconds to be made beyond `length`, for takes that are finished: those of so many bars, and loops.

        Half a second, to blend the end into the beginning; with bars at least a beat, for a first beat that comes late,
        and a share of the length, so that a take that came out 8 % too slow still fills its bars at its tempo.
        """
        if self.bars and self.tempo:
            return max(0.5, 60.0 / self.tempo) + self.length / 11
        return 0.5 if self.loop else 0.0


@dataclass(frozen=True)
class Parameter:
    """One setting: what it accepts and what it means. low and high are inclusive.

    or_zero: 0 is taken too, and switches it off. exact: a number with a fraction is refused; as another integer, which
    a fader may move, it is rounded.
    """

    name: str
    kind: Kind
    help: str
    low: float = 0.0
    high: float = 0.0
    unit: str = ""
    default_word: str = ""
    choices: tuple[str, ...] = ()
    or_zero: bool = False
    exact: bool = False

    def parse(self, value: Any) -> Any:
        """Return the value as its type, from a number, a numeric string, a boolean or a text.

        Raises:
            CommandError: naming the value and the range.
        """
        if self.kind == "text":
            return _text(self.name, value)
        if self.kind == "name":
            return _model_name(value, self.default_word)
        if self.kind == "file":
            return _file_name(value)
        if self.kind == "key":
            return _key(value)
        if self.kind == "signature":
            return _signature(value)
        if self.kind == "choice":
            return self._choice(value)
        if self.default_word and isinstance(value, str) and value.strip().lower() in (self.default_word, "default"):
            return None if self.default_word == "model" else self.low
        number = to_number(value)
        if number is None:
            raise CommandError(f"{show(value)} is no number; send {self._range()}")
        if not math.isfinite(number) or not self._inside(number):
            raise CommandError(f"{show(value)} is outside {self._range()}")
        if self.exact and not number.is_integer():
            raise CommandError(f"{show(value)} is no whole number; send {self._range()}")
        return round(number) if self.kind == "integer" else float(number)

    @property
    def accepts(self) -> str:
        """What may be given, in words."""
        if self.kind == "choice":
            return "|".join(self.choices)
        if self.kind in ("number", "integer"):
            return self._range()
        return f"{self.kind}, or {self.default_word}" if self.default_word else self.kind

    def _choice(self, value: Any) -> str:
        """Return the choice by its name, or by its place as a fader sends it, counted from 0."""
        word = str(value).strip().lower()
        if word in self.choices:
            return word
        number = to_number(value)
        if number is not None and number in range(len(self.choices)):
            return self.choices[int(number)]
        raise CommandError(f"{show(value)} is none of {', '.join(self.choices)}")

    def _inside(self, number: float) -> bool:
        return (self.or_zero and number == 0) or self.low <= number <= self.high

    def _range(self) -> str:
        words = f"{self.low:.10g} to {self.high:.10g}{' ' + self.unit if self.unit else ''}"
        if self.or_zero:
            words = f"{words} (0 switches it off)"
        return f'{words}, or "{self.default_word}"' if self.default_word else words


PARAMETERS: dict[str, Parameter] = {
    p.name: p
    for p in (
        Parameter("model", "name", "checkpoint that makes the take"),
        Parameter(
            "finish_with",
            "name",
            "larger checkpoint that makes each take once more in the background, as its final",
            default_word="off",
        ),
        Parameter("prompt", "text", "what it should sound like"),
        Parameter("seconds", "number", "length of a take when bars is 0", 0.1, 600, "s"),
        Parameter(
            "bars", "number", "length in bars of the tempo and signature; 0 uses seconds", 0.25, 256, or_zero=True
        ),
        Parameter("tempo", "number", "beats per minute; 0 leaves it free", 30, 300, "bpm", or_zero=True),
        Parameter("signature", "signature", "time signature, as 4/4"),
        Parameter("key", "key", 'such as "C", "F# minor" or "Bb dorian"; "" leaves it free'),
        Parameter(
            "seed", "integer", "the same seed makes the same take; -1 draws a new one", -1, 2**32 - 1, exact=True
        ),
        Parameter("temperature", "number", "how adventurous the choice of tokens is; 0 is greedy", 0, 2, "", "model"),
        Parameter("top_k", "integer", "candidates per token; 1 is greedy, 0 keeps all", 0, 2048, "", "model"),
        Parameter("top_p", "number", "probability mass kept; 0 switches it off", 0, 1, "", "model"),
        Parameter("guidance", "number", "how closely the prompt is followed; 1 switches it off", 0, 20, "", "model"),
        Parameter(
            "beta", "number", "how much more the prompt counts than the style in style models", 1, 10, "", "model"
        ),
        Parameter("variations", "integer", "takes made at once from one request", 1, 8),
        Parameter("loop", "integer", "1 makes the take loop without a seam", 0, 1),
        Parameter("melody", "file", "sound file whose tune is followed, from the in folder or the drop folder; off"),
        Parameter("style", "file", "sound file whose style is followed, from the in folder or the drop folder; off"),
        Parameter("words", "integer", "1 adds tempo and key to the prompt in words", 0, 1),
        Parameter(
            "launch", "choice", "what playing and stopping wait for while the DAW plays", choices=get_args(Quantum)
        ),
    )
}

DAW_TEMPO = dataclasses.replace(PARAMETERS["tempo"], or_zero=False)
"""The tempo of a DAW, which is never free."""

BARS_OF_SOUND = dataclasses.replace(PARAMETERS["bars"], unit="bars", or_zero=False)
"""How many bars of what sounds are kept."""


def change(settings: Settings, name: str, value: Any) -> Settings:
    """Return the settings with one value changed.

    Raises:
        CommandError: unknown name (the nearest is named), or a value outside its range.
    """
    parameter = PARAMETERS.get(name)
    if parameter is None:
        near = difflib.get_close_matches(name, PARAMETERS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(PARAMETERS)}"
        raise CommandError(f"unknown setting {show(name)}; {hint}")
    return dataclasses.replace(settings, **{name: parameter.parse(value)})


def to_number(value: Any) -> float | None:
    """Return an int, float, boolean or numeric string as a float; None when it is no number."""
    if isinstance(value, bool | int | float):
        return float(value)
    if isinstance(value, str):
        try:
            return float(value.strip())
        except ValueError:
            return None
    return None


def needs_tempo(bars: float) -> str:
    """Say that so many bars have no length yet, for an error that goes on with the cure."""
    return f"{bars:g} bar needs a tempo" if bars == 1 else f"{bars:g} bars need a tempo"


def show(value: Any) -> str:
    """Return a value as it may stand in an error: strings quoted, long ones cut, booleans as 1 and 0."""
    value = int(value) if isinstance(value, bool) else value
    text = f'"{value}"' if isinstance(value, str) else f"{value:.7g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else f"{text[:56]}…{text[-1]}"


def _text(name: str, value: Any) -> str:
    text = str(value).strip()
    if len(text) > MAX_PROMPT:
        raise CommandError(f"{name} of {len(text)} characters is longer than {MAX_PROMPT}; shorten it")
    text = "".join(c if c.isprintable() else " " for c in text).strip()
    if not text:
        raise CommandError(f"{name} is empty; say what it should sound like")
    return text


def _model_name(value: Any, off: str) -> str:
    name = str(value).strip()
    if off and (name.lower() in ("", off, "none") or value == 0):
        return ""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
        raise CommandError(f"{show(value)} is no model name; use letters, digits, dot, dash, as in musicgen-small")
    return name


def _file_name(value: Any) -> str:
    name = str(value).strip()
    if name.lower() in ("", "off", "none") or value == 0:
        return ""
    if not isinstance(value, str) or re.search(r"[/\\\0]", name) or name.startswith(".") or len(name) > 255:
        raise CommandError(f"{show(name)} is no file name; put the file into the in folder and send its name alone")
    return name


def _signature(value: Any) -> tuple[int, int]:
    parts = value if isinstance(value, tuple | list) else re.split(r"[/ ]+", str(value).strip())
    numbers = [to_number(p) for p in parts]
    if len(numbers) == 2 and all(n is not None and math.isfinite(n) and n == int(n) for n in numbers):
        top, bottom = (int(n) for n in numbers if n is not None)
        if 1 <= top <= 32 and bottom in (1, 2, 4, 8, 16, 32):
            return (top, bottom)
    raise CommandError(f"{show(value)} is no time signature; use 1 to 32 over 1, 2, 4, 8, 16 or 32, as 4/4 or 7/8")


def parse_key(text: str) -> tuple[int, str]:
    """Return (pitch class 0..11 with C = 0, mode) of a key such as "F# minor", "Bbm" or "c sharp".

    Raises:
        CommandError: not a key.
    """
    found = re.fullmatch(r"\s*([A-Ga-g])\s*(#|♯|b|♭|sharp|flat)?\s*(m|min|maj|[a-z]+)?\s*", text, re.IGNORECASE)
    if found:
        mode = found.group(3) or "major"
        mode = {"m": "minor", "M": "major"}.get(mode, mode.lower())
        mode = {"min": "minor", "maj": "major"}.get(mode, mode)
        if mode in MODES:
            return (pitch_class(found.group(1), found.group(2) or ""), mode)
    raise CommandError(f'{show(text)} is no key; use A to G with # or b and {", ".join(MODES)}, as "F# minor"')


def _key(value: Any) -> str:
    text = str(value).strip()
    if text in ("", "none", "off", "0"):
        return ""
    note, mode = parse_key(text)
    return f"{NOTES[note]} {mode}"
