"""From requests to conditions; in a jam, weights glide from one request's to the next one's."""

import math
from collections.abc import Mapping
from dataclasses import replace

from audiogen_daemon.models.checking import blend
from audiogen_daemon.models.musicgen.conditioning import PromptEncoder
from audiogen_daemon.models.musicgen.conditions import Conditions
from audiogen_daemon.models.musicgen.prefix import Ahead
from audiogen_daemon.models.pipeline import Request

GLIDE_STEPS = 12.0
"""Time constant of gliding weights: in 0.24 s of sound they go two thirds of their way."""

ARRIVED = 1e-3

Weights = Mapping[str, float]


def conditions_of(prompts: PromptEncoder, ahead: Ahead | None, request: Request) -> Conditions:
    """What the steps of a checked request go by."""
    weights = blend(request)
    if ahead is not None:
        prefix, beta = ahead(request, prompts(request.prompt))
        return Conditions((), request.sampling, prefix=prefix, beta=beta)
    texts = {prompt: text for prompt in weights if (text := prompts(prompt)) is not None}
    return Conditions(tuple(texts.values()), request.sampling, tuple(weights.values()))


def glide(now: Weights, wanted: Weights, steps: int) -> Weights:
    """The weights so many steps later, for the prompts that are wanted.

    Prompts that stay go on from where they are and new ones come in from nothing; where no prompt stays, there is
    nothing to glide from.
    """
    known = {prompt: now.get(prompt, 0.0) for prompt in wanted}
    total = math.fsum(known.values())
    if total <= 0 or all(abs(known[prompt] / total - wanted[prompt]) < ARRIVED for prompt in wanted):
        return wanted
    way = 1 - math.exp(-steps / GLIDE_STEPS)
    return {prompt: weight / total + way * (wanted[prompt] - weight / total) for prompt, weight in known.items()}


class Steering:
    """The conditions of a jam from step to step. What only a take has stays as in the first request."""

    def __init__(self, prompts: PromptEncoder, ahead: Ahead | None, request: Request) -> None:
        self._prompts = prompts
        self._ahead = ahead
        self._request = request
        self._wanted: Weights = blend(request)
        self._weights: Weights = self._wanted
        self.conditions = conditions_of(prompts, ahead, request)

    def follow(self, sent: Request) -> None:
        """Go by prompt, morph, sampling and beta of another checked request from now on."""
        before = self._request
        self._request = replace(before, prompt=sent.prompt, morph=sent.morph, sampling=sent.sampling, beta=sent.beta)
        self._wanted = blend(self._request)
        switched = (before.sampling.guidance == 1.0) != (sent.sampling.guidance == 1.0)
        stays = (sent.prompt, sent.beta) == (before.prompt, before.beta) and not switched
        if self._ahead is not None and stays:
            # The same prefix, not an equal one: what was read behind it stays good.
            self.conditions = replace(self.conditions, sampling=sent.sampling)
        else:
            self.conditions = conditions_of(self._prompts, self._ahead, self._request)

    def advance(self, steps: int) -> Conditions:
        """The conditions so many steps later."""
        self._weights = glide(self._weights, self._wanted, steps)
        self.conditions = replace(self.conditions, weights=tuple(self._weights.values()))
        return self.conditions
