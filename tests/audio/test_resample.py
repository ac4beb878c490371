"""Streamed resampling is one-shot resampling, cut anywhere."""

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from audiogen_daemon.audio.resample import StreamResampler, resample, resample_loop, resampled_length

RATES = st.sampled_from([16000, 22050, 32000, 44100, 48000, 96000])


def noise(samples: int, channels: int = 1) -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal((samples, channels)).astype(np.float32)


@settings(max_examples=60, deadline=None)
@given(RATES, RATES, st.integers(0, 9000), st.integers(1, 3000), st.integers(1, 2))
def test_the_length_is_exact_and_the_cut_is_not_heard(source: int, target: int, n: int, size: int, chans: int) -> None:
    pcm = noise(n, chans)
    stream = StreamResampler(source, target, chans)
    out = np.concatenate([stream.push(pcm[i : i + size]) for i in range(0, n, size)] + [stream.finish()])
    assert len(out) == round(n * target / source) == resampled_length(n, source, target)
    reference = pcm if source == target else soxr.resample(pcm, source, target, quality="VHQ")
    whole = min(len(out), len(reference))
    assert np.array_equal(out[:whole], reference[:whole])


def test_equal_rates_change_nothing() -> None:
    pcm = noise(100)
    assert resample(pcm, 32000, 32000) is pcm or np.array_equal(resample(pcm, 32000, 32000), pcm)


@pytest.mark.parametrize("target", [44100, 48000])
def test_a_loop_meets_its_own_start(target: int) -> None:
    cycles = np.sin(2 * np.pi * 50 * np.arange(32000) / 32000).astype(np.float32)[:, None]
    loop = resample_loop(cycles, 32000, target)
    ideal = np.sin(2 * np.pi * 50 * np.arange(target) / target)[:, None]
    assert len(loop) == target
    assert np.abs(loop - ideal).max() < 1e-5


def test_a_loop_shorter_than_the_filter_keeps_its_length() -> None:
    assert len(resample_loop(noise(10), 32000, 48000)) == 15


def test_wrong_channels_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(samples, 2\)"):
        StreamResampler(32000, 48000, 2).push(noise(10, 1))
