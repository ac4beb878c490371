"""The memory that a process takes up now, as the system counts it."""

import ctypes
import os
import platform
from pathlib import Path
from typing import Any


class Usage(ctypes.Structure):
    """macOS's `rusage_info_v0` of sys/resource.h. footprint: what Activity Monitor shows as a process's memory."""

    _fields_ = (
        ("uuid", ctypes.c_uint8 * 16),
        ("user_time", ctypes.c_uint64),
        ("system_time", ctypes.c_uint64),
        ("package_idle_wakeups", ctypes.c_uint64),
        ("interrupt_wakeups", ctypes.c_uint64),
        ("page_ins", ctypes.c_uint64),
        ("wired", ctypes.c_uint64),
        ("resident", ctypes.c_uint64),
        ("footprint", ctypes.c_uint64),
        ("started_at", ctypes.c_uint64),
        ("exited_at", ctypes.c_uint64),
    )


def resident_bytes(pid: int) -> int:
    """Bytes that a process of this user holds: resident pages on Linux, the physical footprint on macOS.

    The footprint counts what Metal has allocated for the process, too, which its resident pages may not.

    Returns:
        0 where there is no such process, or the system says nothing of it.
    """
    if pid <= 0:
        return 0
    if platform.system() == "Darwin":
        return footprint(ctypes.CDLL(None), pid)
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def footprint(system: Any, pid: int) -> int:
    """The same on macOS. system: libSystem, which has `proc_pid_rusage` (libproc.h)."""
    usage, version_0 = Usage(), 0
    failed: int = system.proc_pid_rusage(ctypes.c_int(pid), ctypes.c_int(version_0), ctypes.byref(usage))
    return 0 if failed else int(usage.footprint)
