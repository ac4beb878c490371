"""The .tosc file is one that TouchOSC could have written, and speaks the daemon's table."""

import uuid
import xml.etree.ElementTree as ET
import zlib
from pathlib import Path

import pytest

import touchosc
from audiogen_daemon.control.addresses import ANSWERS, ROWS
from audiogen_daemon.settings import PARAMETERS
from touchosc import tosc
from touchosc.build import configured, main
from touchosc.layout import surface
from touchosc.parts import PLAYING_RANGE

FILE = Path(touchosc.__file__).parent / "Audiogen.tosc"

COMMON = {
    *("b background", "c color", "f cornerRadius", "r frame", "b grabFocus", "b interactive", "b locked", "s name"),
    *("i orientation", "b outline", "i outlineStyle", "i pointerPriority", "i shape", "b visible"),
}
MAY = {"s script", "s tag"}
TEXT = {"i font", "i textAlignH", "i textAlignV", "b textClip", "c textColor", "i textSize"}
OWN = {
    "GROUP": set(),
    "BOX": set(),
    "BUTTON": {"i buttonType", "b press", "b release", "b valuePosition"},
    "LABEL": TEXT | {"i textLength"},
    "TEXT": TEXT | {"b textWrap"},
    "FADER": {
        *("b bar", "i barDisplay", "b cursor", "i cursorDisplay", "b grid", "i gridSteps", "c gridColor"),
        *("i response", "i responseFactor"),
    },
}
VALUES = {"GROUP": (), "BOX": (), "BUTTON": ("x",), "FADER": ("x",), "LABEL": ("text",), "TEXT": ("text",)}


def test_the_file_is_what_the_builder_writes_from_the_defaults(tmp_path):
    assert main(["--folder", str(tmp_path)]) == 0
    for name in ("Audiogen.tosc", "audiogen-open-stage-control.json"):
        assert (tmp_path / name).read_bytes() == (FILE.parent / name).read_bytes(), (
            f"run: python -m touchosc.build; {name}"
        )


def test_it_is_a_zlib_stream_that_recompresses_to_itself():
    data = FILE.read_bytes()
    assert data[:2] == b"\x78\x9c"
    assert zlib.compress(zlib.decompress(data), 6) == data


def test_the_document_is_a_current_one_with_one_root_node(tosc_root):
    assert (tosc_root.tag, tosc_root.get("version"), len(tosc_root)) == ("lexml", "5", 1)
    assert zlib.decompress(FILE.read_bytes()).startswith(b"<?xml version='1.0' encoding='UTF-8'?><lexml version='5'>")


def test_every_node_has_the_properties_that_its_type_has_in_files_of_the_app(tosc_root):
    for node in tosc_root.iter("node"):
        kind = node.get("type")
        keys = [f"{p.get('type')} {p.findtext('key')}" for p in node.iterfind("properties/property")]
        assert set(keys) - MAY == COMMON | OWN[kind], kind
        names = [key.split()[1] for key in keys]
        assert names == sorted(names)


def test_every_node_has_the_values_of_its_type_and_sections_in_order(tosc_root):
    for node in tosc_root.iter("node"):
        assert [v.findtext("key") for v in node.iterfind("values/value")] == [*VALUES[node.get("type")], "touch"]
        order = ["properties", "values", "messages", "children"]
        sections = [child.tag for child in node]
        assert sections == [tag for tag in order if tag in sections]
        assert all(len(child) for child in node), "an empty section"


def test_node_ids_and_names_are_unique_and_stable(tosc_root):
    nodes = list(tosc_root.iter("node"))
    ids = [uuid.UUID(node.get("ID")) for node in nodes]
    names = [
        p.findtext("value") for n in nodes for p in n.iterfind("properties/property") if p.findtext("key") == "name"
    ]
    assert len(set(ids)) == len(nodes)
    assert len(set(names)) == len(nodes)
    assert ids == [uuid.uuid5(tosc.NAMESPACE, name) for name in names]


