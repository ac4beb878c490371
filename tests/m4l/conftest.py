"""The built device, a Live to load it into, and a real daemon."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.live_daemon import LiveDaemon, free_port, live_daemon
from tests.m4l import amxd
from tests.m4l.live import Device, Live

FOLDER = Path(__file__).parents[2] / "m4l"


@dataclass(frozen=True)
class Files:
    """What is inside the shipped device, as files for Node."""

    device: amxd.Device
    patcher: Path
    script: Path


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("device")
    device = amxd.read((FOLDER / "Audiogen.amxd").read_bytes())
    patcher, script = folder / "patcher.json", folder / "audiogen.js"
    patcher.write_text(json.dumps({"patcher": device.patcher}), encoding="utf-8")
    script.write_bytes(device.file("audiogen.js"))
    return Files(device, patcher, script)


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the device built anew from its sources."""
    folder = tmp_path_factory.mktemp("built")
    subprocess.run([sys.executable, str(FOLDER / "build.py"), str(folder)], check=True, capture_output=True)
    return folder


@pytest.fixture
def open_live(shipped: Files) -> Iterator[Callable[..., Live]]:
    """Opens a set; at the end, no device in it may have met an error that Max or Live would have."""
    opened: list[Live] = []

    def opening(**options: Any) -> Live:
        opened.append(Live(shipped.patcher, shipped.script, **options))
        return opened[-1]

    yield opening
    errors = [error for live in opened for device in live.devices for error in device.look()["errors"]]
    for live in opened:
        for device in list(live.devices):
            device.unload()
        live.close()
    assert errors == []


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveDaemon]:
    """One daemon for all conversations, with its drop folder where names are hard."""
    with live_daemon(tmp_path_factory.mktemp('Löws "Sätze" & Bob\'s 🎹')) as running:
        yield running


@pytest.fixture
def ports(daemon: LiveDaemon) -> dict[str, int]:
    return {"Daemon Port": daemon.port, "Reply Port": free_port()}


@pytest.fixture
def device(open_live: Callable[..., Live], ports: dict[str, int]) -> Device:
    """A device on the only track of a set, connected, with takes of one bar (2 s)."""
    device = open_live().device(ports, saved={"Bars": 1}).wait_connected()
    return device
