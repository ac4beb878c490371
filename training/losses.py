"""Spectral distances between audio signals."""

from __future__ import annotations

import torch
from torch import Tensor

WINDOWS = (128, 256, 512, 1024, 2048, 4096)


def magnitude(samples: Tensor, size: int) -> Tensor:
    """Return (B, bins, frames) magnitudes of (B, samples), hop size / 4, Hann window."""
    window = torch.hann_window(size, device=samples.device)
    return torch.stft(samples, size, size // 4, window=window, return_complex=True).abs()


def multi_scale_stft(guess: Tensor, truth: Tensor) -> Tensor:
    """Return spectral convergence plus the mean log-magnitude difference, averaged over six window sizes.

    Args:
        guess, truth: (B, samples).

    Source: Yamamoto et al. 2020 (Parallel WaveGAN), arXiv:1910.11480; the log has a floor of 0.01.
    """
    total = torch.zeros((), device=guess.device)
    for size in WINDOWS:
        a, b = magnitude(guess, size), magnitude(truth, size)
        convergence = (a - b).pow(2).sum((1, 2)).sqrt() / (b.pow(2).sum((1, 2)).sqrt() + 1e-3)
        total = total + convergence.mean() + (torch.log(a + 1e-2) - torch.log(b + 1e-2)).abs().mean()
    return total / len(WINDOWS)
