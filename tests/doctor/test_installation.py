"""Models, the login service, optional features."""

import importlib.metadata
import platform
import sys
from email.message import Message
from pathlib import Path

import pytest

from audiogen_daemon import config, service
from audiogen_daemon.doctor.installation import check_extras, check_model, check_service, extras
from audiogen_daemon.service import ServiceError, Status

REQUIREMENTS = [
    "numpy>=1.26",
    'mlx[cpu]>=0.32; sys_platform == "linux" and extra == "cpu"',
    'pytest>=8; extra == "test"',
    'first-feature>=1; extra == "first"',
    'second-feature>=1; sys_platform == "no such system" and extra == "second"',
]


class Manager:
    """A service manager that says one thing."""

    def __init__(self, answer: Status | ServiceError) -> None:
        self.answer = answer

    def status(self) -> Status:
        if isinstance(self.answer, ServiceError):
            raise self.answer
        return self.answer


def service_is(monkeypatch, answer: Status | ServiceError) -> None:
    monkeypatch.setattr(service, "manager", lambda: Manager(answer))


def status(*, installed=True, running=False, last_exit="") -> Status:
    return Status("launchd", Path("/x.plist"), installed, running, 4711 if running else None, last_exit)


def test_the_model_that_is_loaded_at_start_is_there(tmp_path):
    check = check_model(config.load(sets=["engine.model=tone", f"models.folder={tmp_path}"], environment={}))

    assert (check.ok, check.cure) == (True, "")


def test_a_model_that_was_not_fetched_is_a_failure_with_its_command(tmp_path):
    check = check_model(config.load(sets=["engine.model=musicgen-small", f"models.folder={tmp_path}"], environment={}))

    assert check.ok is False
    assert "musicgen-small is not on this machine" in check.found
    assert "audiogen-daemon fetch musicgen-small" in check.cure


def test_a_model_that_was_copied_in_is_there(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "config.json").write_text('{"model_type": "musicgen"}')

    assert check_model(config.load(sets=["engine.model=mine", f"models.folder={tmp_path}"], environment={})).ok is True


@pytest.mark.parametrize(
    ("answer", "ok", "found", "cure"),
    [
        (status(running=True), True, "runs under launchd, pid 4711", ""),
        (status(installed=False), None, "not installed", "audiogen-daemon install"),
        (status(last_exit="1"), None, "not running, last exit: 1", "audiogen-daemon start"),
        (ServiceError("no session bus; log in"), None, "no session bus", "log in"),
    ],
)
def test_the_login_service(answer, ok, found, cure, monkeypatch):
    service_is(monkeypatch, answer)

    check = check_service()

    assert check.ok is ok
    assert found in check.found
    assert cure in check.cure


def test_a_python_where_launchd_may_not_go_is_a_failure(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "Documents" / "audiogen" / ".venv"))
    service_is(monkeypatch, status(last_exit="126"))

    check = check_service()

    assert check.ok is False
    assert "move the folder" in check.cure


def test_extras_are_the_features_that_exist_on_this_machine():
    assert extras(["cpu", "test", "first", "second"], REQUIREMENTS) == {"first": ["first-feature"]}


@pytest.mark.parametrize(("installed", "ok"), [(["first-feature"], True), ([], None)])
def test_a_feature_that_is_not_installed_is_no_failure(installed, ok, monkeypatch):
    def version(package):
        if package in installed:
            return "1.0"
        raise importlib.metadata.PackageNotFoundError

    metadata = Message()
    for header, values in (("Provides-Extra", ["first", "test"]), ("Requires-Dist", REQUIREMENTS)):
        for value in values:
            metadata[header] = value
    monkeypatch.setattr(importlib.metadata, "metadata", lambda name: metadata)
    monkeypatch.setattr(importlib.metadata, "version", version)

    check = check_extras()

    assert check.ok is ok
    assert ("EXTRAS='first'" in check.cure) is (ok is None)


def test_source_that_is_not_installed_is_no_failure(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "metadata", missing)

    assert check_extras().ok is None
