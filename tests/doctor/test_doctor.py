"""The doctor as a whole."""

import dataclasses
import json
import subprocess
import sys

import pytest

from audiogen_daemon import config, doctor
from audiogen_daemon.doctor import Check


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("doctor")


@pytest.fixture(scope="module")
def checks(folder):
    names = ("daemon.state", "daemon.log", "models.folder", "stems.folder")
    sets = [f"{name}={folder / name}" for name in names]
    return doctor.examine(config.load(sets=[*sets, "engine.model=tone", "osc.listen=127.0.0.1:0"], environment={}))


def test_everything_is_looked_at_and_nothing_is_left_behind(checks, folder):
    names = [check.name for check in checks]

    assert len(set(names)) == len(names)
    assert {"Python", "machine", "MLX", "trial take", "sound", "input", "OSC port", "drop folder", "model"} <= set(
        names
    )
    assert list(folder.iterdir()) == []


def test_what_is_not_right_has_a_cure_and_what_is_right_has_none(checks):
    assert [check for check in checks if (check.ok is True) == bool(check.cure)] == []


def test_this_machine_can_run_the_daemon(checks):
    assert [check for check in checks if check.ok is False] == []
    assert doctor.healthy(checks)


def test_what_was_found_can_be_written_as_json(checks):
    assert json.loads(json.dumps([dataclasses.asdict(check) for check in checks]))[0]["name"] == "Python"


@pytest.mark.parametrize(("ok", "healthy"), [(True, True), (None, True), (False, False)])
def test_only_a_failure_is_unhealthy(ok, healthy):
    assert doctor.healthy([Check("a", True, ""), Check("b", ok, "")]) is healthy


def test_the_doctor_imports_neither_mlx_nor_portaudio():
    code = "import sys, audiogen_daemon.doctor; print([m for m in ('mlx.core', 'sounddevice') if m in sys.modules])"

    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert said.strip() == "[]"
