"""Python, the processor, MLX and sound; MLX and PortAudio are looked at by `probe` in processes of their own."""

import json
import platform
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from audiogen_daemon.config import Config
from audiogen_daemon.doctor.check import Check

AGAIN = "delete .venv and run: make setup"
"""The cure of everything that is installed wrongly."""
PYTHON = (3, 11)
MACOS = 14
PROBE_TIMEOUT = 20.0
"""Seconds; a first import of MLX from a cold disk takes some of them."""
SLOW_GFLOPS = 5.0

Found = Mapping[str, Any]
"""What a probe said."""


def check_python() -> Check:
    """Python is new enough."""
    ok = sys.version_info[:2] >= PYTHON
    cure = "" if ok else f"install Python {'.'.join(map(str, PYTHON))} or newer, {AGAIN}"
    return Check("Python", ok, f"{platform.python_version()}, {sys.executable}", cure)


def check_machine() -> Check:
    """MLX has a build for this system and processor; on a Mac, Python must not run under Rosetta."""
    system, machine, cure = platform.system(), platform.machine(), ""
    version = platform.mac_ver()[0]
    if system == "Darwin" and machine != "arm64":
        cure = "MLX needs an M-series chip"
        if _translated():
            cure = f"this Python is an Intel build under Rosetta; install an arm64 one, {AGAIN}"
    elif system == "Darwin" and int(version.split(".")[0]) < MACOS:
        cure = f"MLX needs macOS {MACOS}; update the system"
    elif system == "Linux" and machine not in ("x86_64", "aarch64"):
        cure = "MLX has builds for x86_64 and aarch64 only"
    elif system not in ("Darwin", "Linux"):
        cure = "use a Mac with an M-series chip, or Linux"
    found = f"macOS {version} {machine}" if system == "Darwin" else f"{system} {machine}"
    return Check("machine", not cure, found, cure)


def _translated() -> bool:
    with suppress(OSError, subprocess.TimeoutExpired):
        command = ["sysctl", "-n", "sysctl.proc_translated"]
        return subprocess.run(command, capture_output=True, text=True, timeout=5).stdout.strip() == "1"
    return False


def start_probe(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "audiogen_daemon.doctor.probe", *arguments]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish_probe(probe: subprocess.Popen[str], timeout: float = PROBE_TIMEOUT) -> Found:
    """What a probe says, or why it says nothing."""
    try:
        said, complaint = probe.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        probe.kill()
        probe.communicate()
        return {"error": f"no answer within {timeout:g} s"}
    with suppress(ValueError, IndexError):
        found: Found = json.loads(said.splitlines()[-1])
        return found
    last = (complaint.strip().splitlines() or ["nothing said"])[-1]
    how = f"signal {-probe.returncode}" if probe.returncode < 0 else f"exit code {probe.returncode}"
    return {"error": f"the probe ended with {how}: {last}"}


def check_mlx(found: Found) -> list[Check]:
    """MLX can be imported, multiplies at a good speed, and makes a take."""
    if "error" in found:
        return [Check("MLX", False, found["error"], AGAIN)]
    memory = f", {found['memory'] / 2**30:.0f} GB" if found["memory"] else ""
    mlx = f"{found['version']} on {found['backend']} ({found['device']}{memory})"
    builds = found["builds"]
    checks = [Check("MLX", True, mlx)]
    if len(builds) > 1:
        checks = [Check("MLX", False, f"{mlx}, but {' and '.join(builds)} overwrite each other", AGAIN)]
    if found["backend"] == "cpu":
        slow = found["gflops"] < SLOW_GFLOPS or found["blas"].startswith("reference")
        cure = "10 times faster: make setup EXTRAS=mkl (x86_64), or: sudo apt install libopenblas0"
        speed = f"{found['blas']}, {found['gflops']:.0f} GFLOP/s"
        checks.append(Check("BLAS", None if slow else True, speed, cure if slow else ""))
    made = f"{found['samples']} of {found['wanted']} samples, speed {found['speed']:.0f}"
    whole = found["samples"] == found["wanted"]
    return [*checks, Check("trial take", whole, made, "" if whole else AGAIN)]


def check_sound(found: Found, config: Config) -> Check:
    """There is an output to listen on; takes are made and saved without one."""
    if not config.monitor.enabled:
        return Check("sound", None, "switched off", "to hear takes: monitor.enabled = true")
    if "error" not in found:
        return Check("sound", True, _device(found))
    reason, outputs = found["error"], found.get("outputs")
    if outputs:
        cure = f"set monitor.device to one of: {', '.join(outputs)}"
    elif outputs is not None:
        reason, cure = "this machine has no sound output", "connect one, or set monitor.enabled = false"
    elif platform.system() == "Darwin":
        cure = AGAIN
    else:
        cure = "sudo apt install libportaudio2"
    return Check("sound", None, f"{reason}; stems are saved all the same", cure)


def check_input(found: Found) -> Check:
    """There is an input for /record; everything else works without one."""
    if "error" not in found:
        return Check("input", True, _device(found))
    reason, inputs = found["error"], found.get("inputs")
    if inputs:
        cure = f"set record.device to one of: {', '.join(inputs)}"
    elif inputs is not None:
        reason, cure = "this machine has no sound input", "to record with /record: connect a microphone or an interface"
    else:
        cure = "as for sound"
    return Check("input", None, reason, cure)


def _device(found: Found) -> str:
    channels = found["channels"]
    return f"{found['name']}, {found['rate']:.0f} Hz, {channels} channel{'s' * (channels > 1)}"
