"""The file that is shipped is what its sources build, in the form that Max freezes devices into."""

import struct

import pytest

from tests.m4l import amxd
from tests.m4l.conftest import FOLDER


def test_the_shipped_device_is_what_its_sources_build(built):
    for name in ("Audiogen.amxd", "Audiogen.maxpat.json"):
        assert (FOLDER / name).read_bytes() == (built / name).read_bytes(), f"{name} is stale; run: make m4l"


def test_it_is_a_frozen_audio_effect(shipped):
    assert (shipped.device.kind, shipped.device.version) == ("aaaa", 7)
    assert [(entry.name, entry.kind, entry.flag) for entry in shipped.device.files] == [
        ("Audiogen.amxd", "JSON", 17),
        ("audiogen.js", "TEXT", 0),
    ]


def test_its_script_is_the_reviewed_one(shipped):
    first = ("base", "controls", "connection", "transport", "takes", "missed", "letters")
    order = (*first, "recording", "jam", "importing", "preview", "messages")
    parts = sorted((FOLDER / "js").glob("*.js"))

    assert sorted(order) == [part.stem for part in parts]
    assert shipped.device.file("audiogen.js") == b"\n".join((FOLDER / "js" / f"{p}.js").read_bytes() for p in order)


def test_its_patcher_is_the_reviewed_one(shipped):
    text = (FOLDER / "Audiogen.maxpat.json").read_bytes()

    assert shipped.device.files[0].data == text.removesuffix(b"\n") + b"\0"


def test_it_has_a_project_or_max_would_not_open_it(shipped):
    project = shipped.device.patcher["project"]

    assert struct.pack(">I", project["amxdtype"]) == b"aaaa"
    assert project["contents"]["code"] == {"audiogen.js": {"kind": "javascript", "local": 1}}


@pytest.mark.parametrize("cut", [4, 30, 1000, -1])
def test_a_cut_file_is_no_device(cut):
    with pytest.raises((AssertionError, struct.error, ValueError)):
        amxd.read((FOLDER / "Audiogen.amxd").read_bytes()[:cut])
