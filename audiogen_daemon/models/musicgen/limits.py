"""What a MusicGen checkpoint can be asked for."""

import math

import numpy as np

from audiogen_daemon.models.checking import check_request, within
from audiogen_daemon.models.pipeline import PCM, Request, Sampling

LONGEST_SECONDS = 600.0

MIN_PROMPT_SECONDS = 1.0


def check_length(request: Request, sample_rate: int) -> None:
    """Refuse a take of no or too many samples.

    Raises:
        ValueError: names value, range and cure.
    """
    within("seconds", request.seconds, 1 / sample_rate, LONGEST_SECONDS, "ask for less, then continue")


def check_start(request: Request, sample_rate: int, channels: int) -> None:
    """Refuse what neither a take nor a jam can begin from.

    Raises:
        ValueError: names value, range and cure.
    """
    within("seed", request.seed, 0, 2**32 - 1, "take another seed")
    if request.tempo is not None:
        within("tempo", request.tempo, 10.0, 1000.0, "in beats per minute")
    if request.continues is not None:
        _check_continued(request.continues, sample_rate, channels)


def check_conditions(request: Request, defaults: Sampling, mixes: bool) -> None:
    """Refuse what no step can go by: prompts, weights, sampling.

    Args:
        defaults: the model's own. mixes: whether its prompts can be mixed.

    Raises:
        ValueError: names value, range and cure.
    """
    check_request(request)
    sampling = request.sampling
    within("temperature", sampling.temperature, 0.01, 10.0, f"{defaults.temperature:g} is the model's own")
    within("top_k", sampling.top_k, 0, math.inf, "1 is greedy, 0 keeps all")
    within("top_p", sampling.top_p, 0.0, 1.0, "0 switches it off")
    within("guidance", sampling.guidance, 0.0, 100.0, f"{defaults.guidance:g} is the model's own")
    if request.beta is not None:
        within("beta", request.beta, 1.0, 10.0, "1 is simple guidance")
    if request.morph and not mixes:
        raise ValueError(
            "morph mixes prompts, but this model reads its text together with the sound it follows; give one"
        )


def _check_continued(pcm: PCM, sample_rate: int, channels: int) -> None:
    if pcm.ndim != 2 or pcm.shape[1] != channels:
        raise ValueError(f"continues is {pcm.shape}, wanted (samples, {channels}) at {sample_rate} Hz")
    if len(pcm) < MIN_PROMPT_SECONDS * sample_rate:
        raise ValueError(
            f"the sound to go on from lasts {len(pcm) / sample_rate:.3g} s,"
            f" wanted is at least {MIN_PROMPT_SECONDS:g} s; give a longer one"
        )
    if not np.isfinite(pcm).all():
        raise ValueError("continues holds NaN or infinite samples; give it sound")
