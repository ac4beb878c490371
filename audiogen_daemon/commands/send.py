"""`audiogen-daemon send`: OSC to a running daemon, and what it answers."""

import argparse
import json
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn
from rich.progress import Progress as Bar

from audiogen_daemon import config as configuration
from audiogen_daemon.client import Client
from audiogen_daemon.errors import CommandError, EngineError
from audiogen_daemon.messages import Peer
from audiogen_daemon.service.lock import holder, how_to_end

ENDS = ("/stem/saved", "/take/cancelled", "/take/failed")
NOISE = ("/take/progress", "/preview/started", "/preview/written", "/stem/landed", "/monitor/level", "/record/progress")
"""What only programs want to read of a take that is followed."""

LONGEST = 3600.0
"""Seconds that takes are followed."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("address", help="such as /generate")
    parser.add_argument("values", nargs="*", metavar="VALUE", help="numbers are sent as numbers")
    parser.add_argument("--wait", type=float, default=1.0, metavar="S", help="seconds to listen for answers")
    parser.add_argument("--follow", action="store_true", help="listen until the takes that this asks for have ended")
    parser.add_argument("--json", action="store_true", help="one JSON array per answer")


def run(options: argparse.Namespace) -> int:
    """Send and print; fails when no daemon is there, it answers /error, or a take that is followed fails."""
    if not options.address.startswith("/"):
        raise CommandError(f'"{options.address}" is no address; did you mean /{options.address}?')
    config = configuration.load(options.config, options.set)
    asked = Asked(options.address, options.follow)
    with client_for(config) as client, _bar() as bar:
        for address, values in _heard(client, options, asked):
            if options.json:
                print(json.dumps([address, *values]), flush=True)
            elif options.follow and address in NOISE:
                asked.draw(bar, address, values)
            else:
                print(" ".join(map(_shown, (address, *values))), flush=True)
    if not asked.taken:
        raise EngineError(
            f"no answer from {client.peer.host}:{client.peer.port} within {options.wait:g} s; {why(config)}"
        )
    return 1 if asked.failed else 0


class Asked:
    """What became of one message: whether it was taken, and of which takes that it asked for the end is not heard yet.

    What is queued before the ping behind the message is answered was asked for by it; where nothing is, as when the
    file of /again has to be read first, what is queued next.
    """

    def __init__(self, address: str, follow: bool) -> None:
        self.token = f"send-{uuid.uuid4().hex[:12]}"
        self.taken = self.failed = False
        self._address, self._follow = address, follow
        self._pinged = False
        self._takes: dict[int, bool] = {}
        self._tasks: dict[int, TaskID] = {}

    @property
    def goes_on(self) -> bool:
        """Whether a take that is followed has yet to end."""
        return self._follow and not all(self._takes.values())

    @property
    def over(self) -> bool:
        """Whether all takes that are followed have ended, or there will be none."""
        return self._follow and self._pinged and (self.failed if not self._takes else not self.goes_on)

    def hears(self, address: str, values: list[Any]) -> bool:
        """Take a message in and return whether it is an answer to what was asked, and not about something else."""
        self.taken = True
        if address == "/pong" and values == [self.token]:
            self._pinged = True
            return False
        if address == "/error" and (not self._follow or values[:1] == [self._address]):
            self.failed = True
        if self._follow and address == "/error" and values[0] == "/stem/saved":
            self._held(str(values[1]))
        if address == "/take/queued" and (not self._pinged or not self._takes):
            self._takes.setdefault(values[0], False)
        if self._follow and address.startswith(("/take/", "/stem/saved", "/preview/")) and values[0] not in self._takes:
            return False
        if self._follow and address in ENDS:
            self._takes[values[0]] = True
            self.failed = self.failed or address == "/take/failed"
        return address != "/subscribed" or not self._follow

    def _held(self, reason: str) -> None:
        """End a take whose stem has to wait for the drop folder, which may take for ever."""
        for take in self._takes:
            if reason.startswith(f"take {take} "):
                self._takes[take] = self.failed = True

    def draw(self, bar: Bar, address: str, values: list[Any]) -> None:
        """Show on the bar how far a take is."""
        if address == "/take/progress":
            take, fraction = values[:2]
            if take not in self._tasks:
                self._tasks[take] = bar.add_task(f"take {take}", total=1.0)
            bar.update(self._tasks[take], completed=fraction)


def _heard(client: Client, options: argparse.Namespace, asked: Asked) -> Iterator[tuple[str, list[Any]]]:
    """Send the message and yield what is answered, or with --follow what is said until its takes have ended."""
    if options.follow:
        client.send("/subscribe")
    client.send(options.address, *(_typed(v) for v in options.values))
    client.send("/ping", asked.token)  # few addresses have an answer of their own, and a daemon always has this one
    for address, values in client.answers(options.wait):
        if asked.hears(address, values):
            yield address, values
        if asked.over:
            return
    while asked.goes_on:
        for address, values in client.answers(LONGEST):
            if asked.hears(address, values):
                yield address, values
            if asked.over:
                return
        raise EngineError(f"the take has not ended within {LONGEST:g} s; audiogen-daemon send /status")


def _bar() -> Bar:
    """Return a bar that goes when it is done, and that leaves alone what is written into a pipe."""
    columns, console = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()), Console(stderr=True)
    shown = console.is_terminal
    return Bar(*columns, console=console, transient=True, disable=not shown, redirect_stdout=sys.stdout.isatty())


def client_for(config: configuration.Config) -> Client:
    """Return a client of the daemon of this configuration."""
    peer = running_at(config)
    return Client(peer.host, peer.port)


def why(config: configuration.Config) -> str:
    """Say why nobody answers, and what to do."""
    found = holder(Path(config.daemon.state))
    if found is None:
        return "is the daemon running? start it: audiogen-daemon run"
    cure = f"see its log in {config.daemon.log}, or {how_to_end(found)}"
    return f"the daemon (pid {found.pid}) runs but does not answer: {cure}"


def running_at(config: configuration.Config) -> Peer:
    """Return where the daemon of this configuration listens: what it published, else what is configured.

    Raises:
        EngineError: there is none, and the configuration takes any free port.
    """
    found = holder(Path(config.daemon.state))
    if found is not None and found.port:
        host = "127.0.0.1" if found.host in ("0.0.0.0", "::") else found.host
        return Peer(host, found.port)
    if not config.listen.port:
        raise EngineError(f"no daemon with the state folder {config.daemon.state}; {why(config)}")
    return Peer("127.0.0.1" if config.osc.lan else config.listen.host, config.listen.port)


def _typed(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _shown(value: Any) -> str:
    """Return a value as it is read by people: numbers with three decimals at most."""
    return f"{value:.3f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
