"""The doctor tells whether the model fits into its budget, and when quantizing slows it down."""

import pytest

from audiogen_daemon import config, doctor
from audiogen_daemon.doctor import machine
from audiogen_daemon.doctor.memory import check_memory, memory_question


def asked(*sets):
    return config.load(sets=sets, environment={})


def test_a_model_that_fits_is_told_with_its_size():
    [check] = check_memory({"backend": "metal", "needed": 4e9, "budget": 7e9}, asked("engine.quantize=speed"))

    assert (check.name, check.ok) == ("memory", True)
    assert check.found == "starter needs about 4000 MB of 7000"


def test_a_model_larger_than_its_budget_is_a_failure_with_the_cure():
    [check] = check_memory({"backend": "cpu", "needed": 4e9, "budget": 1e9}, asked())

    assert check.ok is False
    assert "engine.memory_gb" in check.cure
    assert "engine.quantize" in check.cure


def test_quantizing_on_a_cpu_is_no_failure_but_has_a_cure():
    [_, check] = check_memory({"backend": "cpu", "needed": 1, "budget": 2e9}, asked("engine.quantize=balanced"))

    assert (check.name, check.ok, check.found) == ("quantize", None, "balanced, on a CPU")
    assert "off" in check.cure


def test_a_probe_that_failed_says_nothing_of_memory():
    assert check_memory({"error": "no MLX"}, asked()) == []


@pytest.mark.parametrize(("gigabytes", "fits"), [("0", True), ("0.001", False)])
def test_the_whole_examination_holds_the_model_against_the_budget(gigabytes, fits, tmp_path):
    settings = asked(f"engine.memory_gb={gigabytes}", f"models.folder={tmp_path}")
    found = machine.finish_probe(machine.start_probe("mlx", *memory_question(settings)))

    [check] = check_memory(found, settings)
    assert check.ok is fits
    assert found["samples"] == found["wanted"]


def test_a_missing_model_is_left_to_its_own_check(tmp_path):
    settings = asked("engine.model=musicgen-large", f"models.folder={tmp_path}", "osc.listen=127.0.0.1:0")
    names = [check.name for check in doctor.examine(settings)]

    assert "memory" not in names
    assert "model" in names
