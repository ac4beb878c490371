"""Python, processor, MLX and sound: what each state is called and what cures it."""

import json
import platform
import subprocess
import sys

import pytest

from audiogen_daemon import config
from audiogen_daemon.doctor import machine, probe

MLX = {
    "version": "0.32.4",
    "backend": "cpu",
    "device": "Some CPU",
    "memory": 0,
    "blas": "MKL 2026",
    "gflops": 40.0,
    "builds": ["mlx-cpu"],
    "samples": 16000,
    "wanted": 16000,
    "speed": 80.0,
}
SOUND = {"name": "Built-in", "rate": 48000.0, "channels": 2, "outputs": ["Built-in"]}


def act_as(monkeypatch, system: str, processor: str, version: str = "") -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: processor)
    monkeypatch.setattr(platform, "mac_ver", lambda: (version, ("", "", ""), processor))


def by_name(checks):
    return {check.name: check for check in checks}


def test_this_python_is_fine():
    check = machine.check_python()

    assert check.ok is True
    assert sys.executable in check.found
    assert check.cure == ""


def test_an_old_python_is_named_with_the_cure(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 4, "final", 0))

    assert machine.check_python().ok is False
    assert "install Python 3.11 or newer" in machine.check_python().cure


@pytest.mark.parametrize(
    ("system", "processor", "version"),
    [("Darwin", "arm64", "15.1"), ("Linux", "x86_64", ""), ("Linux", "aarch64", "")],
)
def test_machines_that_mlx_runs_on(system, processor, version, monkeypatch):
    act_as(monkeypatch, system, processor, version)

    check = machine.check_machine()

    assert (check.ok, check.cure) == (True, "")
    assert processor in check.found


@pytest.mark.parametrize(
    ("system", "processor", "version", "cure"),
    [
        ("Darwin", "x86_64", "15.1", "M-series chip"),
        ("Darwin", "arm64", "13.6", "macOS 14; update"),
        ("Linux", "riscv64", "", "x86_64 and aarch64 only"),
        ("Windows", "AMD64", "", "Mac with an M-series chip, or Linux"),
    ],
)
def test_machines_that_mlx_does_not_run_on(system, processor, version, cure, monkeypatch):
    act_as(monkeypatch, system, processor, version)
    monkeypatch.setattr(machine, "_translated", lambda: False)

    check = machine.check_machine()

    assert check.ok is False
    assert cure in check.cure


def test_rosetta_is_recognised(monkeypatch, tmp_path):
    act_as(monkeypatch, "Darwin", "x86_64", "15.1")
    sysctl = tmp_path / "sysctl"
    sysctl.write_text('#!/bin/sh\n[ "$*" = "-n sysctl.proc_translated" ] && echo 1\n')
    sysctl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")

    assert "Rosetta; install an arm64 one" in machine.check_machine().cure


def test_mlx_that_works_is_described():
    checks = by_name(machine.check_mlx(MLX))

    assert [check.ok for check in checks.values()] == [True, True, True]
    assert checks["MLX"].found == "0.32.4 on cpu (Some CPU)"
    assert checks["BLAS"].found == "MKL 2026, 40 GFLOP/s"
    assert "16000 of 16000 samples" in checks["trial take"].found


def test_a_gpu_has_memory_and_needs_no_blas():
    checks = by_name(machine.check_mlx({**MLX, "backend": "metal", "device": "Apple M4", "memory": 64 * 2**30}))

    assert checks["MLX"].found == "0.32.4 on metal (Apple M4, 64 GB)"
    assert "BLAS" not in checks


@pytest.mark.parametrize("change", [{"blas": "reference (slow)"}, {"gflops": 1.2}])
def test_a_slow_blas_is_no_failure_but_has_a_cure(change):
    blas = by_name(machine.check_mlx({**MLX, **change}))["BLAS"]

    assert blas.ok is None
    assert "libopenblas0" in blas.cure


def test_two_builds_of_mlx_at_once_are_a_failure():
    mlx = by_name(machine.check_mlx({**MLX, "builds": ["mlx-cpu", "mlx-cuda-13"]}))["MLX"]

    assert mlx.ok is False
    assert "mlx-cpu and mlx-cuda-13" in mlx.found


