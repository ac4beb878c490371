"""`install`, `uninstall`, `start`, `stop`, `status`: the login service, and how the daemon is."""

import argparse
import dataclasses
import json
from pathlib import Path

from audiogen_daemon import config as configuration
from audiogen_daemon import service
from audiogen_daemon.commands.send import client_for, why
from audiogen_daemon.errors import EngineError
from audiogen_daemon.service.lock import holder


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    if parser.prog.endswith("status"):
        parser.add_argument("--json", action="store_true", help="print as JSON")


def run(options: argparse.Namespace) -> int:
    """Do to the service what the command's name says."""
    config = configuration.load(options.config, options.set)
    if options.command == "status":
        return _status(config, options.json)
    manager = service.manager()
    if options.command == "install":
        file = manager.install(service.program(config, options.config, options.set))
        print(f"{file} is installed; the daemon runs now and from every login on")
    elif options.command == "uninstall":
        print("the service is gone" if manager.uninstall() else "there was no service")
    elif options.command == "start":
        manager.start()
        print("started")
    else:
        manager.stop()
        return _stopped(config)
    return 0


def _stopped(config: configuration.Config) -> int:
    """Say that the service is stopped; fails where a daemon that somebody else started runs on."""
    found = holder(Path(config.daemon.state))
    if found is not None:
        reason = f"the daemon that runs (pid {found.pid}) is not the login service's"
        raise service.ServiceError(f"{reason}; end it where it was started with Ctrl-C, or: kill {found.pid}")
    print("stopped until the next start or login")
    return 0


def _status(config: configuration.Config, as_json: bool) -> int:
    """Print both; 0 when a daemon answers, 1 when none does."""
    facts: dict[str, object] = {}
    try:
        state = service.manager().status()
        facts["service"] = dataclasses.asdict(state) | {"file": str(state.file)}
    except service.ServiceError as error:
        facts["service"] = str(error)
    found = holder(Path(config.daemon.state))
    facts["pid"] = found.pid if found else None
    answer = _ask(config)
    facts["daemon"] = answer
    if as_json:
        print(json.dumps(facts))
    else:
        print(f"service: {_words(facts['service'])}")
        where = f" (pid {found.pid}, udp {found.host}:{found.port})" if found else ""
        memory = {name: value for name, value in (answer or {}).items() if name.endswith("_mb")}
        rest = {name: value for name, value in (answer or {}).items() if name not in memory}
        nobody = why(config) if found else "not running; start it: audiogen-daemon run"
        print(f"daemon:  {_words(rest) + where if answer else nobody}")
        if memory:
            print(f"memory:  {_words({name.removesuffix('_mb'): value for name, value in memory.items()})} (MB)")
    return 0 if answer else 1


def _ask(config: configuration.Config) -> dict[str, object] | None:
    try:
        client = client_for(config)
    except EngineError:
        return None
    with client:
        client.send("/status")
        for address, values in client.answers(1.0):
            if address == "/status/reply":
                return dict(zip(values[::2], values[1::2], strict=False))
    return None


def _words(facts: object) -> str:
    if not isinstance(facts, dict):
        return str(facts)
    return ", ".join(f"{k} {f'{v:.1f}' if isinstance(v, float) else v}" for k, v in facts.items())
