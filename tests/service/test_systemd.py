"""The systemd unit: systemd reads back what was meant, and systemctl is asked for the right things."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from audiogen_daemon.service.manager import Program, ServiceError
from audiogen_daemon.service.systemd import Systemd


def lines(unit: bytes) -> list[tuple[str, str]]:
    return [(k, v) for k, _, v in (line.partition("=") for line in unit.decode().splitlines()) if v]


def test_the_unit_says_what_the_launch_agent_says(daemon, systemctl):
    unit = lines(Systemd().render(daemon))

    values = dict(unit)
    assert shlex.split(values["ExecStart"]) == list(daemon.arguments)
    assert values["WorkingDirectory"] == str(daemon.folder)
    assert values["Type"] == "exec"
    assert values["Restart"] == "on-failure"
    assert values["RestartSec"] == "10"
    assert values["StartLimitIntervalSec"] == "0"
    assert values["RestartPreventExitStatus"] == "2"
    assert values["TimeoutStopSec"] == "15"
    assert values["KillMode"] == "mixed"
    assert values["WantedBy"] == "default.target"
    assert ("Environment", '"AUDIOGEN_SERVICE=systemd"') in unit
    assert ("Environment", '"HF_HOME=/models/hf"') in unit


def test_characters_that_mean_something_to_systemd_are_escaped(systemctl):
    odd = Program(("/venv/python", '100% "wet" $HOME \\'), Path("/my 100%"), Path("/l"), (("A_B_C", '%h "$x"'),))

    values = lines(Systemd().render(odd))

    assert dict(values)["ExecStart"] == '"/venv/python" "100%% \\"wet\\" $$HOME \\\\"'
    assert dict(values)["WorkingDirectory"] == "/my 100%%"
    assert ("Environment", '"A_B_C=%%h \\"$x\\""') in values


def test_the_end_of_a_line_in_a_value_ends_no_line_of_the_unit(systemctl):
    odd = Program(("/venv/python", "--set", "take.prompt=a\nb"), Path("/"), Path("/l"), (("A_B_C", "x\nExecStop=/y"),))

    values = lines(Systemd().render(odd))

    assert dict(values)["ExecStart"].endswith('"take.prompt=a\\nb"')
    assert ("Environment", '"A_B_C=x\\nExecStop=/y"') in values
    assert "ExecStop" not in dict(values)


def test_systemds_own_checker_accepts_it(daemon, systemctl, tmp_path):
    checker = shutil.which("systemd-analyze")
    real = Program((sys.executable, *daemon.arguments[1:]), daemon.folder, daemon.log, daemon.environment)
    file = tmp_path / "audiogen-daemon.service"
    file.write_bytes(Systemd().render(real))

    command = [checker, "--user", "--man=no", "--generators=no", "verify", file]
    around = {"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)}
    checked = subprocess.run(command, capture_output=True, text=True, env=around) if checker else None

    assert checked is None or (checked.returncode, checked.stderr) == (0, "")


def test_install_enables_for_every_login_and_starts_now(daemon, systemctl):
    file = Systemd().install(daemon)

    assert file == Path.home() / ".config/systemd/user/audiogen-daemon.service"
    assert file.read_bytes() == Systemd().render(daemon)
    assert systemctl.verbs() == ["daemon-reload", "enable", "restart"]


def test_the_unit_lies_where_xdg_says(daemon, systemctl, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))

    assert Systemd().install(daemon) == tmp_path / "xdg/systemd/user/audiogen-daemon.service"


def test_without_a_session_bus_nothing_is_written_and_the_cure_is_named(daemon, systemctl):
    systemctl.set("no_bus")

    with pytest.raises(ServiceError, match=r"No medium found.*loginctl enable-linger \d+ and export XDG_RUNTIME_DIR"):
        Systemd().install(daemon)
    assert not Systemd().file.exists()


def test_a_unit_that_does_not_start_points_to_its_journal(daemon, systemctl):
    systemctl.set("broken")

    with pytest.raises(ServiceError, match=r"restart audiogen-daemon.service` failed: Job for.*journalctl --user -u"):
        Systemd().install(daemon)


def test_start_and_stop_of_an_installed_unit(daemon, systemctl):
    Systemd().install(daemon)

    Systemd().stop()
    Systemd().start()

    assert systemctl.calls()[-2:] == ["--user stop audiogen-daemon.service", "--user start audiogen-daemon.service"]


def test_start_without_install_says_so(systemctl):
    with pytest.raises(ServiceError, match="not installed; run: audiogen-daemon install"):
        Systemd().start()


def test_uninstall_stops_and_removes_and_can_be_repeated(daemon, systemctl):
    file = Systemd().install(daemon)

    assert Systemd().uninstall() is True
    assert not file.exists()
    assert "--user disable --now audiogen-daemon.service" in systemctl.calls()
    assert systemctl.verbs()[-1] == "daemon-reload"
    assert Systemd().uninstall() is False


@pytest.mark.parametrize(
    ("shown", "running", "pid", "last_exit"),
    [
        ("ActiveState=active\nMainPID=4711\nResult=success\nExecMainStatus=0\n", True, 4711, ""),
        ("ActiveState=inactive\nMainPID=0\nResult=success\nExecMainStatus=0\n", False, None, ""),
        ("ActiveState=activating\nMainPID=0\nResult=exit-code\nExecMainStatus=1\n", False, None, "exit-code 1"),
        ("ActiveState=failed\nMainPID=0\nResult=signal\nExecMainStatus=9\n", False, None, "signal 9"),
    ],
)
def test_status_reads_what_systemctl_shows(shown, running, pid, last_exit, daemon, systemctl):
    systemctl.set("show", shown)
    Systemd().install(daemon)

    status = Systemd().status()

    assert (status.installed, status.running, status.pid, status.last_exit) == (True, running, pid, last_exit)
