"""The folders: rights, guarded places, space."""

import errno
import os
import platform
import shutil
import tempfile
from pathlib import Path

from audiogen_daemon.config import Config
from audiogen_daemon.doctor.check import Check

LITTLE_SPACE = 1e9
"""Bytes; about 400 stems of ten seconds, or less than one checkpoint."""
NO_SPACE = 1e8
GUARDED = ("Desktop", "Documents", "Downloads")
"""Folders of a Mac's home that a program may enter only when its user allows it (TCC)."""


def check_folders(config: Config) -> list[Check]:
    """Files can be made, renamed and removed wherever the daemon does so."""
    return [
        check_folder("drop folder", Path(config.stems.folder), "stems.folder"),
        check_folder("state folder", Path(config.daemon.state), "daemon.state"),
        check_folder("models folder", Path(config.models.folder), "models.folder"),
        check_folder("log folder", Path(config.daemon.log), "daemon.log"),
    ]


def check_folder(name: str, folder: Path, key: str) -> Check:
    """Try what the daemon does with its files; a folder that is not there yet is tried where it would be made."""
    place = _existing(folder)
    try:
        with tempfile.TemporaryDirectory(prefix=".audiogen-doctor-", dir=place) as trial:
            partial = Path(trial) / "partial"
            partial.write_bytes(b"trial")
            partial.rename(Path(trial) / "whole")
    except OSError as error:
        return Check(name, False, f"{place}: {error.strerror}", _folder_cure(error, place, key))
    found = str(folder) if place == folder else f"{folder} (made when needed)"
    if guarded(folder):
        cure = f"this terminal may write there, the login service may not: allow it when asked, or set {key} to another"
        return Check(name, None, found, cure)
    return Check(name, True, found)


def _folder_cure(error: OSError, place: Path, key: str) -> str:
    another = f"set {key} to another folder"
    if error.errno == errno.EPERM and platform.system() == "Darwin":
        return f"System Settings > Privacy & Security > Files and Folders: allow your terminal, or {another}"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"sudo chown {os.getuid()} '{place}', or {another}"
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"make space on the disk, or {another}"
    return another


def guarded(folder: Path) -> bool:
    """Whether macOS asks its user before a program may enter the folder (TCC: Transparency, Consent and Control)."""
    places = [Path.home() / name for name in GUARDED] + [Path("/Volumes")]
    return platform.system() == "Darwin" and any(folder.is_relative_to(place) for place in places)


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if os.path.exists(place))


def check_disk(config: Config) -> Check:
    """There is room for stems, models and logs."""
    folders = (config.stems.folder, config.daemon.state, config.models.folder, config.daemon.log)
    free, where = min((shutil.disk_usage(_existing(Path(folder))).free, folder) for folder in folders)
    ok = False if free < NO_SPACE else None if free < LITTLE_SPACE else True
    return Check(
        "disk", ok, f"{free / 1e9:.1f} GB free for {where}", "" if ok else "make space, or choose another disk"
    )
