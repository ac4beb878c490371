"""The command line: what there is, and which file does it."""

import argparse
import importlib
import sys
from pathlib import Path

from audiogen_daemon import __version__
from audiogen_daemon.errors import CommandError, EngineError, JobError
from audiogen_daemon.service.manager import exit_code

DONE, FAILED, WRONG_USAGE = 0, 1, 2

COMMANDS = {
    "run": "the daemon, in the foreground",
    "demo": "hear it: a private daemon, one take over real UDP",
    "generate": "make one take without a daemon",
    "record": "record the input into the in folder, for a melody or a style to follow",
    "batch": "make a take of each line of a file",
    "send": "send OSC to a running daemon and print what it answers",
    "models": "what is installed and what can be fetched",
    "fetch": "download a model (the only command that uses the network)",
    "convert": "turn .bin checkpoints into folders that play",
    "evaluate": "measure how well a model follows its prompts",
    "info": "print what a stem knows of itself",
    "install": "start at login: launchd on macOS, systemd --user on Linux",
    "uninstall": "stop starting at login",
    "start": "start the login service",
    "stop": "stop the login service",
    "status": "how the login service and the daemon are",
    "doctor": "check this machine, each finding with its cure",
}
_MODULES = {
    "fetch": "models",
    "install": "service",
    "uninstall": "service",
    "start": "service",
    "stop": "service",
    "status": "service",
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 1 failed, 2 wrong usage."""
    words = sys.argv[1:] if arguments is None else arguments
    parser = _parser(_wanted(words))
    options = parser.parse_args(words)
    try:
        code: int = options.run(options)
    except CommandError as error:
        print(f"audiogen-daemon: {error}", file=sys.stderr)
        return exit_code(WRONG_USAGE)
    except (JobError, EngineError, OSError) as error:
        print(f"audiogen-daemon: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return FAILED
    return code


def _wanted(words: list[str]) -> str | None:
    """The command that was typed: only its file is imported, so that each starts quickly."""
    return next((word for word in words if word in COMMANDS), None)


def _parser(wanted: str | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="audiogen-daemon", description="A real-time DAW companion: music generation, played and kept over OSC."
    )
    parser.add_argument("--version", action="version", version=__version__)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--config", type=Path, metavar="FILE", help="configuration file instead of the platform's")
    shared.add_argument(
        "--set", action="append", default=[], metavar="SECTION.KEY=VALUE", help="change one setting; repeatable"
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, text in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text, parents=[shared])
        if name == wanted:
            module = importlib.import_module(f"audiogen_daemon.commands.{_MODULES.get(name, name)}")
            module.arguments(command)
            command.set_defaults(run=module.run)
    return parser
