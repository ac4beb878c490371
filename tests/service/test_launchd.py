"""The LaunchAgent: its property list keeps launchd's rules, and launchctl is spoken to as it wants to be."""

import os
import plistlib
import shutil
import subprocess
from pathlib import Path

import pytest

from audiogen_daemon.service.launchd import Launchd, parse_print
from audiogen_daemon.service.manager import LABEL, Program, ServiceError

TEMPLATE = Path(__file__).parents[2] / "launchd" / f"{LABEL}.plist.template"

REQUIRED = {
    "Label": str,
    "ProgramArguments": list,
    "RunAtLoad": bool,
    "KeepAlive": dict,
    "ThrottleInterval": int,
    "ExitTimeOut": int,
    "ProcessType": str,
    "LimitLoadToSessionType": str,
    "WorkingDirectory": str,
    "EnvironmentVariables": dict,
    "StandardOutPath": str,
    "StandardErrorPath": str,
    "SoftResourceLimits": dict,
}

PRINTED = """\
gui/501/com.audiogen.daemon = {
	active count = 1
	path = /Users/ada/Library/LaunchAgents/com.audiogen.daemon.plist
	type = LaunchAgent
	state = running

	program = /Users/ada/audiogen/.venv/bin/python
	arguments = {
		/Users/ada/audiogen/.venv/bin/python
		-m
	}

	environment = {
		state = unknown
	}

	runs = 3
	pid = 4711
	immediate reason = inefficient
	last exit code = 1

	resource coalition = {
		ID = 1372
		type = resource
		state = active
		pid = 1
	}
}
"""


def broken_rules(content: dict, file_name: str) -> list[str]:
    """What launchd.plist(5) would not accept or would silently ignore."""
    broken = [f"unknown key {key}" for key in content if key not in REQUIRED]
    broken += [f"no {key}" for key in REQUIRED if key not in content]
    broken += [f"{key} is no {kind}" for key, kind in REQUIRED.items() if type(content.get(key)) is not kind]
    if broken:
        return broken
    paths = [content[key] for key in ("WorkingDirectory", "StandardOutPath", "StandardErrorPath")]
    paths += [content["ProgramArguments"][0], content["EnvironmentVariables"]["HF_HOME"]]
    paths += content["EnvironmentVariables"]["PATH"].split(":")
    broken += [f"{path} is not absolute" for path in paths if not os.path.isabs(path)]
    texts = [*content["ProgramArguments"], *content["EnvironmentVariables"].values(), *paths]
    broken += [f"{text} would have to be expanded" for text in texts if "~" in text or "$" in text]
    broken += [f"{text!r} is no text" for text in texts if not isinstance(text, str)]
    if file_name != f"{content['Label']}.plist":
        broken.append(f"the file {file_name} is not named after {content['Label']}")
    if content["ProcessType"] not in ("Background", "Standard", "Adaptive", "Interactive"):
        broken.append(f"ProcessType {content['ProcessType']}")
    return broken


def service(patience: float = 5.0) -> Launchd:
    return Launchd(patience=patience, pause=0.01)


def test_the_property_list_keeps_the_rules(daemon, launchctl):
    content = plistlib.loads(service().render(daemon))

    assert broken_rules(content, service().file.name) == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"KeepAlive": True}, "KeepAlive is no"),
        ({"ThrottleIntervall": 10}, "unknown key"),
        ({"WorkingDirectory": "audiogen"}, "not absolute"),
        ({"ProgramArguments": ["~/venv/bin/python"]}, "not absolute"),
        ({"Label": "com.audiogen"}, "not named after"),
    ],
)
def test_the_rules_refuse_what_launchd_would(change, rule, daemon, launchctl):
    content = plistlib.loads(service().render(daemon)) | change

    assert any(rule in broken for broken in broken_rules(content, service().file.name))


def test_it_is_restarted_after_a_crash_only_and_not_slowed_down(daemon, launchctl):
    content = plistlib.loads(service().render(daemon))

    assert content["ProgramArguments"] == list(daemon.arguments)
    assert content["RunAtLoad"] is True
    assert content["KeepAlive"] == {"SuccessfulExit": False}
    assert content["ThrottleInterval"] == 10
    assert content["ExitTimeOut"] == 15
    assert content["ProcessType"] == "Interactive"
    assert content["LimitLoadToSessionType"] == "Aqua"
    assert content["EnvironmentVariables"]["AUDIOGEN_SERVICE"] == "launchd"
    assert content["EnvironmentVariables"]["HF_HOME"] == "/models/hf"


def test_a_name_with_markup_and_umlauts_survives(launchctl):
    odd = Program(("/venv/python", "--set", 'take.prompt=<b> & "ümläut"'), Path("/Ü & <x>"), Path("/l"), ())

    content = plistlib.loads(service().render(odd))

    assert content["ProgramArguments"] == list(odd.arguments)
    assert content["WorkingDirectory"] == "/Ü & <x>"


def test_what_no_property_list_can_hold_is_refused(launchctl):
    with pytest.raises(ServiceError, match="cannot stand in a property list"):
        service().render(Program(("/venv/python",), Path("/"), Path("/l"), (("AUDIOGEN_TAKE_PROMPT", "a\x01b"),)))


