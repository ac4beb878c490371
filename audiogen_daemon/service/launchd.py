"""The daemon as a LaunchAgent of the logged-in Mac user, who alone has a sound device and a GPU.

Source: launchd.plist(5), launchctl(1).
"""

import os
import plistlib
import re
import time
from pathlib import Path
from typing import Any

from audiogen_daemon.service.manager import (
    LABEL,
    RESTART_PAUSE,
    STOP_TIMEOUT,
    SUPERVISED,
    Answer,
    Program,
    ServiceError,
    Status,
    call,
    write_file,
)

IO_ERROR = 5
IN_PROGRESS = (36, 37)
NO_DESKTOP = 125
CRASHES = "crash.log"


class Launchd:
    """launchd, spoken to by launchctl.

    patience: seconds to wait until an old copy is gone. pause: seconds between two looks.
    """

    def __init__(self, patience: float = STOP_TIMEOUT + 5.0, pause: float = 0.25) -> None:
        self.file = Path.home() / "Library" / "LaunchAgents" / f"{LABEL}.plist"
        self.domain = f"gui/{os.getuid()}"
        self.target = f"{self.domain}/{LABEL}"
        self.patience = patience
        self.pause = pause

    def render(self, program: Program) -> bytes:
        """Return the property list; it is named after its Label.

        `Interactive` keeps macOS from slowing the daemon down. KeepAlive restarts it after a crash and leaves it down
        after exit code 0.
        """
        crashes = str(program.log / CRASHES)
        content: dict[str, Any] = {
            "Label": LABEL,
            "ProgramArguments": list(program.arguments),
            "RunAtLoad": True,
            "KeepAlive": {"SuccessfulExit": False},
            "ThrottleInterval": RESTART_PAUSE,
            "ExitTimeOut": STOP_TIMEOUT,
            "ProcessType": "Interactive",
            "LimitLoadToSessionType": "Aqua",
            "WorkingDirectory": str(program.folder),
            "EnvironmentVariables": {**dict(program.environment), SUPERVISED: "launchd"},
            "StandardOutPath": crashes,
            "StandardErrorPath": crashes,
            "SoftResourceLimits": {"NumberOfFiles": 1024},
        }
        try:
            return plistlib.dumps(content, sort_keys=False)
        except ValueError as error:
            raise ServiceError(f"a setting or variable cannot stand in a property list ({error}); change it") from error

    def install(self, program: Program) -> Path:
        """Write the property list and load it, which starts the daemon."""
        write_file(self.file, self.render(program), program.log)
        self._load()
        return self.file

    def uninstall(self) -> bool:
        """Unload the daemon and remove its property list."""
        self._unload()
        installed = self.file.exists()
        self.file.unlink(missing_ok=True)
        return installed

    def start(self) -> None:
        """Load the daemon, or start it again where it is loaded but ended."""
        if not self.file.exists():
            raise ServiceError("the login service is not installed; run: audiogen-daemon install")
        if self._loaded():
            self._demand(call("launchctl", "kickstart", self.target), "start")
        else:
            self._load()

    def stop(self) -> None:
        """Unload the daemon: a signal alone would make KeepAlive start it again. The next login loads it again."""
        self._unload()

    def status(self) -> Status:
        """Return what `launchctl print` says."""
        answer = call("launchctl", "print", self.target)
        found = parse_print(answer.text) if answer.code == 0 else {}
        pid = found.get("pid", "")
        return Status(
            manager="launchd",
            file=self.file,
            installed=self.file.exists(),
            running=found.get("state") == "running",
            pid=int(pid) if pid.isdigit() else None,
            last_exit=found.get("last exit code", ""),
        )

    def _loaded(self) -> bool:
        return call("launchctl", "print", self.target).code == 0

    def _load(self) -> None:
        """Bootstrap, patiently: error 5 means that an old copy is loaded or still on its way out."""
        if self._loaded():
            self._unload()
        call("launchctl", "enable", self.target)
        deadline = time.monotonic() + self.patience
        while True:
            answer = call("launchctl", "bootstrap", self.domain, str(self.file))
            if answer.code not in (IO_ERROR, *IN_PROGRESS) or time.monotonic() > deadline:
                break
            time.sleep(self.pause)
            if self._loaded():
                self._unload()
        self._demand(answer, "load")

    def _unload(self) -> None:
        answer = call("launchctl", "bootout", self.target)
        deadline = time.monotonic() + self.patience
        while self._loaded():
            if time.monotonic() > deadline:
                raise ServiceError(
                    f"launchd does not let go of {LABEL} ({answer.text}); log out and in, then try again"
                )
            time.sleep(self.pause)

    def _demand(self, answer: Answer, verb: str) -> None:
        if answer.code == 0:
            return
        cure = f"check the file with: plutil -lint '{self.file}'"
        if answer.code == NO_DESKTOP:
            cure = "log in at the Mac's own screen: over ssh alone there is no desktop session to run in"
        raise ServiceError(f"launchd does not {verb} {LABEL}: {answer.text or f'error {answer.code}'}; {cure}")


def parse_print(text: str) -> dict[str, str]:
    """Return the service's own `name = value` lines of `launchctl print`, without those of the blocks inside it."""
    return dict(re.findall(r"^\t(\w[\w ]*) = ([^{\n]+)$", text, re.MULTILINE))
