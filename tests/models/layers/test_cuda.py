"""The CUDA kernels beside MLX's own operations in float32; skipped without an NVIDIA GPU."""

import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models.backend import detect
from audiogen_daemon.models.layers import cuda
from audiogen_daemon.models.layers.activations import gelu
from audiogen_daemon.models.layers.attention import attend, by_head
from audiogen_daemon.models.layers.linear import Norm, Quantized, linear

pytestmark = pytest.mark.skipif(not detect().kernels, reason="needs an NVIDIA GPU and mlx[cuda]")

TOLERANCE = {mx.float32: 1e-5, mx.float16: 2e-3, mx.bfloat16: 1.6e-2}


def randoms(*shape: int, dtype: mx.Dtype = mx.float32, scale: float = 1.0) -> mx.array:
    return (mx.random.normal(shape) * scale).astype(dtype)


def same(found: mx.array, wanted: mx.array) -> None:
    """Within rounding of the type, for values around 1."""
    assert found.dtype in TOLERANCE
    limit = TOLERANCE[found.dtype] * (1 + float(mx.abs(wanted).max()))
    np.testing.assert_allclose(np.array(found.astype(mx.float32)), np.array(wanted), atol=limit)


def exact(x: mx.array) -> mx.array:
    return x.astype(mx.float32)


PRODUCTS = [
    (2, 1024, 3072, mx.float16, 0),
    (2, 1024, 3072, mx.float16, 8),
    (2, 4096, 1024, mx.float16, 4),
    (8, 2048, 2048, mx.bfloat16, 0),
    (1, 64, 192, mx.bfloat16, 4),
    (3, 192, 33, mx.float32, 0),
    (3, 192, 33, mx.float32, 8),
]


@pytest.mark.parametrize(("rows", "columns", "outs", "dtype", "bits"), PRODUCTS, ids=str)
def test_a_product_is_what_mlx_makes_of_it(rows, columns, outs, dtype, bits):
    mx.random.seed(1)
    x, residual = randoms(rows, 1, columns, dtype=dtype), randoms(rows, 1, outs, dtype=dtype)
    norm = Norm(randoms(columns, dtype=dtype) * 0.1 + 1, randoms(columns, dtype=dtype) * 0.1)
    weights = linear(randoms(outs, columns, dtype=dtype, scale=columns**-0.5), bits)
    assert isinstance(weights, Quantized) == bool(bits)
    right = exact(weights.matrix()).T
    normed = mx.fast.layer_norm(exact(x), exact(norm.weight), exact(norm.bias), norm.epsilon)

    assert cuda.multiplies(x)
    same(cuda.product(x, weights), exact(x) @ right)
    same(cuda.product(x, weights, norm=norm), normed @ right)
    same(cuda.product(x, weights, norm=norm, gelu=True), gelu(normed @ right))
    same(cuda.product(x, weights, residual=residual), exact(residual) + exact(x) @ right)


@pytest.mark.parametrize("place", [0, 1, 31, 32, 255, 1000])
@pytest.mark.parametrize(("width", "dtype"), [(8, mx.float32), (64, mx.float16), (128, mx.bfloat16)], ids=str)
def test_a_column_attends_to_the_columns_before_and_is_kept(width, dtype, place):
    mx.random.seed(2)
    rows, heads = 2, 4
    qkv, cache = randoms(rows, 1, 3 * heads * width, dtype=dtype), randoms(rows, 2, heads, 1024, width, dtype=dtype)
    parts = [by_head(part, heads) for part in mx.split(exact(qkv), 3, axis=2)]
    before = exact(cache)[:, :, :, :place]
    keys, values = (mx.concatenate([before[:, i], parts[i + 1]], axis=2) for i in (0, 1))
    wanted = attend(parts[0], keys, values, None)
    mx.eval(wanted)

    assert cuda.attends(qkv, width)
    y, cache = cuda.attend_past(qkv, cache, mx.array(place))

    same(y, wanted)
    np.testing.assert_array_equal(np.array(exact(cache)[:, 0, :, place]), np.array(parts[1][:, :, 0]))
    np.testing.assert_array_equal(np.array(exact(cache)[:, 1, :, : place + 1]), np.array(values))


@pytest.mark.parametrize("masked", [True, False])
@pytest.mark.parametrize("dtype", list(TOLERANCE), ids=str)
@pytest.mark.parametrize("pieces", [1, 16, 48])
def test_a_column_attends_to_a_text_and_hears_nothing_where_there_is_none(pieces, dtype, masked):
    mx.random.seed(3)
    rows, heads, width = 4, 16, 64
    q = randoms(rows, 1, heads * width, dtype=dtype)
    keys, values = (randoms(rows, heads, pieces, width, dtype=dtype) for _ in range(2))
    values[3] = 0
    mask = (mx.arange(pieces)[None] <= mx.array([[0], [5], [30], [99]]))[:, None, None] if masked else None
    wanted = attend(by_head(exact(q), heads), exact(keys), exact(values), mask)

    y = cuda.attend_text(q, keys, values, mask)

    same(y, wanted)
    assert float(mx.abs(y[3]).max()) == 0.0
