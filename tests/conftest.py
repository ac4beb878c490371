"""Before anything imports MLX: the BLAS that the engine would use, with one thread, so that tests share the cores."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from audiogen_daemon.engine.blas import load_blas

load_blas()
