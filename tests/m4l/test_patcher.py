"""The patcher holds only what Max knows, and every control is a parameter that Live can save."""

import re
from itertools import combinations

import pytest

KNOWN_CLASSES = {
    "comment", "live.comment", "live.dial", "live.menu", "live.numbox", "live.tab", "live.text", "message",
    "multislider", "newobj", "textedit", "umenu",
}  # fmt: skip
KNOWN_OBJECTS = {
    "js", "live.thisdevice", "plugin~", "plugout~", "prepend", "route", "sfplay~", "t", "udpreceive", "udpsend",
}  # fmt: skip
PORTS = {
    "comment": (1, 0), "live.comment": (1, 0), "live.dial": (1, 2), "live.menu": (1, 3), "live.numbox": (1, 2),
    "live.tab": (1, 3), "live.text": (1, 2), "message": (2, 1), "multislider": (1, 2), "textedit": (1, 4),
    "umenu": (1, 3),
}  # fmt: skip
FLOAT, INTEGER, CHOICE, BLOB = range(4)


@pytest.fixture
def patcher(shipped):
    return shipped.device.patcher


@pytest.fixture
def boxes(patcher):
    return {box["id"]: box for box in (entry["box"] for entry in patcher["boxes"])}


@pytest.fixture
def controls(boxes):
    return {id: box for id, box in boxes.items() if box.get("parameter_enable")}


def valueof(box):
    return {k.removeprefix("parameter_"): v for k, v in box["saved_attribute_attributes"]["valueof"].items()}


def test_every_box_is_of_a_class_that_max_knows(boxes):
    assert {box["maxclass"] for box in boxes.values()} <= KNOWN_CLASSES
    assert {b["text"].split()[0] for b in boxes.values() if b["maxclass"] == "newobj"} <= KNOWN_OBJECTS


def test_every_box_has_the_inlets_and_outlets_of_its_class(boxes):
    for box in boxes.values():
        if box["maxclass"] in PORTS:
            assert (box["numinlets"], box["numoutlets"]) == PORTS[box["maxclass"]], box
        assert len(box.get("outlettype", [])) == box["numoutlets"]


def test_every_cord_joins_an_outlet_to_an_inlet(patcher, boxes):
    for line in (entry["patchline"] for entry in patcher["lines"]):
        (source, outlet), (target, inlet) = line["source"], line["destination"]
        assert 0 <= outlet < boxes[source]["numoutlets"]
        assert 0 <= inlet < boxes[target]["numinlets"]


def test_every_control_is_registered_under_a_name_of_its_own(patcher, controls):
    registry = {k: v for k, v in patcher["parameters"].items() if k.startswith("obj-")}
    names = [valueof(box)["longname"] for box in controls.values()]

    assert registry == {id: [valueof(box)["longname"], valueof(box)["shortname"], 0] for id, box in controls.items()}
    assert len(set(names)) == len(names)
    assert all(box["varname"] == valueof(box)["longname"] for box in controls.values())


def test_every_ui_control_is_a_parameter_but_the_menus_that_the_daemon_fills(boxes):
    ui = {"live.dial", "live.menu", "live.numbox", "live.tab", "live.text", "textedit", "umenu"}

    free = [(b["maxclass"], b["varname"]) for b in boxes.values() if b["maxclass"] in ui and not b["parameter_enable"]]
    assert free == [("umenu", "Model"), ("umenu", "Finish")]


def test_every_parameter_starts_inside_its_range(controls):
    for box in controls.values():
        value = valueof(box)
        if value["type"] == BLOB:
            assert value["invisible"] == 1
            continue
        if value["type"] == CHOICE:
            assert value["mmax"] == len(value["enum"]) - 1
        (initial,) = value.get("initial", [0])
        assert value.get("mmin", 0) <= initial <= value["mmax"]


def test_numbers_survive_in_the_float_that_live_keeps(controls):
    for box in controls.values():
        value = valueof(box)
        if value["type"] == INTEGER:
            assert value["mmax"] <= 255, "an integer parameter of Live has 256 values"
        if value["type"] == FLOAT and value["unitstyle"] == 0:
            assert value["mmax"] < 2**24


def test_the_bank_of_a_controller_names_parameters_that_are_there(patcher, controls):
    bank = patcher["parameters"]["parameterbanks"]["0"]["parameters"]

    assert len(bank) == 8
    assert set(bank) - {"-"} <= {valueof(box)["longname"] for box in controls.values()}


def test_the_face_fits_into_the_device_and_nothing_overlaps(patcher, boxes):
    faces = [(b["presentation_rect"], b) for b in boxes.values() if b.get("presentation")]

    for (x, y, w, h), box in faces:
        assert x >= 0, box
        assert y >= 0, box
        assert x + w <= patcher["devicewidth"], box
        assert y + h <= 169, box
    for ((ax, ay, aw, ah), a), ((bx, by, bw, bh), b) in combinations(faces, 2):
        apart = ax + aw <= bx or bx + bw <= ax or ay + ah <= by or by + bh <= ay
        assert apart or "comment" in a["maxclass"] or "comment" in b["maxclass"], (a, b)


def test_sound_passes_straight_through_whatever_the_script_does(patcher, boxes):
    ids = {b["text"].split()[0]: i for i, b in boxes.items() if b["maxclass"] == "newobj" and "~" in b["text"]}
    cords = {(*e["patchline"]["source"], *e["patchline"]["destination"]) for e in patcher["lines"]}

    assert {(ids["plugin~"], 0, ids["plugout~"], 0), (ids["plugin~"], 1, ids["plugout~"], 1)} <= cords


def test_all_that_the_script_shows_and_hears_is_wired(shipped, boxes):
    script = shipped.device.file("audiogen.js").decode()
    (route,) = [b["text"].split()[1:] for b in boxes.values() if b.get("text", "").startswith("route ")]
    (js,) = [b for b in boxes.values() if b.get("text", "").startswith("js ")]

    shown = set(re.findall(r'(?:Show\.)?(?:message|text|move)\("(\w+)"', script))
    assert shown - {"play_", "put_", "mix_"} <= set(route)
    assert {f"{verb}_{letter}" for verb in ("play", "put") for letter in "ABCD"} <= set(route)
    assert {f"mix_{slot}" for slot in "1234"} <= set(route)
    assert {f"{menu}{field}" for menu in ("model", "finish") for field in ("", "_name")} <= set(route)
    assert f"outlets = {js['numoutlets']};" in script
