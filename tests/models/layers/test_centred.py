import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models.layers.centred import Scaling, absorb, centre
from audiogen_daemon.models.layers.linear import Dense, Norm


def normal(*shape, seed):
    return mx.random.normal(shape, key=mx.random.key(seed))


@pytest.mark.parametrize("T", [1, 5])
def test_a_centred_stream_gives_what_a_normalized_one_does(T):
    norm = Norm(1 + 0.2 * normal(32, seed=0), normal(32, seed=1))
    read, written = normal(48, 32, seed=2), normal(32, 16, seed=3)
    x, y = normal(2, T, 32, seed=4) + 3, normal(2, T, 16, seed=5)
    wanted = norm(x + y @ written.T) @ read.T

    weight, bias = absorb(norm, read)
    stream = centre(x) + y @ centre(written, axis=0).T
    got = Dense(weight.T, bias)(Scaling(norm.epsilon)(stream))

    np.testing.assert_allclose(np.array(got), np.array(wanted), atol=1e-4)


def test_rows_without_any_length_stay_without_it():
    np.testing.assert_array_equal(np.array(Scaling(1e-5)(mx.zeros((2, 1, 8)))), 0)
