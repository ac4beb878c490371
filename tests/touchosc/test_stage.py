"""The Open Stage Control session has the keys its widgets know, and speaks the daemon's table."""

import re

import pytest

from audiogen_daemon.control.addresses import ANSWERS, ROWS
from audiogen_daemon.settings import PARAMETERS
from touchosc import stage as writer

COMMON = {"type", "id", "left", "top", "width", "height"}
KEYS = {
    "variable": {"type", "id", "address", "bypass", "onValue"},
    "panel": COMMON | {"colorBg", "alphaStroke", "borderRadius", "html", "css"},
    "button": COMMON
    | {"label", "wrap", "mode", "address", "preArgs", "typeTags", "onValue", "colorWidget", "alphaFillOff", "css"}
    | {"visible"},
    "fader": COMMON
    | {"address", "horizontal", "design", "range", "colorWidget", "typeTags", "decimals", "doubleTap"}
    | {"interaction", "bypass"},
    "text": COMMON | {"default", "bypass", "wrap", "align", "colorText", "css", "address", "onCreate"},
    "input": COMMON | {"address", "typeTags", "align", "colorWidget", "css"},
}


def test_the_session_opens_as_one_with_a_root(stage_session):
    assert stage_session["type"] == "session"
    assert set(stage_session) == {"version", "createdWith", "type", "content"}
    assert set(stage_session["content"]) == {"type", "id", "colorBg", "hideMenu", "onPreload", "widgets", "tabs"}


def test_the_app_leaves_the_script_as_it_is(stage_session):
    """Its guard against endless loops takes them apart by semicolons, and its properties replace @{...} and more."""
    script = stage_session["content"]["onPreload"]
    assert script.startswith("// noprotect\n")
    assert re.findall(r"(?:[@#]|VAR|JS|OSC|IMPORT)\{", script) == []


def test_widgets_have_only_keys_that_their_type_knows(stage_session):
    for widget in stage_session["content"]["widgets"]:
        assert set(widget) <= KEYS[widget["type"]], widget["id"]


def test_ids_are_unique_and_safe_in_a_script(stage_session):
    ids = [widget["id"] for widget in stage_session["content"]["widgets"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", identifier) for identifier in ids)


def test_everything_sent_is_in_the_daemons_table(stage):
    buttons = [control for control in stage.values() if control.widget["type"] == "button"]
    sent = {path for control in buttons for path, _ in control.pressed()}
    sent |= {
        c.widget["address"] for c in stage.values() if c.widget["type"] in ("fader", "input") and "address" in c.widget
    }
    assert sent - set(ROWS) == set()
    assert {"/generate", "/prompt", "/set/key", "/monitor/gain", "/model/load"} <= sent


def test_everything_heard_is_something_the_daemon_says(stage):
    said = {address for address, _, _ in ANSWERS} | {f"/state/{name}" for name in (*PARAMETERS, "gain")}
    heard = {
        c.widget["address"]
        for c in stage.values()
        if c.widget["type"] in ("variable", "text") and "address" in c.widget
    }
    assert heard - said == set()
    assert set(writer.HEARD) <= heard


def test_the_prompt_can_be_typed(stage):
    prompt = stage["prompt"].widget
    assert (prompt["type"], prompt["address"], prompt["typeTags"]) == ("input", "/prompt", "s")


def test_meters_and_texts_never_send(stage):
    for control in stage.values():
        if control.widget["type"] in ("text", "variable") or control.name.startswith(("level", "progress")):
            assert control.widget["bypass"] is True


@pytest.mark.parametrize(
    "name", ["title", "generate", "level_left", "bars_4", "key_Csharp_minor", "key_C_minor", "again8"]
)
def test_both_surfaces_have_the_same_controls_in_the_same_places(stage, tosc_root, name):
    widget = stage[name].widget
    for node in tosc_root.iter("node"):
        held = {p.findtext("key"): p.find("value") for p in node.iterfind("properties/property")}
        if writer.identifier(held["name"].text) == name:
            place = [widget[key] for key in ("left", "top", "width", "height")]
            assert [int(side.text) for side in held["frame"]] == place
            return
    raise AssertionError(f"{name} is in no node")
