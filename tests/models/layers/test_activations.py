import math

import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models.backend import CPU
from audiogen_daemon.models.layers import activations
from audiogen_daemon.models.layers.activations import MANY, elu, gelu

DENSE = np.concatenate([np.linspace(-40, 12, 2 * MANY), -np.logspace(-8, 3, 4000)])


@pytest.fixture(params=[True, False], ids=["by arithmetic", "by MLX's functions"])
def way(request, monkeypatch):
    backend = CPU if not request.param else type(CPU)("cpu", "float32", 0, True, slow_functions=True)
    monkeypatch.setattr(activations, "detect", lambda: backend)


@pytest.mark.usefixtures("way")
def test_elu_is_within_a_millionth_of_its_definition():
    wanted = np.where(DENSE > 0, DENSE, np.expm1(DENSE))

    np.testing.assert_allclose(np.array(elu(mx.array(DENSE.astype(np.float32)))), wanted, atol=1e-6, rtol=1e-6)


@pytest.mark.usefixtures("way")
def test_gelu_is_within_a_millionth_of_its_definition():
    wanted = DENSE * (1 + np.vectorize(math.erf)(DENSE / math.sqrt(2))) / 2

    np.testing.assert_allclose(np.array(gelu(mx.array(DENSE.astype(np.float32)))), wanted, atol=1e-6, rtol=1e-6)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("function", [elu, gelu])
def test_the_largest_numbers_stay_what_they_are_and_no_number_stays_none(function):
    row = mx.array([3e38, math.inf, -3e38, math.nan])
    largest, infinite, least, none = np.array(function(mx.tile(row, MANY)))[:4]

    assert (largest, infinite) == (pytest.approx(3e38, rel=1e-6), math.inf)
    assert least == pytest.approx(-1 if function is elu else 0, abs=1e-6)
    assert math.isnan(none)
