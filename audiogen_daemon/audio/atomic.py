"""Files appear whole or not at all, and never in the place of another."""

import contextlib
import errno
import fcntl
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

_PART = re.compile(r"^\..+\.(\d+)\.part$")


def part_path(path: Path) -> Path:
    """Return where a file is written before it appears: hidden, beside it, and not named like sound."""
    return path.with_name(f".{path.name}.{os.getpid()}.part")


def write_part(path: Path, write: Callable[[BinaryIO], object]) -> Path:
    """Write a hidden file that is on the disk when this returns, for `publish` to show. Nothing stays on an error."""
    part = part_path(path)
    try:
        with part.open("wb") as file:
            write(file)
            file.flush()
            _sync(file.fileno())
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
        raise
    return part


def publish(part: Path, path: Path) -> None:
    """Give a hidden file its name.

    Raises:
        FileExistsError: the name is taken; the hidden file stays.
    """
    try:
        os.link(part, path)
    except OSError as error:
        if isinstance(error, FileExistsError):
            raise
        # exFAT and some network disks have no links; a rename would overwrite, so look first.
        if path.exists():
            raise FileExistsError(f"{path} exists") from None
        part.rename(path)
        return
    part.unlink()


def sync_folder(folder: Path) -> None:
    """Put the folder's own entries on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def sweep_parts(folder: Path) -> list[Path]:
    """Remove the hidden files of processes that are gone; return them. To be called before the first save."""
    swept = []
    for path in folder.glob(".*.part") if folder.is_dir() else ():
        match = _PART.match(path.name)
        if match and (int(match[1]) == os.getpid() or not _lives(int(match[1]))):
            path.unlink(missing_ok=True)
            swept.append(path)
    return swept


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def _sync(descriptor: int) -> None:
    if sys.platform == "darwin":
        # fsync leaves the data in the drive's cache on macOS; not every disk knows how to do more.
        with contextlib.suppress(OSError):
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
            return
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network disks cannot sync a folder.
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
