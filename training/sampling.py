"""Sample many prompts at once with classifier-free guidance, primed by their count-ins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from audiogen_daemon.models.musicgen.key_guidance import PLAUSIBLE
from training.clip import CLIP_FRAMES
from training.codec_model import CODEBOOKS
from training.lm_model import START, LanguageModel, undelay


@dataclass(frozen=True)
class Sampling:
    """How a token is drawn: guidance scale, how many of the likeliest codes are considered, temperature, key guidance.

    Key guidance is the player's: what a prompt's key changes in the logits counts 1 + key_guidance times.
    """

    guidance: float = 2.0
    top_k: int = 150
    temperature: float = 0.85
    key_guidance: float = 0.0


@torch.no_grad()
def sample(
    model: LanguageModel,
    ids: Tensor,
    keyless: Tensor,
    primes: Sequence[Tensor],
    how: Sampling,
    seed: int,
    frames: int = CLIP_FRAMES,
) -> Tensor:
    """Return (B, 4, frames) codes.

    Args:
        ids: (B, L) prompt tokens, 0 is padding.
        keyless: (B, L) the same prompts without the words of their keys.
        primes: per prompt, the (4, frames) codes that the clip must begin with.
    """
    device = ids.device
    generator = torch.Generator(device).manual_seed(seed)
    rows = len(ids)
    led = (ids != keyless).any(-1)[:, None, None] & (how.key_guidance > 0)
    states, mask = model.text(torch.cat([ids, keyless]))
    states, mask = torch.cat([states, states[:rows] * 0]), torch.cat([mask, mask[:rows]])
    cross = model.cross(states)
    layers, heads, width = len(cross), model.heads, states.shape[-1] // model.heads
    cache = torch.zeros(layers, 2, 3 * rows, heads, frames + CODEBOOKS, width, device=device, dtype=cross[0][0].dtype)
    forced = torch.full((rows, CODEBOOKS, frames), -1, device=device)
    for row, prime in enumerate(primes):
        forced[row, :, : prime.shape[1]] = prime[:, :frames]
    grid = torch.full((rows, CODEBOOKS, frames + CODEBOOKS), START, device=device)
    for at in range(frames + CODEBOOKS - 1):
        logits = model.step(grid[:, :, at : at + 1].repeat(3, 1, 1), at, cross, mask, cache)[:, :, 0].float()
        keyed, unkeyed, free = logits.chunk(3)
        likely = free + how.guidance * (keyed - free)
        logits = likely + how.guidance * how.key_guidance * (keyed - unkeyed)
        least = likely.amax(-1, keepdim=True) + math.log(PLAUSIBLE)
        logits = logits.masked_fill(led & (likely < least), float("-inf")) / how.temperature
        floor = logits.topk(how.top_k, -1).values[..., -1:]
        chances = logits.masked_fill(logits < floor, float("-inf")).softmax(-1)
        drawn = torch.multinomial(chances.view(rows * CODEBOOKS, -1), 1, generator=generator).view(rows, CODEBOOKS)
        for book in range(CODEBOOKS):
            frame = at - book
            if 0 <= frame < frames:
                fixed = forced[:, book, frame]
                grid[:, book, at + 1] = torch.where(fixed >= 0, fixed, drawn[:, book])
    return undelay(grid, frames)