def test_the_template_that_people_read_is_what_is_rendered(launchctl):
    shown = Program(
        arguments=("/PATH/TO/.venv/bin/python", "-m", "audiogen_daemon", "run"),
        folder=Path("/Users/YOU"),
        log=Path("/Users/YOU/Library/Logs/audiogen"),
        environment=(
            ("PATH", "/PATH/TO/.venv/bin:/opt/homebrew/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"),
            ("HF_HOME", "/Users/YOU/.cache/huggingface"),
            ("PYTHONUNBUFFERED", "1"),
        ),
    )

    assert plistlib.loads(TEMPLATE.read_bytes()) == plistlib.loads(service().render(shown))


def test_apples_own_checker_accepts_it(daemon, launchctl, tmp_path):
    checker = shutil.which("plutil")
    file = tmp_path / "service.plist"
    file.write_bytes(service().render(daemon))

    checked = subprocess.run([checker, "-lint", file], capture_output=True, text=True) if checker else None

    assert checked is None or checked.returncode == 0, checked.stdout


def test_install_writes_the_file_and_loads_it(daemon, launchctl):
    file = service().install(daemon)

    assert file == Path.home() / "Library/LaunchAgents/com.audiogen.daemon.plist"
    assert plistlib.loads(file.read_bytes())["Label"] == LABEL
    assert file.stat().st_mode & 0o777 == 0o644
    assert [p.name for p in file.parent.iterdir()] == [file.name]
    assert daemon.log.is_dir()
    assert launchctl.verbs() == ["enable", "bootstrap"]
    assert launchctl.calls()[-1] == f"bootstrap gui/{os.getuid()} {file}"


def test_install_over_a_loaded_copy_waits_until_it_is_gone(daemon, launchctl):
    launchctl.set("loaded")
    launchctl.set("leaving", "1\n2\n3\n")

    service().install(daemon)

    assert launchctl.verbs() == ["bootout", "enable", "bootstrap"]
    assert launchctl.calls().count(f"print gui/{os.getuid()}/{LABEL}") == 4


def test_bootstrap_is_tried_again_while_the_old_copy_is_on_its_way_out(daemon, launchctl):
    launchctl.set("busy", "1\n2\n")

    service().install(daemon)

    assert launchctl.verbs() == ["enable", "bootstrap", "bootstrap", "bootstrap"]
    assert (launchctl.folder / "loaded").exists()


def test_error_5_that_stays_is_reported_with_a_cure(daemon, launchctl):
    launchctl.set("busy", "\n" * 1000)

    with pytest.raises(ServiceError, match=r"5: Input/output error; check the file with: plutil -lint"):
        service(patience=0.1).install(daemon)


def test_an_old_copy_that_never_leaves_is_reported_with_a_cure(daemon, launchctl):
    launchctl.set("loaded")
    launchctl.set("stubborn")

    with pytest.raises(ServiceError, match=r"does not let go of com\.audiogen\.daemon.*log out and in"):
        service(patience=0.1).install(daemon)


def test_install_over_ssh_says_that_there_is_no_desktop(daemon, launchctl):
    launchctl.set("no_desktop")

    with pytest.raises(ServiceError, match=r"125: Domain does not support.*log in at the Mac's own screen"):
        service().install(daemon)


def test_stop_unloads_it_so_that_keepalive_cannot_start_it_again(daemon, launchctl):
    service().install(daemon)

    service().stop()

    assert not (launchctl.folder / "loaded").exists()
    assert service().file.exists()
    assert launchctl.verbs()[-1] == "bootout"


def test_start_after_stop_loads_it_again(daemon, launchctl):
    service().install(daemon)
    service().stop()

    service().start()

    assert (launchctl.folder / "loaded").exists()


def test_start_of_a_loaded_service_that_ended_kicks_it(daemon, launchctl):
    service().install(daemon)

    service().start()

    assert launchctl.calls()[-1] == f"kickstart gui/{os.getuid()}/{LABEL}"


def test_start_without_install_says_so(launchctl):
    with pytest.raises(ServiceError, match="not installed; run: audiogen-daemon install"):
        service().start()


def test_uninstall_unloads_and_removes_and_can_be_repeated(daemon, launchctl):
    file = service().install(daemon)

    assert service().uninstall() is True
    assert not file.exists()
    assert not (launchctl.folder / "loaded").exists()
    assert service().uninstall() is False


def test_status_reads_the_services_own_lines(daemon, launchctl):
    service().install(daemon)
    launchctl.set("print", PRINTED)

    status = service().status()

    assert (status.installed, status.running, status.pid, status.last_exit) == (True, True, 4711, "1")


def test_status_of_a_service_that_crashed(daemon, launchctl):
    service().install(daemon)
    launchctl.set("print", "gui/501/x = {\n\tstate = not running\n\tlast exit code = 78: EX_CONFIG\n}\n")

    status = service().status()

    assert (status.running, status.pid, status.last_exit) == (False, None, "78: EX_CONFIG")


def test_status_without_a_service(launchctl):
    status = service().status()

    assert (status.installed, status.running, status.pid, status.last_exit) == (False, False, None, "")


def test_blocks_inside_the_printout_are_not_the_service():
    found = parse_print(PRINTED)

    assert found["state"] == "running"
    assert found["pid"] == "4711"
    assert "ID" not in found
    assert "arguments" not in found
