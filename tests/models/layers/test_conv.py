"""Kernels and convolutions give what MLX's own convolutions give."""

import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models.layers.conv import Conv1d, Downsample, PadMode, Upsample, pad
from audiogen_daemon.models.layers.kernel import Gathered, Kernel, Spread, TapByTap, make_kernel


def noise(*shape: int, seed: int = 0) -> mx.array:
    return mx.array(np.random.RandomState(seed).normal(size=shape).astype(np.float32))


@pytest.mark.parametrize(("inputs", "outputs", "way"), [(16, 16, TapByTap), (1, 64, Gathered), (64, 1, Spread)])
@pytest.mark.parametrize("taps", [1, 2, 7])
@pytest.mark.parametrize("dilation", [1, 3])
def test_a_kernel_correlates_in_every_way(
    inputs: int, outputs: int, way: type[Kernel], taps: int, dilation: int
) -> None:
    weight, bias, x = noise(taps, outputs, inputs), noise(outputs, seed=1), noise(2, 40, inputs, seed=2)
    kernel = make_kernel(weight, bias, dilation)
    assert isinstance(kernel, way) or taps == 1
    expected = mx.conv1d(x, weight.transpose(1, 0, 2), dilation=dilation) + bias
    np.testing.assert_allclose(np.array(kernel(x)), np.array(expected), atol=1e-4)
    assert kernel(x[:, : kernel.reach]).shape == (2, 0, outputs)


@pytest.mark.parametrize("stride", [1, 2, 5])
def test_upsampling_is_a_transposed_convolution_cut_to_length(stride: int) -> None:
    inputs, outputs, length = 6, 4, 11
    weight, bias, x = noise(outputs, 2 * stride, inputs), noise(outputs, seed=1), noise(2, length, inputs, seed=2)
    whole = mx.conv_transpose1d(x, weight, stride=stride) + bias
    late = stride - stride // 2
    halves = [weight[:, stride:], weight[:, :stride]]
    taps = mx.stack([half.transpose(1, 0, 2).reshape(stride * outputs, inputs) for half in halves])
    upsample = Upsample(make_kernel(taps, mx.tile(bias, stride)), stride)
    expected = np.array(whole)[:, late : late + length * stride]
    np.testing.assert_allclose(np.array(upsample(x)), expected, atol=1e-5)


@pytest.mark.parametrize("length", [1, 3, 12, 13])
@pytest.mark.parametrize("mode", ["reflect", "constant"])
def test_downsampling_is_a_convolution_with_stride(length: int, mode: PadMode) -> None:
    stride, inputs, outputs = 3, 4, 5
    weight, bias, x = noise(outputs, 2 * stride, inputs), noise(outputs, seed=1), noise(2, length, inputs, seed=2)
    taps = mx.stack([weight[:, :stride].reshape(outputs, -1), weight[:, stride:].reshape(outputs, -1)])
    padded = pad(x, 2, 1 + -length % stride, mode)
    expected = mx.conv1d(padded, weight, stride=stride) + bias
    got = Downsample(make_kernel(taps, bias), stride, mode)(x)
    assert got.shape == (2, -(-length // stride), outputs)
    np.testing.assert_allclose(np.array(got), np.array(expected), atol=1e-5)


@pytest.mark.parametrize("length", [1, 2, 3, 8])
@pytest.mark.parametrize(("left", "right"), [(0, 0), (0, 3), (3, 0), (2, 3), (7, 7)])
def test_a_signal_is_mirrored_after_zeros_if_it_is_too_short(length: int, left: int, right: int) -> None:
    x = np.random.RandomState(0).normal(size=(1, length, 2)).astype(np.float32)
    extra = max(0, max(left, right) + 1 - length)
    longer = np.pad(x, [(0, 0), (0, extra), (0, 0)])
    mirrored = np.pad(longer, [(0, 0), (left, right), (0, 0)], mode="reflect")
    expected = mirrored[:, : left + length + right]
    np.testing.assert_array_equal(np.array(pad(mx.array(x), left, right, "reflect")), expected)


@pytest.mark.parametrize("taps", [1, 2, 5, 8])
@pytest.mark.parametrize("mode", ["reflect", "constant"])
def test_a_convolution_holds_back_what_a_later_input_may_change(taps: int, mode: PadMode) -> None:
    conv = Conv1d(make_kernel(noise(taps, 3, 2), noise(3, seed=1)), mode)
    x = noise(1, 9, 2, seed=2)
    assert conv.late == (taps - 1) // 2
    state, given = conv.start(1), 0
    for first in range(9):
        y, state = conv.step(x[:, first : first + 1], state)
        given += y.shape[1]
        waits = mode == "reflect" and first < conv.edges.left
        assert given == (0 if waits else max(0, first + 1 - conv.late))
    assert given + conv.finish(x[:, :0], state).shape[1] == 9
