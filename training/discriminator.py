"""A small multi-resolution STFT discriminator: it punishes the buzz that a spectral distance forgives.

Source: Défossez et al. 2022 (EnCodec), arXiv:2210.13438, section 3.4, with fewer filters and three resolutions.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

WINDOWS = (2048, 1024, 512)


class OneResolution(nn.Module):
    """2-D convolutions over the real and imaginary parts of one STFT."""

    def __init__(self, size: int, filters: int) -> None:
        super().__init__()
        self.size = size
        norm = nn.utils.parametrizations.weight_norm
        self.layers = nn.ModuleList([norm(nn.Conv2d(2, filters, (3, 9), padding=(1, 4)))])
        for dilation in (1, 2, 4):
            layer = nn.Conv2d(filters, filters, (3, 9), (1, 2), (dilation, 4), dilation=(dilation, 1))
            self.layers.append(norm(layer))
        self.score = norm(nn.Conv2d(filters, 1, (3, 3), padding=1))

    def forward(self, samples: Tensor) -> tuple[Tensor, list[Tensor]]:
        window = torch.hann_window(self.size, device=samples.device)
        spectrum = torch.stft(samples, self.size, self.size // 4, window=window, normalized=True, return_complex=True)
        x = torch.view_as_real(spectrum).permute(0, 3, 2, 1)
        features = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.2)
            features.append(x)
        return self.score(x), features


class Discriminator(nn.Module):
    """Judges (B, samples) audio at three resolutions; returns one (scores, features) per resolution."""

    def __init__(self, filters: int = 24) -> None:
        super().__init__()
        self.parts = nn.ModuleList([OneResolution(size, filters) for size in WINDOWS])

    def forward(self, samples: Tensor) -> list[tuple[Tensor, list[Tensor]]]:
        return [part(samples) for part in self.parts]


def judge_loss(real: list[tuple[Tensor, list[Tensor]]], fake: list[tuple[Tensor, list[Tensor]]]) -> Tensor:
    """Return the hinge loss of the discriminator."""
    parts = [F.relu(1 - r[0]).mean() + F.relu(1 + f[0]).mean() for r, f in zip(real, fake, strict=True)]
    return torch.stack(parts).mean()


def fooling_loss(
    real: list[tuple[Tensor, list[Tensor]]], fake: list[tuple[Tensor, list[Tensor]]]
) -> tuple[Tensor, Tensor]:
    """Return the codec's adversarial loss and its feature-matching loss."""
    fooled = torch.stack([-f[0].mean() for f in fake]).mean()
    matched = [
        (a.detach() - b).abs().mean() / (a.detach().abs().mean() + 1e-4)
        for r, f in zip(real, fake, strict=True)
        for a, b in zip(r[1], f[1], strict=True)
    ]
    return fooled, torch.stack(matched).mean()
