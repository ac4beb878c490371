"""A process of our own with a pipe to it, for what must not hold up or take along the process that starts it."""

import argparse
import socket
import subprocess
import sys
from multiprocessing.connection import Connection

Child = subprocess.Popen[bytes]
"""A process that `spawn` started."""


def spawn(module: str, buffer: int = 0) -> tuple[Child, Connection]:
    """Run a module of ours in a new process; return it and our end of a pipe, whose other end `parent` opens there.

    Args:
        buffer: bytes that may be on their way in each direction before a writer waits; 0 is what the system gives.

    Raises:
        OSError: no process can be started.
    """
    ours, theirs = socket.socketpair()
    for end in (ours, theirs) if buffer else ():
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, buffer)
    command = [sys.executable, "-m", module, "--fd", str(theirs.fileno())]
    try:
        # In a session of its own: Ctrl-C reaches the daemon alone, which then drains and closes this.
        process = subprocess.Popen(
            command, pass_fds=(theirs.fileno(),), stdin=subprocess.DEVNULL, start_new_session=True
        )
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return process, Connection(ours.detach())


def parent(description: str | None) -> Connection:
    """Return the pipe to whoever spawned this process, from its command line."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--fd", type=int, required=True)
    return Connection(parser.parse_args().fd)
