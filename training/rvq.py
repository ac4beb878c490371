"""A residual vector quantiser that learns its codebooks by moving averages, with k-means starts and dead-code restarts.

Source: Zeghidour et al. 2021 (SoundStream), arXiv:2107.03312, section III-C; codes are the nearest rows, found on the
residual, exactly as transformers' EncodecModel finds them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

DECAY = 0.99
DEAD_BELOW = 0.05
"""A code whose moving average of uses per step falls below this starts anew at a random input."""


def nearest(rows: Tensor, codebook: Tensor) -> Tensor:
    """Return the index of the nearest codebook row for each of (N, D) rows."""
    return (codebook.pow(2).sum(1) - 2 * rows @ codebook.T).argmin(1)


class ResidualQuantizer(nn.Module):
    """`books` codebooks of `size` rows of `width` numbers; tables are buffers, trained without gradients."""

    embed: Tensor
    uses: Tensor
    sums: Tensor
    ready: Tensor

    def __init__(self, books: int = 4, size: int = 1024, width: int = 64) -> None:
        super().__init__()
        self.register_buffer("embed", torch.zeros(books, size, width))
        self.register_buffer("uses", torch.ones(books, size))
        self.register_buffer("sums", torch.zeros(books, size, width))
        self.register_buffer("ready", torch.tensor(False))

    def forward(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        """Quantise (B, D, T) and learn from it; return the straight-through result and the commitment loss."""
        latents = latents.float()
        rows = latents.transpose(1, 2).reshape(-1, latents.shape[1])
        total = self._learn(rows.detach()).view(latents.shape[0], latents.shape[2], -1).transpose(1, 2)
        return latents + (total - latents).detach(), F.mse_loss(latents, total)

    @torch.no_grad()
    def _learn(self, rows: Tensor) -> Tensor:
        residual, size = rows, self.embed.shape[1]
        for book in range(self.embed.shape[0]):
            codes = nearest(residual, self.embed[book])
            chosen = self.embed[book][codes]
            uses = torch.zeros(size, device=rows.device).index_add_(
                0, codes, torch.ones(len(codes), device=rows.device)
            )
            sums = torch.zeros_like(self.embed[book]).index_add_(0, codes, residual)
            self.uses[book].lerp_(uses, 1 - DECAY)
            self.sums[book].lerp_(sums, 1 - DECAY)
            dead = self.uses[book] < DEAD_BELOW
            fresh = residual[torch.randint(len(residual), (size,), device=rows.device)]
            self.sums[book] = torch.where(dead[:, None], fresh, self.sums[book])
            self.uses[book] = torch.where(dead, torch.ones_like(self.uses[book]), self.uses[book])
            self.embed[book] = self.sums[book] / self.uses[book].clamp(min=1e-3)[:, None]
            residual = residual - chosen
        return rows - residual

    @torch.no_grad()
    def start(self, rows: Tensor, rounds: int = 15) -> None:
        """Set every codebook by k-means on (N, D) latents and their residuals."""
        residual, size = rows, self.embed.shape[1]
        for book in range(self.embed.shape[0]):
            table = residual[torch.randint(len(residual), (size,), device=rows.device)].clone()
            for _ in range(rounds):
                codes = torch.cat([nearest(part, table) for part in residual.split(65_536)])
                count = torch.zeros(size, device=rows.device).index_add_(
                    0, codes, torch.ones(len(codes), device=rows.device)
                )
                sums = torch.zeros_like(table).index_add_(0, codes, residual)
                spare = residual[torch.randint(len(residual), (size,), device=rows.device)]
                table = torch.where(count[:, None] > 0, sums / count.clamp(min=1)[:, None], spare)
            self.embed[book], self.sums[book], self.uses[book] = table, table, 1.0
            residual = residual - table[torch.cat([nearest(part, table) for part in residual.split(65_536)])]
        self.ready.fill_(True)

    @torch.no_grad()
    def encode(self, latents: Tensor) -> Tensor:
        """Return (B, books, T) codes of (B, D, T) latents."""
        rows = latents.float().transpose(1, 2).reshape(-1, latents.shape[1])
        found = []
        for table in self.embed:
            codes = torch.cat([nearest(part, table) for part in rows.split(131_072)])
            found.append(codes.view(latents.shape[0], latents.shape[2]))
            rows = rows - table[codes]
        return torch.stack(found, 1)

    def decode(self, codes: Tensor) -> Tensor:
        """Return (B, D, T) latents of (B, books, T) codes."""
        total = torch.stack([table[codes[:, book]] for book, table in enumerate(self.embed)]).sum(0)
        return total.transpose(1, 2)
