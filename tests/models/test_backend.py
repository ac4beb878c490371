import subprocess
import sys

import pytest

from audiogen_daemon.models import backend
from audiogen_daemon.models.backend import SMALL_WEIGHTS, set_blas_threads

COUNTING = """
import resource
import mlx.core as mx
from audiogen_daemon.models.backend import keep_freed_memory
keep_freed_memory()
mx.set_default_device(mx.cpu)
x = mx.zeros((2_000_000,))

def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    y = x
    for _ in range(6):
        y = y * (y + 2)
    mx.eval(y)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

faults()
print(faults())
"""


def test_arrays_take_the_memory_that_others_before_them_have_freed():
    faults = int(subprocess.run([sys.executable, "-c", COUNTING], capture_output=True, text=True, check=True).stdout)

    # Its twelve arrays have 2,000 pages each. Other systems' C libraries have ways of their own.
    assert faults < 1_000 or sys.platform != "linux"


@pytest.mark.parametrize(("weights", "threads"), [(24_000_000, 1), (SMALL_WEIGHTS, 6), (1_440_000_000, 6)])
def test_one_thread_multiplies_for_a_small_model_and_all_for_a_large_one(monkeypatch, weights, threads):
    chosen = []
    monkeypatch.setattr(backend, "_blas_threads", lambda: (chosen.append, 6))

    set_blas_threads(weights)

    assert chosen == [threads]


def test_a_machine_without_such_a_library_needs_nothing(monkeypatch):
    monkeypatch.setattr(backend, "_blas_threads", lambda: None)

    set_blas_threads(24_000_000)
