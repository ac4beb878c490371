"""The delay pattern: codebook k of a frame is sampled `delays[k]` steps after the frame begins.

Columns are steps: column 0 starts the sequence, and column c holds frame c - 1 - delays[k] of codebook k. Places
without a frame hold the special token.

Source: Copet et al. 2023, arXiv:2306.05284; for stereo, left and right share a delay.
"""

import numpy as np
from numpy.typing import NDArray

Tokens = NDArray[np.int32]

UNKNOWN = -1
"""A place whose token the model is to draw."""


def codebook_delays(codebooks: int, channels: int) -> tuple[int, ...]:
    """Steps that each codebook waits: 0, 1, 2, 3 in mono; 0, 0, 1, 1, 2, 2, 3, 3 for pairs of left and right."""
    return tuple(k // channels for k in range(codebooks))


def columns_needed(frames: int, delays: tuple[int, ...]) -> int:
    """Columns of a sequence that holds so many frames whole, the starting column counted."""
    return frames + max(delays) + 1


def delay(known: Tokens, frames: int, delays: tuple[int, ...], special: int) -> Tokens:
    """Lay out a sequence of `frames` frames of which the first ones are known.

    Args:
        known: (frames known, K), may be empty.
        frames: of the whole sequence, at least those known.
        delays: one per codebook.
        special: the token for places outside the frames.

    Returns:
        (columns, K): known tokens, the special token, or UNKNOWN.

    Raises:
        ValueError: more frames are known than the sequence has.
    """
    if len(known) > frames:
        raise ValueError(f"{len(known)} frames are known of a sequence of {frames}; ask for at least as many")
    grid = np.full((columns_needed(frames, delays), len(delays)), special, np.int32)
    for k, wait in enumerate(delays):
        grid[1 + wait : 1 + wait + frames, k] = UNKNOWN
        grid[1 + wait : 1 + wait + len(known), k] = known[:, k]
    return grid


def complete_frames(columns: int, delays: tuple[int, ...]) -> int:
    """Frames that are whole once so many columns are known, the starting column counted."""
    return max(0, columns - 1 - max(delays))


def undelay(columns: Tokens, delays: tuple[int, ...], start: int, stop: int) -> Tokens:
    """The frames start to stop of a sequence of columns, each gathered from its own delays.

    Args:
        columns: (columns, K) or (columns, takes, K), as sampled, the starting column included.

    Returns:
        (stop - start, K) or (stop - start, takes, K).

    Raises:
        ValueError: a frame is not complete yet.
    """
    whole = complete_frames(len(columns), delays)
    if stop > whole:
        raise ValueError(f"frame {stop - 1} is not complete: {len(columns)} columns hold {whole} whole frames")
    return np.stack([columns[1 + wait + start : 1 + wait + stop, ..., k] for k, wait in enumerate(delays)], axis=-1)
