import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models.layers.linear import Dense, Quantized, linear


@pytest.mark.parametrize(("bits", "error"), [(8, 0.01), (4, 0.15)])
def test_quantized_products_are_near_the_dense_ones(bits, error):
    weight = mx.random.normal((96, 128), key=mx.random.key(0)) / 128**0.5
    x = mx.random.normal((3, 128), key=mx.random.key(1))
    product = linear(weight, bits)

    assert isinstance(product, Quantized)
    difference = np.array(product(x) - Dense(weight.T)(x))
    assert np.sqrt((difference**2).mean()) < error
    np.testing.assert_allclose(np.array(product(x)), np.array(x @ product.matrix().T), atol=1e-4)


def test_rows_that_do_not_divide_into_groups_stay_dense():
    assert isinstance(linear(mx.zeros((8, 100)), 8), Dense)


@pytest.mark.parametrize("bits", [0, 8])
def test_adding_to_a_residual_is_the_same_as_doing_it_apart(bits):
    product = linear(mx.random.normal((64, 64), key=mx.random.key(0)), bits)
    x, residual = mx.random.normal((2, 2, 1, 64), key=mx.random.key(1))

    np.testing.assert_allclose(np.array(product.add(residual, x)), np.array(residual + product(x)), atol=1e-4)


def test_the_layout_in_memory_changes_no_result():
    weight = mx.random.normal((96, 128), key=mx.random.key(0))
    x = mx.random.normal((2, 128), key=mx.random.key(1))
    rows, columns = linear(weight), linear(weight, columns=True)

    np.testing.assert_allclose(np.array(rows(x)), np.array(columns(x)), atol=1e-4)
    np.testing.assert_array_equal(np.array(columns.matrix()), np.array(weight))
