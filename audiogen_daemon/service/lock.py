"""One daemon per state folder, held by a lock that the kernel takes back when its holder dies, however it dies."""

import fcntl
import json
import os
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from audiogen_daemon.messages import Peer
from audiogen_daemon.service.manager import ServiceError, supervisor

NAME = "daemon.lock"
RECORD_BYTES = 256
READERS_PATIENCE = 0.5
"""Seconds to try again: `holder` in another process locks the file for an instant."""


@dataclass(frozen=True)
class Holder:
    """The process that holds the lock, and where it listens; port 0 until it does.

    service: the service manager that started it, "" when a person did.
    """

    pid: int
    host: str = ""
    port: int = 0
    service: str = ""


class Lock:
    """The right to be the daemon of a state folder; a context manager.

    left: the record of a holder that died without letting go, else None.

    Raises:
        ServiceError: another process holds it, or the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        file = folder / NAME
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise ServiceError(
                f"{file} cannot be written: {error.strerror}; check the folder's owner and rights, or "
                "choose another: --set daemon.state=DIR"
            ) from error
        if not _take(self._file):
            other = _read(self._file)
            os.close(self._file)
            raise ServiceError(_taken(other, folder))
        self.left = _read(self._file)
        try:
            self._write(Holder(os.getpid(), service=supervisor()))
        except OSError as error:
            raise ServiceError(f"{file} cannot be written: {error.strerror}; free some space") from error

    def record(self, listen: Peer) -> None:
        """Tell other processes where this one listens."""
        self._write(Holder(os.getpid(), listen.host, listen.port, supervisor()))

    def release(self) -> None:
        """Let go. The file stays: removing it would let two processes lock two files of one name."""
        os.ftruncate(self._file, 0)
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _write(self, holder: Holder) -> None:
        # One write of one fixed size, so that a reader never sees half a record.
        os.pwrite(self._file, json.dumps(asdict(holder)).encode().ljust(RECORD_BYTES), 0)


def holder(folder: Path) -> Holder | None:
    """Return who holds the lock of a state folder; None when nobody does. Pid 0: somebody who has not said who."""
    try:
        file = os.open(folder / NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ServiceError(f"{folder / NAME} cannot be read: {error.strerror}; check its owner and rights") from error
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(file) or Holder(0)
    finally:
        os.close(file)
    return None


def _take(file: int) -> bool:
    deadline = time.monotonic() + READERS_PATIENCE
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)


def _read(file: int) -> Holder | None:
    try:
        return Holder(**json.loads(os.pread(file, RECORD_BYTES, 0)))
    except (ValueError, TypeError):
        return None


def _taken(other: Holder | None, folder: Path) -> str:
    pid = f"pid {other.pid}" if other else "it has not said who it is"
    where = f", listening on {other.host}:{other.port}" if other and other.port else ""
    return (
        f"audiogen-daemon already runs ({pid}{where}) with the state folder {folder}; {how_to_end(other)}, "
        "or give this one its own: --set daemon.state=DIR"
    )


def how_to_end(other: Holder | None) -> str:
    """Say what ends a daemon; one that a person started is not the login service's, which `stop` stops."""
    if other is None:
        return "try again in a second"
    if other.service:
        return "stop the login service with `audiogen-daemon stop`"
    return f"end it where it was started with Ctrl-C, or with `kill {other.pid}`"
