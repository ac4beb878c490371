"""The OSC port."""

import errno
import os
import socket
from contextlib import closing, suppress
from pathlib import Path

from audiogen_daemon.config import Config
from audiogen_daemon.control import osc
from audiogen_daemon.doctor.check import Check
from audiogen_daemon.messages import Peer
from audiogen_daemon.service.lock import Holder, holder, how_to_end

NAME = "OSC port"
PING_TIMEOUT = 0.5
"""Seconds."""


def check_port(config: Config) -> Check:
    """The OSC port is free, or our own daemon listens on it and answers."""
    listen = config.listen
    running = holder(Path(config.daemon.state))
    try:
        with closing(_udp(listen.host)) as free:
            free.bind((listen.host, listen.port))
    except OSError as error:
        return _busy_port(listen, running, error)
    if running and running.port:
        found = f"the daemon (pid {running.pid}) listens on {running.host}:{running.port}, not on {config.osc.listen}"
        return Check(NAME, None, found, f"{how_to_end(running)}, then start it again for the new setting")
    return Check(NAME, True, f"{listen.host}:{listen.port} is free")


def _busy_port(listen: Peer, running: Holder | None, error: OSError) -> Check:
    place = f"{listen.host}:{listen.port}"
    if error.errno != errno.EADDRINUSE:
        return Check(NAME, False, f"{place}: {error.strerror}", "set osc.listen, as 127.0.0.1:11010")
    answers = ping(listen)
    if running and running.port == listen.port:
        found = f"{place} is held by the daemon (pid {running.pid})"
        if answers:
            return Check(NAME, True, f"{found}, which answers")
        return Check(
            NAME, False, f"{found}, which does not answer", f"see its log; {how_to_end(running)}, then start it again"
        )
    who = "an audiogen-daemon with another state folder" if answers else "another program"
    see = f"lsof -nP -iUDP:{listen.port}"
    return Check(
        NAME, False, f"{place} is held by {who}", f"end it (find it with: {see}), or set osc.listen to another port"
    )


def ping(listen: Peer, timeout: float = PING_TIMEOUT) -> bool:
    """Whether a daemon answers there within `timeout` seconds."""
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listen.host, listen.host)
    word = os.getpid()
    with closing(_udp(here)) as asking, suppress(OSError, osc.MalformedOSC):
        asking.settimeout(timeout)
        asking.connect((here, listen.port))
        asking.send(osc.encode("/ping", [word]))
        return ("/pong", [word]) in osc.decode(asking.recv(osc.MAX_DATAGRAM))
    return False


def _udp(host: str) -> socket.socket:
    return socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
