"""Where and with what a benchmark ran: the first lines of every table."""

import datetime
import importlib.metadata
import os
import platform
from pathlib import Path


def print_machine(*packages: str) -> None:
    """Print processor, system, versions and the date."""
    versions = [f"{name} {importlib.metadata.version(name)}" for name in packages]
    print(f"{processor()}; {platform.platform()}; {', '.join([f'Python {platform.python_version()}', *versions])}")
    print(f"{datetime.date.today()}; load {os.getloadavg()[0]:.1f}")


def processor() -> str:
    """Return the processor's name and its cores."""
    info = Path("/proc/cpuinfo")
    names = (
        [line.split(":")[1].strip() for line in info.read_text().splitlines() if "model name" in line]
        if info.exists()
        else []
    )
    return f"{names[0] if names else platform.processor() or platform.machine()}, {os.cpu_count()} cores"
