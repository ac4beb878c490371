"""The log: five files of 5 MB in the log folder; stderr only for a person who watches, and for crashes."""

import logging
import os
import stat
import sys
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from audiogen_daemon.service.manager import ServiceError, supervisor

NAME = "audiogen.log"
FILE_BYTES = 5_000_000
FILES = 5
LINE = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"


def start(folder: Path, level: int = logging.INFO) -> Path:
    """Send every record of this process to the rotating log, and uncaught errors to it and to stderr.

    A service manager never rotates what it keeps of stderr, so records go there only when a person started us. Only one
    process may write a rotating log: the engine's records belong to its own stderr or pipe.

    Raises:
        ServiceError: the folder cannot be written.
    """
    file = folder / NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = RotatingFileHandler(file, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8")
    except OSError as error:
        raise ServiceError(
            f"the log {file} cannot be written: {error.strerror}; check the folder's owner and rights, or choose "
            "another: --set daemon.log=DIR"
        ) from error
    handlers: list[logging.Handler] = [handler]
    if supervisor():
        trim(sys.stderr.fileno())
    else:
        handlers.append(logging.StreamHandler())
    logging.basicConfig(level=level, format=LINE, handlers=handlers, force=True)
    sys.excepthook = _crash
    return file


def trim(descriptor: int) -> None:
    """Empty a file that the service manager appends crashes to, once it has grown as large as one log file."""
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_size > FILE_BYTES:
        os.ftruncate(descriptor, 0)


def _crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        logging.getLogger("audiogen_daemon").critical("crashed", exc_info=(kind, error, trace))
    if supervisor() or issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
