"""The pictures in the documents are drawn from the files that are shipped, and are those."""

from pathlib import Path

import numpy as np
import pytest

import touchosc

pytest.importorskip("PIL", reason="Pillow draws the pictures; pip install Pillow")

from PIL import Image

from touchosc import render

FOLDER = Path(touchosc.__file__).parent
IMAGES = FOLDER.parent / "docs" / "images"


def test_every_control_that_can_be_seen_is_in_the_picture(touch, stage):
    drawn = {shape.name for shape in render.touchosc_shapes(FOLDER / "Audiogen.tosc")}
    free = {f"{row}{n}" for row in ("model", "final") for n in (5, 6)}
    assert drawn >= set(touch) - free
    pads = [shape for shape in render.stage_shapes(FOLDER / "audiogen-open-stage-control.json") if shape.kind == "pad"]
    assert {pad.name for pad in pads} >= {"model1", "model4", "final1", "final4"}
    assert len(pads) == sum(c.widget["type"] == "button" for c in stage.values()) - len(free)


def test_the_stored_pictures_show_the_shipped_files(tmp_path):
    render.main(["--folder", str(tmp_path)])
    for name in ("touchosc.png", "open-stage-control.png"):
        fresh, stored = (np.asarray(Image.open(folder / name), dtype=float) for folder in (tmp_path, IMAGES))
        assert fresh.shape == stored.shape == (1200, 1600, 3)
        assert np.abs(fresh - stored).mean() < 1.0, f"{name} is old; run: python -m touchosc.render"


def test_text_stays_inside_what_it_stands_in():
    """The widest line of a pad fits its pad; a longer one would be cut by the app."""
    pads = {s.name: s for s in render.touchosc_shapes(FOLDER / "Audiogen.tosc") if s.kind == "pad"}
    for shape in render.touchosc_shapes(FOLDER / "Audiogen.tosc"):
        pad = pads.get(shape.name.removesuffix(" text"))
        if pad is not None and shape.kind == "text":
            width = render.ImageFont.load_default(shape.size).getlength(shape.text)
            assert width <= pad.box[2] - pad.box[0] - 4, shape.text
