"""`audiogen-daemon send`: OSC to a running daemon, and what it answers."""

import argparse
import json
from pathlib import Path
from typing import Any

from audiogen_daemon import config as configuration
from audiogen_daemon.client import Client
from audiogen_daemon.errors import EngineError
from audiogen_daemon.messages import Peer
from audiogen_daemon.service.lock import holder

ENDS = ("/stem/saved", "/take/cancelled", "/take/failed")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("address", help="such as /generate")
    parser.add_argument("values", nargs="*", metavar="VALUE", help="numbers are sent as numbers")
    parser.add_argument("--wait", type=float, default=1.0, metavar="S", help="seconds to listen for answers")
    parser.add_argument("--follow", action="store_true", help="listen until the take has ended")
    parser.add_argument("--json", action="store_true", help="one JSON array per answer")


def run(options: argparse.Namespace) -> int:
    """Send and print; fails when nothing answers or the answer is /error."""
    config = configuration.load(options.config, options.set)
    failed, answered = False, False
    with client_for(config) as client:
        if options.follow:
            client.send("/subscribe")
        client.send(options.address, *(_typed(v) for v in options.values))
        for address, values in client.answers(3600.0 if options.follow else options.wait):
            if address == "/subscribed":
                continue
            answered, failed = True, failed or address == "/error"
            print(
                json.dumps([address, *values]) if options.json else " ".join(map(str, (address, *values))), flush=True
            )
            if options.follow and (address in ENDS or address == "/error"):
                break
    if not answered:
        raise EngineError(
            f"no answer from {client.peer.host}:{client.peer.port} within {options.wait:g} s; is the daemon running? "
            "start it: audiogen-daemon run"
        )
    return 1 if failed else 0


def client_for(config: configuration.Config) -> Client:
    """Return a client of the daemon of this configuration."""
    peer = running_at(config)
    return Client(peer.host, peer.port)


def running_at(config: configuration.Config) -> Peer:
    """Return where the daemon of this configuration listens: what it published, else what is configured."""
    found = holder(Path(config.daemon.state))
    if found is not None and found.port:
        host = "127.0.0.1" if found.host in ("0.0.0.0", "::") else found.host
        return Peer(host, found.port)
    return Peer("127.0.0.1" if config.osc.lan else config.listen.host, config.listen.port)


def _typed(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text
