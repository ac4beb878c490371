"""Before anything imports MLX: the BLAS that the engine would use, with one thread, so that tests share the cores."""

import os
from collections.abc import Generator

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")

from audiogen_daemon.engine.blas import load_blas

load_blas()


class DisturbedError(Exception):
    """A test failed while its own JACK server dropped blocks: pyproject.toml has it begun again, and no other one."""


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    try:
        return (yield)
    except (Exception, pytest.fail.Exception) as error:
        server = pyfuncitem.funcargs.get("jack")
        dropped = server.xruns() if server is not None else 0
        if dropped:
            raise DisturbedError(f"the JACK server dropped blocks {dropped} times") from error
        raise
