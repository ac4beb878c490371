"""Stand-ins for launchctl and systemctl: they write down how they were called and act like the real ones."""

import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from audiogen_daemon import config
from audiogen_daemon.service.manager import Program, program

LAUNCHCTL = """\
#!/bin/sh
cd "$(dirname "$0")/../state" || exit 99
echo "$@" >> calls
case "$1" in
print)
    if [ -s leaving ]; then
        sed -i.before 1d leaving
    elif [ ! -e loaded ]; then
        echo "Could not find service \\"com.audiogen.daemon\\" in domain for user gui: 501"; exit 113
    fi
    cat print ;;
bootstrap)
    if [ -e no_desktop ]; then echo "Bootstrap failed: 125: Domain does not support specified action"; exit 125; fi
    if [ -s busy ]; then sed -i.before 1d busy; echo "Bootstrap failed: 5: Input/output error"; exit 5; fi
    if [ -s leaving ] || [ -e loaded ]; then echo "Bootstrap failed: 5: Input/output error"; exit 5; fi
    : > loaded ;;
bootout)
    if [ ! -e loaded ]; then echo "Boot-out failed: 3: No such process"; exit 3; fi
    [ -e stubborn ] || rm loaded ;;
esac
"""

SYSTEMCTL = """\
#!/bin/sh
cd "$(dirname "$0")/../state" || exit 99
echo "$@" >> calls
if [ -e no_bus ]; then echo "Failed to connect to bus: No medium found" >&2; exit 1; fi
case "$2" in
show) cat show ;;
start|restart) if [ -e broken ]; then echo "Job for audiogen-daemon.service failed." >&2; exit 1; fi ;;
esac
"""


@dataclass(frozen=True)
class StandIn:
    """A tool's state folder: a file in it is a fact that the tool acts on."""

    folder: Path

    def calls(self) -> list[str]:
        return (self.folder / "calls").read_text().splitlines() if (self.folder / "calls").exists() else []

    def verbs(self) -> list[str]:
        """The changes that were asked for, without looks."""
        words = [call.removeprefix("--user ").split()[0] for call in self.calls()]
        return [word for word in words if word not in ("print", "show")]

    def set(self, name: str, text: str = "") -> None:
        (self.folder / name).write_text(text)


def stand_in(folder: Path, tool: str, script: str, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    for name in ("bin", "state", "home"):
        (folder / name).mkdir()
    file = folder / "bin" / tool
    file.write_text(script)
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(folder / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    return StandIn(folder / "state")


@pytest.fixture
def launchctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    tool = stand_in(tmp_path, "launchctl", LAUNCHCTL, monkeypatch)
    tool.set("print", "gui/501/com.audiogen.daemon = {\n\tstate = running\n\tpid = 1\n}\n")
    return tool


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    tool = stand_in(tmp_path, "systemctl", SYSTEMCTL, monkeypatch)
    tool.set("show", "Version=252\n")
    return tool


@pytest.fixture
def settings(tmp_path: Path) -> config.Config:
    sets = [f"{name}={tmp_path / 'my music'}/{name}" for name in ("daemon.state", "daemon.log", "stems.folder")]
    return config.load(sets=sets, environment={})


@pytest.fixture
def daemon(settings: config.Config, tmp_path: Path) -> Program:
    file = tmp_path / "my config" / "audiogen.toml"
    python = tmp_path / "my venv" / "bin" / "python"
    return program(settings, file, ["osc.listen=127.0.0.1:12010"], python, environment={"HF_HOME": "/models/hf"})
