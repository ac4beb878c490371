"""What a login service is: one program that the platform's service manager starts, keeps alive and stops."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from audiogen_daemon.config import Config
from audiogen_daemon.errors import CommandError

LABEL = "com.audiogen.daemon"
SUPERVISED = "AUDIOGEN_SERVICE"
"""Environment variable that tells the daemon which service manager started it."""

RESTART_PAUSE = 10
"""Seconds between a crash and the next start."""
STOP_TIMEOUT = 15
"""Seconds between SIGTERM and SIGKILL."""
WRONG_USAGE = 2
"""Exit code of a configuration that cannot be; no restart cures it."""

FOLDERS = ("daemon.state", "daemon.log", "models.folder", "stems.folder")
CARRIED = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")
SEARCH_PATH = ("/opt/homebrew/bin", "/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")


class ServiceError(CommandError):
    """The service could not be asked, installed or started; names what was found and the cure."""


@dataclass(frozen=True)
class Program:
    """What the service manager runs; it expands neither ~ nor variables, so every path is absolute.

    arguments: the command. folder: where it runs; one that nobody deletes. log: folder for what it prints in a crash.
    """

    arguments: tuple[str, ...]
    folder: Path
    log: Path
    environment: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Status:
    """manager: launchd or systemd. file: its description of the service. last_exit: in the manager's words, or ""."""

    manager: str
    file: Path
    installed: bool
    running: bool
    pid: int | None
    last_exit: str


@dataclass(frozen=True)
class Answer:
    """What a command line tool said: stdout and stderr together."""

    code: int
    text: str


class Manager(Protocol):
    """A platform's service manager. Every method raises ServiceError when the manager refuses or is not there."""

    def render(self, program: Program) -> bytes:
        """Return the file that describes the service."""
        ...

    def install(self, program: Program) -> Path:
        """Write the service's file and start it, now and at every login; an installed one is replaced."""
        ...

    def uninstall(self) -> bool:
        """Stop the service and remove its file; False when there was none."""
        ...

    def start(self) -> None:
        """Start the installed service; one that runs is left alone."""
        ...

    def stop(self) -> None:
        """Stop it until the next `start` or login."""
        ...

    def status(self) -> Status:
        """Return how it is."""
        ...


def program(
    config: Config,
    config_file: Path | None = None,
    sets: Sequence[str] = (),
    python: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Program:
    """Return the daemon's command as the person who installs it would run it, freed of their terminal.

    Args:
        config: what config_file, sets and environment say together.
        config_file: named with --config; None leaves the daemon to look in its own place at every start.
        sets: `section.key=value` of the command line, kept for every start.
        python: the interpreter, this one by default. A venv's link is not resolved: it is what finds the packages.
        environment: variables that change what the daemon does are kept.
    """
    python = (python or Path(sys.executable)).absolute()
    around = os.environ if environment is None else environment
    arguments = [str(python), "-m", "audiogen_daemon", "run"]
    if config_file is not None:
        arguments += ["--config", str(config_file.expanduser().absolute())]
    for text in sets:
        name, _, value = text.partition("=")
        arguments += ["--set", f"{name.strip()}={_settled(config, name.strip(), value)}"]
    kept = {
        "PATH": ":".join((str(python.parent), *SEARCH_PATH)),
        "HF_HOME": str(Path(around.get("HF_HOME", "~/.cache/huggingface")).expanduser().absolute()),
        "PYTHONUNBUFFERED": "1",
    }
    for name in sorted(around):
        if name in CARRIED:
            kept[name] = around[name]
        elif name.startswith("AUDIOGEN_") and name != SUPERVISED:
            section, _, key = name.removeprefix("AUDIOGEN_").lower().partition("_")
            kept[name] = _settled(config, f"{section}.{key}", around[name])
    return Program(tuple(arguments), Path.home(), Path(config.daemon.log), tuple(kept.items()))


def _settled(config: Config, name: str, text: str) -> str:
    """The value of a setting in words that do not depend on the working directory."""
    section, _, key = name.partition(".")
    return str(getattr(getattr(config, section), key)) if name in FOLDERS else text


def supervisor(environment: Mapping[str, str] | None = None) -> str:
    """Return the service manager that started this process, or "" when a person did."""
    return (os.environ if environment is None else environment).get(SUPERVISED, "")


def exit_code(code: int, environment: Mapping[str, str] | None = None) -> int:
    """Return the code to exit with: launchd restarts after any but 0, so what no restart cures ends with 0 there."""
    return 0 if code == WRONG_USAGE and supervisor(environment) == "launchd" else code


def call(*words: str, timeout: float = 60.0) -> Answer:
    """Run a service manager's command line tool; a refusal is an Answer, not an error.

    Raises:
        ServiceError: the tool is not there, or gives no answer within `timeout` seconds.
    """
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=timeout,
        )
    except OSError as error:
        raise ServiceError(
            f"{words[0]} cannot be run here ({error.strerror}); run the daemon in a terminal: audiogen-daemon run"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise ServiceError(f"`{' '.join(words)}` gave no answer in {timeout:g} s; try again, or restart") from error
    return Answer(done.returncode, done.stdout.strip())


def write_file(file: Path, content: bytes, *folders: Path) -> None:
    """Write a service's file whole or not at all, after making its folder and those it needs.

    Raises:
        ServiceError: no right to write there, or no space.
    """
    partial = file.with_name(f".{file.name}.part")
    try:
        for folder in (file.parent, *folders):
            folder.mkdir(parents=True, exist_ok=True)
        partial.write_bytes(content)
        partial.chmod(0o644)
        partial.replace(file)
    except OSError as error:
        with suppress(OSError):
            partial.unlink()
        raise ServiceError(
            f"{error.filename2 or error.filename} cannot be written: {error.strerror}; check its owner and rights"
        ) from error
