"""Reads the built files as the apps do, and acts out what a finger on a control sends."""

import json
import xml.etree.ElementTree as ET
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

import touchosc
from tests.live_daemon import LiveDaemon, live_daemon
from tests.models.reference.tiny_musicgen import MONO, write_checkpoint
from tests.touchosc import interpreters
from tests.touchosc.interpreters import Said, Shown

FOLDER = Path(touchosc.__file__).parent
Message = tuple[str, tuple[Any, ...]]


@dataclass
class TouchControl:
    """A node of the .tosc file. memo: its tag, which the surface's script changes."""

    name: str
    kind: str
    memo: str
    interactive: bool
    sends: list[ET.Element] = field(default_factory=list)
    receives: list[ET.Element] = field(default_factory=list)

    def moved(self, before: float, after: float) -> list[Message]:
        """Return what the app sends when the control's value goes from before to after, both 0 to 1."""
        return [self._message(osc, after) for osc in self.sends if _fires(osc, before, after)]

    def pressed(self) -> list[Message]:
        return self.moved(0.0, 1.0)

    def released(self) -> list[Message]:
        return self.moved(1.0, 0.0)

    def _message(self, osc: ET.Element, value: float) -> Message:
        path = "".join(partial.findtext("value") or "" for partial in osc.iterfind("path/partial"))
        return path, tuple(self._argument(partial, value) for partial in osc.iterfind("arguments/partial"))

    def _argument(self, partial: ET.Element, value: float) -> Any:
        low, high = float(partial.findtext("scaleMin") or 0), float(partial.findtext("scaleMax") or 1)
        source: Any = {
            "CONSTANT": partial.findtext("value") or "",
            "PROPERTY": self.memo,
            "VALUE": low + (high - low) * value,
        }[partial.findtext("type") or ""]
        match partial.findtext("conversion"):
            case "STRING":
                return str(source)
            case "INTEGER":
                return round(float(source or 0))
            case _:
                return float(source)


def _fires(osc: ET.Element, before: float, after: float) -> bool:
    conditions = [trigger.findtext("condition") for trigger in osc.iterfind("triggers/trigger")]
    rises = after > before
    return "ANY" in conditions or ("RISE" if rises else "FALL") in conditions


@dataclass
class StageControl:
    """A widget of the session. memo: its variable of that name, which the surface's script changes."""

    widget: dict[str, Any]
    memo: Any = None

    @property
    def name(self) -> str:
        return str(self.widget["id"])

    def pressed(self) -> list[Message]:
        """Return what a press sends: a momentary button sends its arguments and no value."""
        assert self.widget["mode"] == "momentary"
        held = self.widget["preArgs"]
        if isinstance(held, str):
            default = held.removeprefix("VAR{memo, ").removesuffix("}")
            arguments: list[Any] = [default if self.memo is None else self.memo]
        else:
            arguments = list(held)
        convert = {"s": str, "i": int}[self.widget["typeTags"]]
        messages: list[Message] = [(self.widget["address"], tuple(convert(value) for value in arguments))]
        for line in filter(None, self.widget["onValue"].split("\n")):
            words = line.removeprefix("send(").removesuffix(")").replace('getProp("this", "preArgs")', "@")
            path, *constants = [word.strip() for word in words.split(",")]
            values = tuple(arguments[0] if word == "@" else json.loads(word) for word in constants)
            messages.append((json.loads(path), values))
        return messages

    def moved(self, position: float) -> Message:
        """Return what a fader sends at a position of 0 to 1."""
        low, high = self.widget["range"]["min"], self.widget["range"]["max"]
        value = round(low + (high - low) * position, self.widget["decimals"])
        return self.widget["address"], (int(value) if self.widget["typeTags"] == "i" else float(value),)


@pytest.fixture(scope="session")
def tosc_root() -> ET.Element:
    root = ET.fromstring(zlib.decompress((FOLDER / "Audiogen.tosc").read_bytes()))
    return root


@pytest.fixture
def touch(tosc_root) -> dict[str, TouchControl]:
    """Every control of the TouchOSC layout by name."""
    controls = {}
    for node in tosc_root.iter("node"):
        held = {p.findtext("key"): p.findtext("value") or "" for p in node.iterfind("properties/property")}
        messages = list(node.iterfind("messages/osc"))
        controls[held["name"]] = TouchControl(
            held["name"],
            node.get("type", ""),
            held.get("tag", ""),
            held["interactive"] == "1",
            [osc for osc in messages if osc.findtext("send") == "1"],
            [osc for osc in messages if osc.findtext("receive") == "1"],
        )
    return controls


@pytest.fixture(scope="session")
def stage_session() -> dict[str, Any]:
    session: dict[str, Any] = json.loads((FOLDER / "audiogen-open-stage-control.json").read_text("utf-8"))
    return session


@pytest.fixture
def stage(stage_session) -> dict[str, StageControl]:
    """Every widget of the Open Stage Control session by id."""
    return {widget["id"]: StageControl(widget) for widget in stage_session["content"]["widgets"]}


@pytest.fixture
def touch_shows(touch, tosc_root) -> Callable[..., Shown]:
    """Tells the TouchOSC layout's script what the daemon says; returns what it shows then."""
    properties = tosc_root.find("node").iterfind("properties/property")
    script = next(p.findtext("value") for p in properties if p.findtext("key") == "script")
    controls = [(control.name, control.memo) for control in touch.values()]

    def show(*sayings: Said, wait: int = 1000) -> Shown:
        return interpreters.touchosc_shows(script, controls, sayings, wait)

    return show


@pytest.fixture
def stage_shows(stage, stage_session) -> Callable[..., Shown]:
    """Tells the Open Stage Control session's script what the daemon says; returns what it shows then."""
    heard = [control.widget["address"] for control in stage.values() if control.widget["type"] == "variable"]

    def show(*sayings: Said) -> Shown:
        return interpreters.stage_shows(stage_session["content"]["onPreload"], heard, sayings)

    return show


@pytest.fixture(scope="module")
def running(tmp_path_factory) -> Iterator[LiveDaemon]:
    with live_daemon(tmp_path_factory.mktemp("daemon")) as daemon:
        yield daemon


@pytest.fixture
def daemon(running) -> LiveDaemon:
    """The running daemon with nothing to do and settings that make a short take."""
    running.ask(
        ("/cancel/all", ()),
        ("/morph", (0, 0)),
        *((f"/set/{name}", (value,)) for name, value in (("bars", 0), ("tempo", 0), ("seconds", 0.3))),
        *((f"/set/{name}", (value,)) for name, value in (("variations", 1), ("loop", 0), ("model", "tone"))),
    )
    return running


@pytest.fixture
def two_models(tmp_path_factory) -> Iterator[LiveDaemon]:
    """A daemon with a second model, with which takes of `tone` can be finished."""
    models = tmp_path_factory.mktemp("models")
    write_checkpoint(models / "large", MONO, seed=1)
    with live_daemon(tmp_path_factory.mktemp("daemon"), f"models.folder={models}") as daemon:
        daemon.ask(*((f"/set/{name}", (value,)) for name, value in (("bars", 0), ("seconds", 0.3))))
        yield daemon
