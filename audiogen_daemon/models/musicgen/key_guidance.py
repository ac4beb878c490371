"""Guidance towards a key: what the prompt's key changes in the logits is made larger.

l = l(prompt) + strength * (l(prompt) - l(prompt without its key)), before the usual guidance: one more row in the
batch, which a small model's steps hardly feel. Of its tokens only plausible ones are drawn: unlikely ones that it
raises cost the beat. A checkpoint declares it as "audiogen": {"key_guidance": 4.0}.

Source: conjunction of concepts in Liu et al. 2022, arXiv:2206.01714, on the logits of a language model.
"""

from dataclasses import replace

from audiogen_daemon.models.keys import without_key
from audiogen_daemon.models.pipeline import Request

PLAUSIBLE = 0.05
"""How likely a token must be by the prompt alone, as a share of the likeliest one's probability."""


def towards_key(request: Request, strength: float) -> Request:
    """Return a checked request whose key, if its prompt names one, is followed more closely; 0 changes nothing."""
    rest = without_key(request.prompt)
    if strength == 0 or request.morph or not rest or rest == " ".join(request.prompt.split()).strip(" ,"):
        return request
    return replace(request, morph=((request.prompt, 1.0 + strength), (rest, -strength)))
