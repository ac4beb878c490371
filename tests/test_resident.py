"""Real memory, as the system counts it."""

import ctypes
import os
import subprocess
import sys

import numpy as np

from audiogen_daemon.resident import Usage, footprint, resident_bytes


def test_memory_that_is_written_to_counts():
    before = resident_bytes(os.getpid())
    held = np.ones(64 * 2**20, np.uint8)
    grown = resident_bytes(os.getpid()) - before

    assert before > 5 * 2**20
    assert 0.8 * held.nbytes < grown < 1.5 * held.nbytes


def test_another_process_is_seen_and_one_that_is_gone_is_nothing():
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", "input(print('ready', flush=True))"], **pipes) as child:
        assert child.stdout.readline() == b"ready\n"
        assert resident_bytes(child.pid) > 2**20
        child.communicate(b"\n")
        assert resident_bytes(child.pid) == 0
    assert resident_bytes(0) == 0


class LibSystem:
    """Acts as macOS's: fills in what it is given, as <libproc.h> says."""

    def __init__(self, result: int) -> None:
        self.result = result
        self.asked: list[tuple[int, int]] = []

    def proc_pid_rusage(self, pid, flavor, buffer):
        self.asked.append((pid.value, flavor.value))
        words = ctypes.cast(buffer, ctypes.POINTER(ctypes.c_uint64))
        words[9] = 123_456_789  # after the 16 bytes of the uuid and 7 counters
        return self.result


def test_on_a_mac_the_footprint_is_asked_for():
    system = LibSystem(0)

    assert footprint(system, 42) == 123_456_789
    assert system.asked == [(42, 0)]
    assert footprint(LibSystem(-1), 42) == 0


def test_the_structure_has_the_size_of_the_systems_own():
    assert ctypes.sizeof(Usage) == 16 + 10 * 8
    assert Usage.footprint.offset == 16 + 7 * 8
