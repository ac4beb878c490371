"""The codec as a module: transformers' EncodecModel with our own trainable quantiser in place of its tables."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from transformers import EncodecConfig, EncodecModel

from training.clip import SAMPLE_RATE
from training.rvq import ResidualQuantizer

CODEBOOKS, CODEBOOK_SIZE, WIDTH = 4, 1024, 64


def codec_config(filters: int = 16, width: int = WIDTH) -> Any:
    """Return the EnCodec configuration: that of facebook/encodec_32khz with fewer filters and smaller codebooks."""
    return EncodecConfig(
        target_bandwidths=[2.0], sampling_rate=SAMPLE_RATE, audio_channels=1, normalize=False, chunk_length_s=None,
        overlap=None, hidden_size=width, codebook_dim=width, num_filters=filters, num_residual_layers=1,
        upsampling_ratios=[8, 5, 4, 4], norm_type="weight_norm", kernel_size=7, last_kernel_size=7,
        residual_kernel_size=3, dilation_growth_rate=2, use_causal_conv=False, pad_mode="reflect", compress=2,
        num_lstm_layers=1, trim_right_ratio=1.0, codebook_size=CODEBOOK_SIZE, use_conv_shortcut=False,
    )  # fmt: skip


class Codec(nn.Module):
    """Encoder, quantiser and decoder; audio is (B, samples), codes are (B, 4, frames)."""

    def __init__(self, filters: int = 16) -> None:
        super().__init__()
        self.filters = filters
        model = EncodecModel(codec_config(filters))
        self.encoder, self.decoder = model.encoder, model.decoder
        self.quantizer = ResidualQuantizer(CODEBOOKS, CODEBOOK_SIZE, WIDTH)

    @torch.no_grad()
    def encode(self, samples: Tensor) -> Tensor:
        return self.quantizer.encode(self.encoder(samples[:, None]))

    @torch.no_grad()
    def decode(self, codes: Tensor) -> Tensor:
        decoded: Tensor = self.decoder(self.quantizer.decode(codes))[:, 0]
        return decoded

    def weights(self) -> list[nn.Parameter]:
        return [*self.encoder.parameters(), *self.decoder.parameters()]
