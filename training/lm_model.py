"""The language model: transformers' MusicGen modules for names and initialisation, our own fast forward pass.

Tokens are (B, 4, T). The delayed grid that the decoder reads has one more column at the start, and codebook k is
shifted by k columns.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import MusicgenConfig, MusicgenDecoderConfig, MusicgenForConditionalGeneration, T5Config

from training.codec_model import CODEBOOK_SIZE, CODEBOOKS, codec_config

START = CODEBOOK_SIZE
"""The special token: start, and every place of the delayed grid that holds no code."""


@dataclass(frozen=True)
class Size:
    """The widths and depths of the language model."""

    hidden: int = 256
    layers: int = 6
    heads: int = 4
    ffn: int = 896
    text_width: int = 128
    text_layers: int = 2
    filters: int = 16


def build(size: Size, vocabulary: int) -> Any:
    """Return an untrained MusicgenForConditionalGeneration of this size."""
    text = T5Config(
        vocab_size=vocabulary,
        d_model=size.text_width,
        d_kv=32,
        d_ff=4 * size.text_width,
        num_layers=size.text_layers,
        num_heads=size.text_width // 32,
        feed_forward_proj="relu",
        dropout_rate=0.0,
        is_encoder_decoder=False,
        use_cache=False,
    )
    decoder = MusicgenDecoderConfig(
        vocab_size=CODEBOOK_SIZE, max_position_embeddings=2048, num_hidden_layers=size.layers, ffn_dim=size.ffn,
        num_attention_heads=size.heads, hidden_size=size.hidden, dropout=0.0, num_codebooks=CODEBOOKS, audio_channels=1,
        pad_token_id=START, bos_token_id=START, eos_token_id=None, activation_function="gelu", scale_embedding=False,
    )  # fmt: skip
    decoder.decoder_start_token_id = START
    config = MusicgenConfig(
        text_encoder=text.to_dict(), audio_encoder=codec_config(size.filters).to_dict(), decoder=decoder.to_dict()
    )
    return MusicgenForConditionalGeneration(config)


def delay(codes: Tensor) -> Tensor:
    """Return the delayed grid (B, 4, T + 4) of (B, 4, T) codes; column 0 and all gaps hold START."""
    rows, books, frames = codes.shape
    grid = torch.full((rows, books, frames + books), START, device=codes.device, dtype=torch.long)
    for book in range(books):
        grid[:, book, book + 1 : book + 1 + frames] = codes[:, book]
    return grid


def undelay(grid: Tensor, frames: int) -> Tensor:
    """Return the (B, 4, frames) codes of a delayed grid."""
    return torch.stack([grid[:, book, book + 1 : book + 1 + frames] for book in range(grid.shape[1])], 1)


def positions(length: int, width: int) -> Tensor:
    """Return (length, width) sinusoids, cosines first, as MusicGen lays them out."""
    rates = torch.exp(torch.arange(width // 2) * -(math.log(10_000.0) / (width // 2 - 1)))
    angles = torch.arange(length)[:, None] * rates[None]
    return torch.cat([angles.cos(), angles.sin()], 1)


def _buckets(length: int, device: torch.device) -> Tensor:
    """Return T5's bidirectional relative-position buckets (32 buckets, distances up to 128)."""
    relative = torch.arange(length, device=device)[None] - torch.arange(length, device=device)[:, None]
    side, distance = 16 * (relative > 0), relative.abs()
    far = 8 + (torch.log(distance.float().clamp(min=1) / 8) / math.log(128 / 8) * 8).long()
    return side + torch.where(distance < 8, distance, far.clamp(max=15))


