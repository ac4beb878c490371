"""The words of a prompt that name its key."""

import re
from typing import NamedTuple

from audiogen_daemon.notes import pitch_class

KEY = re.compile(
    r"(?:,?\s*\b(?:in the key of|key of|in|key)\s+)?"
    r"\b(?P<letter>[a-g])(?P<accidental>b|[\s-]*(?:#|♯|♭|sharp|flat))?[\s-]*"
    r"(?P<mode>(?:natural[\s-]+)?(?:major|minor|maj|min|m)"
    r"|ionian|dorian|phrygian|lydian|mixolydian|aeolian|locrian)\b"
    r"(?:\s+(?:mode|scale)\b)?",
    re.IGNORECASE,
)
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
    accidental = (found["accidental"] or "").replace("-", " ").strip()
    mode = found["mode"].lower().replace("-", " ").split()[-1]
    return Key(pitch_class(found["letter"], accidental), MODES.get(mode, mode))


def without_key(prompt: str) -> str:
    """Return a prompt without the words that name its key."""
    return " ".join(KEY.sub(" ", prompt).split()).strip(" ,")
