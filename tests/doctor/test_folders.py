"""The folders: what the daemon does with files is tried, and nothing is left behind."""

import errno
import os
import platform
import shutil
import tempfile
from collections import namedtuple
from pathlib import Path

import pytest

from audiogen_daemon import config
from audiogen_daemon.doctor.folders import check_disk, check_folder, check_folders

Usage = namedtuple("Usage", "total used free")


@pytest.fixture
def settings(tmp_path):
    names = ("daemon.state", "daemon.log", "models.folder", "stems.folder")
    return config.load(sets=[f"{name}={tmp_path / name}" for name in names], environment={})


def refuse(monkeypatch, number: int) -> None:
    def fail(*arguments, **options):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(tempfile, "TemporaryDirectory", fail)


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path):
    check = check_folder("drop folder", tmp_path, "stems.folder")

    assert (check.ok, check.found, check.cure) == (True, str(tmp_path), "")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_yet_is_not_made(tmp_path):
    check = check_folder("drop folder", tmp_path / "a" / "b", "stems.folder")

    assert check.ok is True
    assert check.found.endswith("(made when needed)")
    assert list(tmp_path.iterdir()) == []


def test_every_folder_of_the_daemon_is_looked_at(settings):
    assert [check.name for check in check_folders(settings)] == [
        *("drop folder", "state folder", "models folder", "log folder")
    ]


@pytest.mark.parametrize(
    ("system", "number", "cure"),
    [
        ("Darwin", errno.EPERM, "System Settings > Privacy & Security > Files and Folders"),
        ("Linux", errno.EACCES, f"sudo chown {os.getuid()}"),
        ("Linux", errno.ENOSPC, "make space"),
        ("Linux", errno.EROFS, "set stems.folder to another folder"),
    ],
)
def test_what_the_system_refuses_has_its_cure(system, number, cure, tmp_path, monkeypatch):
    monkeypatch.setattr(platform, "system", lambda: system)
    refuse(monkeypatch, number)

    check = check_folder("drop folder", tmp_path, "stems.folder")

    assert check.ok is False
    assert os.strerror(number) in check.found
    assert cure in check.cure
    assert "stems.folder" in check.cure


def test_a_file_where_the_folder_should_be_is_a_failure(tmp_path):
    (tmp_path / "stems").write_text("")

    check = check_folder("drop folder", tmp_path / "stems", "stems.folder")

    assert check.ok is False
    assert "stems" in check.found


@pytest.mark.parametrize("name", ["Documents", "Desktop", "Downloads"])
def test_a_folder_that_macos_guards_is_pointed_out(name, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(platform, "system", lambda: "Darwin")

    check = check_folder("drop folder", tmp_path / name / "stems", "stems.folder")

    assert check.ok is None
    assert "the login service may not" in check.cure


def test_music_is_not_guarded(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(platform, "system", lambda: "Darwin")

    assert check_folder("drop folder", Path.home() / "Music" / "Audiogen", "stems.folder").ok is True


@pytest.mark.parametrize(("free", "ok"), [(2e9, True), (5e8, None), (1e7, False)])
def test_little_space_is_pointed_out(free, ok, settings, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda place: Usage(1e12, 1e12 - free, free))

    check = check_disk(settings)

    assert check.ok is ok
    assert bool(check.cure) is (ok is not True)
