"""The login service: launchd on macOS, systemd --user on Linux."""

import platform

from audiogen_daemon.service.launchd import Launchd
from audiogen_daemon.service.manager import LABEL as LABEL
from audiogen_daemon.service.manager import Manager
from audiogen_daemon.service.manager import Program as Program
from audiogen_daemon.service.manager import ServiceError as ServiceError
from audiogen_daemon.service.manager import Status as Status
from audiogen_daemon.service.manager import exit_code as exit_code
from audiogen_daemon.service.manager import program as program
from audiogen_daemon.service.systemd import Systemd


def manager() -> Manager:
    """Return this platform's service manager.

    Raises:
        ServiceError: there is none that we know.
    """
    system = platform.system()
    if system == "Darwin":
        return Launchd()
    if system == "Linux":
        return Systemd()
    raise ServiceError(f"no login service on {system}, only on macOS and Linux; run: audiogen-daemon run")
