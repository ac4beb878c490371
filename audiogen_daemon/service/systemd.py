"""The daemon as a `systemd --user` unit: the login service on Linux.

Source: systemd.service(5), systemd.unit(5), systemctl(1).
"""

import os
from pathlib import Path

from audiogen_daemon.service.manager import (
    RESTART_PAUSE,
    STOP_TIMEOUT,
    SUPERVISED,
    WRONG_USAGE,
    Program,
    ServiceError,
    Status,
    call,
    write_file,
)

UNIT = "audiogen-daemon.service"

TEMPLATE = """\
[Unit]
Description=audiogen-daemon, music generation for the DAW over OSC
After=pipewire.service wireplumber.service pulseaudio.service
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={command}
WorkingDirectory={folder}
{environment}
Restart=on-failure
RestartSec={pause}
RestartPreventExitStatus={wrong_usage}
TimeoutStopSec={stop_timeout}
KillMode=mixed

[Install]
WantedBy=default.target
"""


class Systemd:
    """The user's systemd, spoken to by systemctl."""

    def __init__(self) -> None:
        folder = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
        self.file = Path(folder) / "systemd" / "user" / UNIT

    def render(self, program: Program) -> bytes:
        """Return the unit.

        No start limit: like launchd, it tries again every ten seconds for ever. `mixed` sends SIGTERM to the daemon
        alone, so that the engine can finish the running take.
        """
        variables = {**dict(program.environment), SUPERVISED: "systemd"}
        return TEMPLATE.format(
            command=" ".join(_quoted(word).replace("$", "$$") for word in program.arguments),
            folder=str(program.folder).replace("%", "%%"),
            environment="\n".join(f"Environment={_quoted(f'{k}={v}')}" for k, v in variables.items()),
            pause=RESTART_PAUSE,
            wrong_usage=WRONG_USAGE,
            stop_timeout=STOP_TIMEOUT,
        ).encode()

    def install(self, program: Program) -> Path:
        """Write the unit, enable it for every login and start it; without a session bus nothing is written."""
        self._systemctl("show", "--property=Version")
        write_file(self.file, self.render(program))
        self._systemctl("daemon-reload")
        self._systemctl("enable", UNIT)
        self._systemctl("restart", UNIT)
        return self.file

    def uninstall(self) -> bool:
        """Disable and stop the unit, and remove it."""
        if not self.file.exists():
            return False
        self._systemctl("disable", "--now", UNIT)
        self.file.unlink()
        self._systemctl("daemon-reload")
        return True

    def start(self) -> None:
        """Start the unit."""
        if not self.file.exists():
            raise ServiceError("the login service is not installed; run: audiogen-daemon install")
        self._systemctl("start", UNIT)

    def stop(self) -> None:
        """Stop the unit; systemd restarts nothing that it was told to stop."""
        if self.file.exists():
            self._systemctl("stop", UNIT)

    def status(self) -> Status:
        """Return what `systemctl show` says."""
        text = self._systemctl("show", UNIT, "--property=ActiveState,MainPID,Result,ExecMainStatus")
        found = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
        pid, result = int(found.get("MainPID", "0")), found.get("Result", "")
        return Status(
            manager="systemd",
            file=self.file,
            installed=self.file.exists(),
            running=found.get("ActiveState") == "active",
            pid=pid or None,
            last_exit="" if result in ("", "success") else f"{result} {found.get('ExecMainStatus', '')}".strip(),
        )

    def _systemctl(self, *words: str) -> str:
        answer = call("systemctl", "--user", *words)
        if answer.code == 0:
            return answer.text
        if "connect to bus" in answer.text:
            uid = os.getuid()
            raise ServiceError(
                f"no user session to run a service in ({answer.text}); log in on the desktop, or once run: "
                f"sudo loginctl enable-linger {uid} and export XDG_RUNTIME_DIR=/run/user/{uid}"
            )
        raise ServiceError(
            f"`systemctl --user {' '.join(words)}` failed: {answer.text or f'exit code {answer.code}'}; "
            f"see: journalctl --user -u {UNIT} -n 50"
        )


def _quoted(text: str) -> str:
    """Return a word as unit files write it: % starts a specifier, backslash, quote and line ends are escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%")
    escaped = escaped.replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
