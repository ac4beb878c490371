"""The codec beside the live reference, with other shapes and weights in every run (the seed is in the test's name)."""

import random
import secrets
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models.encodec import Encodec, EncodecConfig, load_encodec

pytestmark = pytest.mark.parity

SEEDS = [secrets.randbelow(2**31) for _ in range(4)]


def random_config(seed: int) -> dict[str, Any]:
    """Draw a shape; the ratios and the bandwidth always leave one codebook at least."""
    draw = random.Random(seed)
    ratios = [draw.randint(2, 5) for _ in range(draw.randint(1, 4))]
    return {
        "sampling_rate": 50 * int(np.prod(ratios)),
        "upsampling_ratios": ratios,
        "target_bandwidths": [draw.choice([0.5, 1.5, 2.2])],
        "codebook_size": draw.choice([16, 256, 1024]),
        "num_filters": draw.randint(4, 9),
        "hidden_size": draw.randint(4, 24),
        "kernel_size": draw.randint(1, 9),
        "last_kernel_size": draw.randint(1, 9),
        "residual_kernel_size": draw.randint(1, 5),
        "dilation_growth_rate": draw.randint(1, 3),
        "num_residual_layers": draw.randint(1, 3),
        "compress": draw.randint(1, 4),
        "num_lstm_layers": draw.randint(1, 3),
        "pad_mode": draw.choice(["reflect", "constant"]),
        "audio_channels": draw.randint(1, 2),
        "use_causal_conv": False,
        "use_conv_shortcut": False,
    }


def streamed(codec: Encodec, codes: np.ndarray, draw: random.Random) -> np.ndarray:
    state, parts, first = codec.decoder.start(codes.shape[0]), [], 0
    while first < codes.shape[1]:
        end = first + draw.randint(1, 8)
        pcm, state = codec.decoder.step(mx.array(codes[:, first:end]), state)
        mx.eval(pcm, state)
        parts.append(np.array(pcm))
        first = end
    return np.concatenate([*parts, np.array(codec.decoder.finish(state))], axis=1)


def compare(settings: dict[str, Any], seed: int, batch: int, frames: int) -> None:
    """Build both, compare decode, streamed decode and encode."""
    from tests.models.reference.make_encodec import (
        reference_codec,
        reference_decode,
        reference_encode,
        reference_tensors,
        smallest_margin,
    )

    reference = reference_codec(settings, seed)
    tensors = {name: mx.array(value) for name, value in reference_tensors(reference).items()}
    config = EncodecConfig.from_dict(reference.config.to_dict())
    codec = load_encodec(tensors, config)

    draw = np.random.default_rng(seed)
    codes = draw.integers(0, config.codebook_size, (batch, frames, config.num_quantizers)).astype(np.int32)
    expected = reference_decode(reference, codes)
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(np.array(codec.decode(mx.array(codes))), expected, atol=1e-5 * scale)
    np.testing.assert_allclose(streamed(codec, codes, random.Random(seed)), expected, atol=1e-5 * scale)

    samples = frames * config.hop - int(draw.integers(0, config.hop))
    pcm = draw.normal(0, 0.3, (batch, samples, config.audio_channels)).astype(np.float32)
    got, wanted = np.array(codec.encode(mx.array(pcm))), reference_encode(reference, pcm)
    if smallest_margin(reference, pcm) > 1e-4:
        np.testing.assert_array_equal(got, wanted)
    else:
        assert np.mean(got[..., 0] == wanted[..., 0]) > 0.97


@pytest.mark.parametrize("seed", SEEDS)
def test_a_random_codec_equals_the_reference(seed: int) -> None:
    compare(random_config(seed), seed, batch=2, frames=random.Random(seed).randint(1, 40))


@pytest.mark.parametrize("pad_mode", ["reflect", "constant"])
def test_the_codec_of_musicgen_at_full_width_equals_the_reference(pad_mode: str) -> None:
    musicgen = {
        "sampling_rate": 32_000,
        "upsampling_ratios": [8, 5, 4, 4],
        "target_bandwidths": [2.2],
        "codebook_size": 2048,
        "num_filters": 64,
        "hidden_size": 128,
        "use_causal_conv": False,
        "use_conv_shortcut": False,
        "pad_mode": pad_mode,
    }
    compare(musicgen, SEEDS[0], batch=1, frames=9)


def test_names_of_transformers_5_load_as_they_are() -> None:
    from tests.models.reference.make_encodec import TINY, reference_codec, reference_decode

    reference = reference_codec(TINY, SEEDS[0])
    tensors = {name: mx.array(value.numpy()) for name, value in reference.state_dict().items()}
    assert any("parametrizations" in name for name in tensors)
    codec = load_encodec(tensors, EncodecConfig.from_dict(reference.config.to_dict()))
    codes = np.random.default_rng(SEEDS[0]).integers(0, 2048, (1, 5, 4)).astype(np.int32)
    np.testing.assert_allclose(np.array(codec.decode(mx.array(codes))), reference_decode(reference, codes), atol=1e-5)
