"""What every family asks of a request, whatever its model can do."""

import math

from audiogen_daemon.models.pipeline import Request

MOST_VARIATIONS = 8

MOST_PROMPTS = 4


def within(name: str, value: float, low: float, high: float, cure: str) -> None:
    """Refuse a value outside its bounds; NaN always is.

    Raises:
        ValueError: names value, bounds and cure.
    """
    if not low <= value <= high:
        bounds = f"{low:g} to {high:g}" if math.isfinite(high) else f"at least {low:g}"
        raise ValueError(f"{name} is {value}, allowed is {bounds}; {cure}")


def check_request(request: Request) -> None:
    """Refuse variations and morphs that no model makes.

    Raises:
        ValueError: names value, bounds and cure.
    """
    within("variations", request.variations, 1, MOST_VARIATIONS, "take 1 for a single take")
    if len(request.morph) > MOST_PROMPTS:
        raise ValueError(f"morph has {len(request.morph)} prompts, allowed are 1 to {MOST_PROMPTS}; leave some out")
    for prompt, weight in request.morph:
        if not prompt.strip():
            raise ValueError("morph has an empty prompt; give every corner words, or leave it out")
        if not 0 <= weight < math.inf:
            raise ValueError(f"morph gives {prompt!r} the weight {weight}, allowed is at least 0; 0 silences it")
    if request.morph and sum(weight for _, weight in request.morph) <= 0:
        raise ValueError("morph gives every prompt the weight 0; raise one of them")


def blend(request: Request) -> dict[str, float]:
    """Prompts of a checked request with their weights, which add up to 1."""
    morph = request.morph or ((request.prompt, 1.0),)
    total = math.fsum(weight for _, weight in morph)
    weights = dict.fromkeys((prompt for prompt, _ in morph), 0.0)
    for prompt, weight in morph:
        weights[prompt] += weight / total
    return weights
