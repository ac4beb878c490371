"""The words of a prompt that name its key."""

import re

KEY = re.compile(
    r"(?:,?\s*\b(?:in the key of|key of|in|key)\s+)?"
    r"\b[a-g](?:[\s-]*(?:#|♯|b|♭|sharp|flat))?[\s-]*"
    r"(?:(?:natural[\s-]+)?(?:major|minor|maj|min|m)|ionian|dorian|phrygian|lydian|mixolydian|aeolian|locrian)\b"
    r"(?:\s+(?:mode|scale)\b)?",
    re.IGNORECASE,
)


def names_key(prompt: str) -> bool:
    """Whether a prompt names a key, in any spelling."""
    return KEY.search(prompt) is not None


def without_key(prompt: str) -> str:
    """Return a prompt without the words that name its key."""
    return " ".join(KEY.sub(" ", prompt).split()).strip(" ,")
