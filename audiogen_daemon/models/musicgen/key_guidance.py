"""Guidance towards a key: what the prompt's key changes in the logits is made larger.

l = l(prompt) + strength * (l(prompt) - l(prompt without its key)), before the usual guidance: one more row in the
batch, which a small model's steps hardly feel. Of its tokens only plausible ones are drawn: unlikely ones that it
raises cost the beat. A checkpoint declares it as "audiogen": {"key_guidance": 4.0}.

Source: conjunction of concepts in Liu et al. 2022, arXiv:2206.01714, on the logits of a language model.
"""

import re
from dataclasses import replace

from audiogen_daemon.models.pipeline import Request

PLAUSIBLE = 0.05
"""How likely a token must be by the prompt alone, as a share of the likeliest one's probability."""

KEY = re.compile(
    r"(?:,?\s*\b(?:in the key of|key of|in|key)\s+)?"
    r"\b[a-g](?:[\s-]*(?:#|♯|b|♭|sharp|flat))?[\s-]*"
    r"(?:(?:natural[\s-]+)?(?:major|minor|maj|min|m)|ionian|dorian|phrygian|lydian|mixolydian|aeolian|locrian)\b"
    r"(?:\s+(?:mode|scale)\b)?",
    re.IGNORECASE,
)


def without_key(prompt: str) -> str:
    """Return a prompt without the words that name its key."""
    return " ".join(KEY.sub(" ", prompt).split()).strip(" ,")


def towards_key(request: Request, strength: float) -> Request:
    """Return a checked request whose key, if its prompt names one, is followed more closely; 0 changes nothing."""
    rest = without_key(request.prompt)
    if strength == 0 or request.morph or not rest or rest == " ".join(request.prompt.split()).strip(" ,"):
        return request
    return replace(request, morph=((request.prompt, 1.0 + strength), (rest, -strength)))
