"""What is installed: models, the login service, optional features."""

import importlib.metadata
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from packaging.requirements import Requirement

from audiogen_daemon import service
from audiogen_daemon.config import Config
from audiogen_daemon.doctor.check import Check
from audiogen_daemon.doctor.folders import guarded
from audiogen_daemon.models import registry

BUILD_EXTRAS = {"cpu", "cuda", "test", "parity", "check"}
"""Extras that are no features: MLX's builds, which have a check of their own, and what developers need."""


def check_model(config: Config) -> Check:
    """The model that the daemon starts with is on this machine."""
    folder, name = Path(config.models.folder), config.engine.model
    names = [model.name for model in registry.installed(folder)]
    if name in names:
        return Check("model", True, f"{name}, of {', '.join(names)}")
    try:
        registry.resolve(name, folder)
    except registry.ModelMissingError as error:
        reason, _, cure = str(error).partition("; ")
        return Check("model", False, reason, f"{cure}; or set engine.model to another")
    return Check("model", True, name)


def check_service() -> Check:
    """The login service runs, if it is wanted."""
    name = "login service"
    try:
        status = service.manager().status()
    except service.ServiceError as error:
        reason, _, cure = str(error).partition("; ")
        return Check(name, None, reason, cure)
    if not status.installed:
        return Check(name, None, "not installed", "to have the daemon at every login: audiogen-daemon install")
    if guarded(Path(sys.prefix)):
        cure = "launchd may not start what lies there: move the folder, then: make setup, audiogen-daemon install"
        return Check(name, False, f"its Python is in {sys.prefix}", cure)
    if status.running:
        return Check(name, True, f"runs under {status.manager}, pid {status.pid}")
    ended = f", last exit: {status.last_exit}" if status.last_exit else ""
    return Check(
        name, None, f"installed under {status.manager}, not running{ended}", "audiogen-daemon start, and see its log"
    )


def check_extras() -> Check:
    """Which optional features are there."""
    try:
        metadata = importlib.metadata.metadata("audiogen-daemon")
    except importlib.metadata.PackageNotFoundError:
        return Check(
            "extras", None, "cannot be told: audiogen-daemon runs from its source, not installed", "make setup"
        )
    wanted = extras(metadata.get_all("Provides-Extra") or [], metadata.get_all("Requires-Dist") or [])
    missing = [extra for extra, packages in wanted.items() if not all(map(_is_there, packages))]
    there = [extra for extra in wanted if extra not in missing]
    found = f"installed: {', '.join(there) or 'none'}; not installed: {', '.join(missing) or 'none'}"
    cure = f"if you want them: make setup EXTRAS='{' '.join(missing)}'" if missing else ""
    return Check("extras", None if missing else True, found, cure)


def extras(names: Sequence[str], requirements: Sequence[str]) -> dict[str, list[str]]:
    """Return the packages that each optional feature brings on this machine; a feature without any is none here.

    Args:
        names, requirements: as the package's own metadata has them, "zeroconf>=0.1; extra == 'lan'".
    """
    found: dict[str, list[str]] = {}
    for name in sorted(set(names) - BUILD_EXTRAS):
        for requirement in map(Requirement, requirements):
            marker = requirement.marker
            if marker and marker.evaluate({"extra": name}) and not marker.evaluate({"extra": ""}):
                found.setdefault(name, []).append(requirement.name)
    return found


def _is_there(package: str) -> bool:
    with suppress(importlib.metadata.PackageNotFoundError):
        return bool(importlib.metadata.version(package))
    return False
