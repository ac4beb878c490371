import subprocess
import sys


def answer(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


def test_loading_says_which_library_is_in_use_and_twice_is_once():
    first, second = answer(
        "from audiogen_daemon.engine.blas import load_blas; print(load_blas()); print(load_blas())"
    ).splitlines()

    assert first == second
    assert first.split()[0] in ("MKL", "OpenBLAS", "reference", "Accelerate", "cuBLAS")


def test_loading_too_late_says_so():
    said = answer("import mlx.core; from audiogen_daemon.engine.blas import load_blas; print(load_blas())")

    assert "imported before" in said or said in ("Accelerate", "cuBLAS")


def test_products_are_right_with_the_library_that_was_loaded():
    said = answer(
        "from audiogen_daemon.engine.blas import load_blas; load_blas()\n"
        "import mlx.core as mx; a = mx.random.normal((65, 130)); b = mx.random.normal((70, 130))\n"
        "wanted = (a[:, None, :] * b[None]).sum(-1); print(mx.abs(a @ b.T - wanted).max().item() < 1e-4)"
    )

    assert said == "True"
