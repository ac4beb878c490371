"""The program that a service manager is given, and the tools that it is asked with."""

import re
from pathlib import Path

import pytest

from audiogen_daemon import config, service
from audiogen_daemon.cli import main
from audiogen_daemon.service.launchd import Launchd
from audiogen_daemon.service.lock import Lock
from audiogen_daemon.service.manager import ServiceError, call, program, write_file
from audiogen_daemon.service.systemd import Systemd

PYTHON = Path("/venv/bin/python")


def test_the_program_runs_this_interpreter_with_the_configuration_it_was_installed_with(settings):
    made = program(settings, Path("mine.toml"), ["take.seconds=4"], PYTHON, environment={})

    here = Path("mine.toml").absolute()
    assert made.arguments == (
        *("/venv/bin/python", "-m", "audiogen_daemon", "run"),
        *("--config", str(here), "--set", "take.seconds=4"),
    )


def test_a_relative_folder_means_the_same_in_the_service_as_in_the_terminal(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sets = ["stems.folder=./takes", "take.prompt=a=b"]
    around = {"AUDIOGEN_MODELS_FOLDER": "models"}

    made = program(config.load(sets=sets, environment=around), None, sets, PYTHON, around)

    assert f"stems.folder={tmp_path / 'takes'}" in made.arguments
    assert "take.prompt=a=b" in made.arguments
    assert dict(made.environment)["AUDIOGEN_MODELS_FOLDER"] == str(tmp_path / "models")


def test_variables_that_change_the_daemon_are_kept_and_no_others(settings):
    around = {"AUDIOGEN_TAKE_SECONDS": "4", "XDG_DATA_HOME": "/data", "TOKEN": "secret", "AUDIOGEN_SERVICE": "launchd"}

    kept = dict(program(settings, None, (), PYTHON, around).environment)

    assert set(kept) == {"PATH", "HF_HOME", "PYTHONUNBUFFERED", "AUDIOGEN_TAKE_SECONDS", "XDG_DATA_HOME"}
    assert kept["PATH"].split(":")[0] == "/venv/bin"
    assert Path(kept["HF_HOME"]).is_absolute()


@pytest.mark.parametrize(("system", "kind"), [("Darwin", Launchd), ("Linux", Systemd)])
def test_each_platform_has_its_manager(system, kind, monkeypatch):
    monkeypatch.setattr("platform.system", lambda: system)

    assert isinstance(service.manager(), kind)


def test_another_platform_is_told_what_to_run_instead(monkeypatch):
    monkeypatch.setattr("platform.system", lambda: "Windows")

    with pytest.raises(ServiceError, match=r"Windows.*audiogen-daemon run"):
        service.manager()


def test_a_missing_tool_is_told_with_what_to_run_instead():
    with pytest.raises(ServiceError, match=r"no-such-launchctl cannot be run.*audiogen-daemon run"):
        call("no-such-launchctl", "print")


def test_a_tool_that_hangs_is_given_up():
    with pytest.raises(ServiceError, match=r"`sleep 60` gave no answer in 0.1 s"):
        call("sleep", "60", timeout=0.1)


def test_wrong_usage_does_not_make_launchd_start_it_again_for_ever():
    assert service.exit_code(2, {"AUDIOGEN_SERVICE": "launchd"}) == 0
    assert service.exit_code(2, {"AUDIOGEN_SERVICE": "systemd"}) == 2
    assert service.exit_code(2, {}) == 2
    assert service.exit_code(1, {"AUDIOGEN_SERVICE": "launchd"}) == 1


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path):
    (tmp_path / "home").write_text("in the way")

    with pytest.raises(ServiceError, match=r"home.* cannot be written: Not a directory; check its owner"):
        write_file(tmp_path / "home" / "agents" / "file", b"")


def test_a_file_that_cannot_be_replaced_leaves_nothing_half_written(tmp_path):
    (tmp_path / "file" / "folder").mkdir(parents=True)

    with pytest.raises(ServiceError, match="file cannot be written"):
        write_file(tmp_path / "file", b"new")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_stop_tells_of_a_daemon_that_is_not_the_services_and_runs_on(systemctl, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(service, "manager", Systemd)
    words = ["stop", "--set", f"daemon.state={tmp_path / 'daemon'}"]
    with Lock(tmp_path / "daemon"):
        assert main(words) == 2
    assert re.search(r"not the login service's; .* kill \d+", capsys.readouterr().err)
    assert main(words) == 0
    assert "stopped until" in capsys.readouterr().out