def test_messages_are_complete_and_on_the_first_connection(tosc_root):
    tags = ["enabled", "send", "receive", "feedback", "noDuplicates", "connections", "triggers", "path", "arguments"]
    for osc in tosc_root.iter("osc"):
        assert [child.tag for child in osc] == tags
        assert osc.findtext("connections") == "0000000001"
        assert osc.findtext("feedback") == "0"
        assert (osc.findtext("send") == "1") == (osc.find("triggers/trigger") is not None)
        assert osc.findtext("send") != osc.findtext("receive"), "a control that sends what it receives makes a loop"


def test_every_address_sent_is_in_the_daemons_table(touch):
    paths = {message[0] for control in touch.values() for message in control.pressed()}
    assert paths - set(ROWS) == set()
    assert {"/generate", "/cancel", "/cancel/all", "/prompt", "/prompt/add", "/continue", "/again"} <= paths


def test_every_address_received_is_one_the_daemon_says(touch):
    said = {address for address, _, _ in ANSWERS} | {f"/state/{name}" for name in (*PARAMETERS, "gain")}
    for control in touch.values():
        for osc in control.receives:
            assert osc.findtext("path/partial/value") in said


def test_pads_send_on_the_press_alone(touch):
    pads = [control for control in touch.values() if control.kind == "BUTTON"]
    assert len(pads) > 100
    for pad in pads:
        assert pad.pressed(), pad.name
        assert pad.released() == [], pad.name


def test_what_only_shows_cannot_be_touched_and_sends_nothing(touch):
    shown = [
        c for c in touch.values() if c.kind in ("LABEL", "TEXT", "BOX") or c.name.startswith(("level", "progress"))
    ]
    assert {"progress", "level left", "level right", "error", "prompt"} <= {control.name for control in shown}
    for control in shown:
        assert not control.interactive, control.name
        assert control.sends == [], control.name


def test_pads_and_faders_are_big_enough_for_a_finger(tosc_root):
    """On a 10 inch tablet (210 mm for 1600 units) 46 units are 6 mm."""
    for node in tosc_root.iter("node"):
        if node.get("type") in ("BUTTON", "FADER") and ("x" in [v.findtext("key") for v in node.iter("value")]):
            properties = {p.findtext("key"): p for p in node.iterfind("properties/property")}
            if properties["interactive"].findtext("value") == "1":
                frame = {side.tag: float(side.text) for side in properties["frame"].find("value")}
                assert min(frame["w"], frame["h"]) >= 46, properties["name"].findtext("value")


def test_no_two_controls_that_can_be_touched_lie_over_each_other(tosc_root):
    frames = []
    for node in tosc_root.iter("node"):
        held = {p.findtext("key"): p.find("value") for p in node.iterfind("properties/property")}
        if node.get("type") in ("BUTTON", "FADER"):
            x, y, w, h = (float(side.text) for side in held["frame"])
            assert 0 <= x < x + w <= 1600
            assert 0 <= y < y + h <= 1200
            frames.append((held["name"].text, x, y, x + w, y + h))
    for n, (name, left, top, right, bottom) in enumerate(frames):
        for other, x, y, u, v in frames[n + 1 :]:
            assert right <= x or u <= left or bottom <= y or v <= top, f"{name} and {other}"


def test_a_users_own_presets_are_on_the_pads(tmp_path):
    config = tmp_path / "audiogen.toml"
    config.write_text('[take]\npresets = ["grunge & <guitar> ]]> riff", "tabla"]\n', "utf-8")
    root = ET.fromstring(tosc.xml(surface(configured(config))))
    values = [partial.findtext("value") for partial in root.iter("partial")]
    assert values.count("grunge & <guitar> ]]> riff") == 2
    assert "acid bassline" not in values


def test_a_fader_outside_the_settings_range_is_refused(monkeypatch):
    monkeypatch.setitem(PLAYING_RANGE, "tempo", (20.0, 180.0))
    with pytest.raises(ValueError, match=r"20 to 180.*30 to 300"):
        surface(configured(None))
