"""`audiogen-daemon run`: the daemon in the foreground; launchd and systemd run this."""

import argparse
import asyncio
import errno
import logging
import socket
from pathlib import Path

from audiogen_daemon import config as configuration
from audiogen_daemon.errors import CommandError
from audiogen_daemon.service.manager import supervisor
from audiogen_daemon.trace import FileTrace, NoTrace

log = logging.getLogger(__name__)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--lan", action="store_true", help="listen to other hosts too; osc.allow says to which")
    parser.add_argument("--trace", type=Path, metavar="FILE", help="write a Chrome trace from datagram to speaker")


def run(options: argparse.Namespace) -> int:
    """Run until SIGTERM or Ctrl-C."""
    sets = [*options.set, *(["osc.lan=true"] if options.lan else [])]
    config = configuration.load(options.config, sets)
    from audiogen_daemon.daemon import Daemon
    from audiogen_daemon.service import lock, logs

    with lock.Lock(Path(config.daemon.state)) as held:
        logs.start(Path(config.daemon.log))
        if held.left is not None:
            log.warning("daemon %d, the last one here, did not leave by itself", held.left.pid)
        tracer = FileTrace(options.trace) if options.trace else NoTrace()
        try:
            daemon = Daemon(config, tracer)
        except OSError as error:
            if isinstance(error, socket.gaierror):
                raise CommandError(
                    f"cannot listen on {config.osc.listen}: {error.strerror}; set osc.listen to an address of this "
                    "machine, as 127.0.0.1:11010"
                ) from error
            if error.errno in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
                raise CommandError(
                    f"cannot listen on {config.osc.listen}: {error.strerror}; another program has the port, "
                    "or the address is not this machine's; set osc.listen"
                ) from error
            raise
        held.record(daemon.address)
        if not supervisor():
            print(f"audiogen-daemon listens on udp {daemon.address.host}:{daemon.address.port}", flush=True)
        asyncio.run(daemon.run())
    return 0