def test_a_take_that_is_too_short_is_a_failure():
    assert by_name(machine.check_mlx({**MLX, "samples": 15999}))["trial take"].ok is False


def test_mlx_that_is_not_there_is_a_failure():
    (check,) = machine.check_mlx({"error": "ModuleNotFoundError: No module named 'mlx'"})

    assert check.ok is False
    assert "No module named 'mlx'" in check.found
    assert "make setup" in check.cure


def test_the_probe_makes_a_whole_take_outside_this_process():
    found = machine.finish_probe(machine.start_probe("mlx"))

    assert found["samples"] == found["wanted"]
    assert found["gflops"] > 0
    assert found["backend"] in ("cpu", "metal", "cuda")
    assert all(check.ok is not False for check in machine.check_mlx(found))


def test_the_probe_answers_about_a_device_that_nobody_has():
    found = machine.finish_probe(machine.start_probe("sound", "no such device"))

    assert "error" in found
    assert machine.check_sound(found, config.load(environment={})).cure


def child(code: str) -> subprocess.Popen:
    command = [sys.executable, "-c", code]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import os; os.abort()", "the probe ended with signal 6: nothing said"),
        ("raise RuntimeError('no driver')", "the probe ended with exit code 1: RuntimeError: no driver"),
        ("print('chatter')", "the probe ended with exit code 0: nothing said"),
    ],
)
def test_a_probe_that_dies_says_how(code, error):
    assert machine.finish_probe(child(code)) == {"error": error}


def test_a_probe_that_hangs_is_ended():
    hanging = child("import signal; signal.pause()")

    assert machine.finish_probe(hanging, timeout=0.1) == {"error": "no answer within 0.1 s"}
    assert hanging.returncode is not None


def test_what_a_library_prints_before_the_answer_is_ignored():
    assert machine.finish_probe(child("print('ALSA lib chatter'); print('{\"name\": 1}')")) == {"name": 1}


def test_a_missing_library_is_reported_as_json(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sounddevice", None)

    assert probe.main(["sound"]) == 0
    assert "sounddevice" in json.loads(capsys.readouterr().out)["error"]


def test_an_output_is_described():
    check = machine.check_sound(SOUND, config.load(environment={}))

    assert (check.ok, check.found) == (True, "Built-in, 48000 Hz, 2 channels")


@pytest.mark.parametrize(
    ("system", "found", "cure"),
    [
        ("Linux", {"error": "OSError: PortAudio library not found"}, "sudo apt install libportaudio2"),
        ("Darwin", {"error": "ImportError: sounddevice"}, machine.AGAIN),
        ("Linux", {"error": "no match", "outputs": ["A", "B"]}, "set monitor.device to one of: A, B"),
        ("Linux", {"error": "device -1", "outputs": []}, "connect one, or set monitor.enabled = false"),
    ],
)
def test_no_sound_is_no_failure_but_has_a_cure(system, found, cure, monkeypatch):
    act_as(monkeypatch, system, "arm64", "15.1")

    check = machine.check_sound(found, config.load(environment={}))

    assert check.ok is None
    assert check.found.endswith("stems are saved all the same")
    assert check.cure == cure


def test_a_monitor_that_is_switched_off_is_said():
    check = machine.check_sound({"error": "x"}, config.load(sets=["monitor.enabled=false"], environment={}))

    assert (check.ok, check.found) == (None, "switched off")


def test_an_input_is_described_and_none_is_no_failure_but_has_a_cure():
    assert machine.check_input(SOUND | {"channels": 1}).found == "Built-in, 48000 Hz, 1 channel"
    for found, cure in (
        ({"error": "no match", "inputs": ["A", "B"]}, "set record.device to one of: A, B"),
        ({"error": "device -1", "inputs": []}, "to record with /record: connect a microphone or an interface"),
        ({"error": "OSError: PortAudio library not found"}, "as for sound"),
    ):
        check = machine.check_input(found)
        assert (check.ok, check.cure) == (None, cure)


def test_the_probe_answers_about_an_input_that_nobody_has():
    found = machine.finish_probe(machine.start_probe("input", "no such microphone"))

    assert "error" in found
    assert machine.check_input(found).cure
