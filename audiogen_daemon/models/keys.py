"""The words of a prompt that name its key."""

import re
from typing import NamedTuple

KEY = re.compile(
    r"(?:,?\s*\b(?:in the key of|key of|in|key)\s+)?"
    r"\b(?P<letter>[a-g])(?P<accidental>b|[\s-]*(?:#|♯|♭|sharp|flat))?[\s-]*"
    r"(?P<mode>(?:natural[\s-]+)?(?:major|minor|maj|min|m)"
    r"|ionian|dorian|phrygian|lydian|mixolydian|aeolian|locrian)\b"
    r"(?:\s+(?:mode|scale)\b)?",
    re.IGNORECASE,
)
SEMITONES = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
RAISES = {"": 0, "#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}
MODES = {"maj": "major", "ionian": "major", "min": "minor", "m": "minor", "aeolian": "minor"}
"""Other names of major and minor."""


class Key(NamedTuple):
    """A pitch class (0 = C) and a mode: "major", "minor", or a church mode by its name."""

    root: int
    mode: str


def names_key(prompt: str) -> bool:
    """Whether a prompt names a key, in any spelling."""
    return KEY.search(prompt) is not None


def stated_key(prompt: str) -> Key | None:
    """The first key that a prompt names, in any spelling, or None."""
    found = KEY.search(prompt)
    if found is None:
        return None
    accidental = (found["accidental"] or "").lower().replace("-", " ").strip()
    mode = found["mode"].lower().replace("-", " ").split()[-1]
    return Key((SEMITONES[found["letter"].lower()] + RAISES[accidental]) % 12, MODES.get(mode, mode))


def without_key(prompt: str) -> str:
    """Return a prompt without the words that name its key."""
    return " ".join(KEY.sub(" ", prompt).split()).strip(" ,")