class LanguageModel(nn.Module):
    """The trainable parts of a MusicGen model without its codec: text encoder, projection, decoder."""

    sinusoids: Tensor

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.text_encoder = model.text_encoder
        self.enc_to_dec_proj = model.enc_to_dec_proj
        self.decoder = model.decoder
        self.heads = model.config.decoder.num_attention_heads
        self.text_heads = model.config.text_encoder.num_heads
        width = model.config.decoder.hidden_size
        self.register_buffer("sinusoids", positions(2048, width), persistent=False)

    def _split(self, x: Tensor, heads: int) -> Tensor:
        return x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)

    def _join(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2).reshape(x.shape[0], x.shape[2], -1)

    def text(self, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Return projected text states (B, L, C), zero where padded, and the mask (B, L) of real tokens."""
        mask = ids != 0
        stack = self.text_encoder.encoder
        x = self.text_encoder.shared(ids)
        table = stack.block[0].layer[0].SelfAttention.relative_attention_bias
        bias = table(_buckets(ids.shape[1], ids.device)).permute(2, 0, 1)[None]
        bias = bias + torch.where(mask, 0.0, -1e4)[:, None, None]
        for block in stack.block:
            attention = block.layer[0].SelfAttention
            h = block.layer[0].layer_norm(x)
            q, k, v = (self._split(part(h), self.text_heads) for part in (attention.q, attention.k, attention.v))
            x = x + attention.o(
                self._join(F.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype), scale=1.0))
            )
            dense = block.layer[1].DenseReluDense
            x = x + dense.wo(F.relu(dense.wi(block.layer[1].layer_norm(x))))
        states = self.enc_to_dec_proj(stack.final_layer_norm(x))
        return states * mask[..., None], mask

    def embed(self, grid: Tensor, start: int = 0) -> Tensor:
        """Return the decoder's inputs (B, T, C) for columns of a delayed grid that begin at position `start`."""
        tables = self.decoder.model.decoder.embed_tokens
        x = torch.stack([table(grid[:, book]) for book, table in enumerate(tables)]).sum(0)
        return x + self.sinusoids[start : start + grid.shape[2]]

    def cross(self, states: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Return the cross-attention keys and values of every layer."""
        return [
            (
                self._split(layer.encoder_attn.k_proj(states), self.heads),
                self._split(layer.encoder_attn.v_proj(states), self.heads),
            )
            for layer in self.decoder.model.decoder.layers
        ]

    def logits(self, x: Tensor) -> Tensor:
        """Return (B, 4, T, 1024) logits of the last layer's output."""
        x = self.decoder.model.decoder.layer_norm(x)
        return torch.stack([head(x) for head in self.decoder.lm_heads], 1)

    def forward(self, grid: Tensor, states: Tensor, mask: Tensor) -> Tensor:
        """Return (B, 4, T, 1024) logits for the column after each of the (B, 4, T) columns."""
        x = self.embed(grid)
        seen = mask[:, None, None]
        for layer, (key, value) in zip(self.decoder.model.decoder.layers, self.cross(states), strict=True):
            h = layer.self_attn_layer_norm(x)
            own = layer.self_attn
            q, k, v = (self._split(part(h), self.heads) for part in (own.q_proj, own.k_proj, own.v_proj))
            x = x + own.out_proj(self._join(F.scaled_dot_product_attention(q, k, v, is_causal=True)))
            q = self._split(layer.encoder_attn.q_proj(layer.encoder_attn_layer_norm(x)), self.heads)
            x = x + layer.encoder_attn.out_proj(
                self._join(F.scaled_dot_product_attention(q, key, value, attn_mask=seen))
            )
            x = x + layer.fc2(F.gelu(layer.fc1(layer.final_layer_norm(x))))
        return self.logits(x)

    def step(self, column: Tensor, at: int, cross: list[tuple[Tensor, Tensor]], mask: Tensor, cache: Tensor) -> Tensor:
        """Return (B, 4, 1, 1024) logits after one column and write its keys and values to `cache` at `at`.

        `cache` is (layers, 2, B, heads, T, C).
        """
        x = self.embed(column, at)
        seen = mask[:, None, None]
        for index, layer in enumerate(self.decoder.model.decoder.layers):
            own = layer.self_attn
            h = layer.self_attn_layer_norm(x)
            q = self._split(own.q_proj(h), self.heads)
            cache[index, 0, :, :, at : at + 1] = self._split(own.k_proj(h), self.heads)
            cache[index, 1, :, :, at : at + 1] = self._split(own.v_proj(h), self.heads)
            past = cache[index, :, :, :, : at + 1]
            x = x + own.out_proj(self._join(F.scaled_dot_product_attention(q, past[0], past[1])))
            q = self._split(layer.encoder_attn.q_proj(layer.encoder_attn_layer_norm(x)), self.heads)
            x = x + layer.encoder_attn.out_proj(
                self._join(F.scaled_dot_product_attention(q, *cross[index], attn_mask=seen))
            )
            x = x + layer.fc2(F.gelu(layer.fc1(layer.final_layer_norm(x))))
        return self.logits(x)
