"""What the surfaces' scripts show of models: which are here, warm and chosen."""

from tests.touchosc.interpreters import Said, lit

INSTALLED: tuple[Said, ...] = tuple(
    ("/models/reply", [f"musicgen-{size}", "installed"]) for size in ("large", "medium", "small")
)


def test_models_fill_the_free_pads_and_show_which_are_warm(touch_shows, stage_shows):
    said = (
        ("/state/model", ["tone"]),
        ("/models/reply", ["starter", "installed"]),
        ("/models/reply", ["tone", "warm"]),
        ("/models/reply", ["musicgen-small", "installed"]),
    )
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert [touch[f"model{n}"]["memo"] for n in (1, 2, 3, 4)] == ["starter", "tone", "musicgen-small", ""]
    assert touch["model2 text"]["text"] == "tone *"
    assert touch["model2"]["visible"]
    assert touch["model2"]["red"] > touch["model1"]["red"]
    assert [stage[f"model{n}"]["vars"]["memo"] for n in (1, 2, 3)] == ["starter", "tone", "musicgen-small"]
    assert stage["model2"]["vars"] == {"memo": "tone", "seen": True, "text": "tone *", "lit": 0.9}


def test_what_takes_are_finished_with_is_lit_and_off_when_nothing_is(touch_shows, stage_shows):
    said = (*INSTALLED, ("/state/model", ["musicgen-small"]), ("/state/finish_with", ["musicgen-medium"]))
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert [touch[f"final{n}"]["memo"] for n in (1, 2, 3, 4)] == [name for _, (name, _) in INSTALLED] + [""]
    assert [touch[f"final{n}"]["visible"] for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert [stage[f"final{n}"]["vars"]["seen"] for n in (1, 2, 3, 4)] == [True, True, True, False]
    assert (lit(touch, stage, "model"), lit(touch, stage, "final")) == (["model3"], ["final2"])
    off = (*said, ("/state/finish_with", [""]))
    unlit, touch, stage = touch, touch_shows(*off), stage_shows(*off)
    assert lit(touch, stage, "final") == []
    assert touch["finish_with="]["red"] > unlit["finish_with="]["red"]
    assert stage["finish_with"]["vars"]["lit"] == 0.9


def test_a_chosen_model_has_a_pad_however_many_there_are(touch_shows, stage_shows):
    said = (
        *(("/models/reply", [f"model-{n}", "installed"]) for n in range(9)),
        ("/state/model", ["model-1"]),
        ("/state/finish_with", ["model-8"]),
    )
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert [touch[f"model{n}"]["memo"] for n in range(1, 7)] == [f"model-{n}" for n in range(6)]
    assert [touch[f"final{n}"]["memo"] for n in (5, 6)] == ["model-4", "model-8"]
    assert [stage[f"final{n}"]["vars"]["memo"] for n in (5, 6)] == ["model-4", "model-8"]
    assert lit(touch, stage, "final") == ["final6"]


def test_long_names_of_models_are_told_apart(touch_shows, stage_shows):
    sizes = ("stereo-small", "stereo-medium", "stereo-large", "stereo-melody", "stereo-melody-large", "melody-large")
    said = [("/models/reply", [f"musicgen-{size}", "warm"]) for size in sizes]
    touch, stage = touch_shows(*said), stage_shows(*said)
    texts = [touch[f"model{n} text"]["text"] for n in range(1, 7)]
    assert texts == [stage[f"model{n}"]["vars"]["text"] for n in range(1, 7)]
    assert len(set(texts)) == 6
    assert texts[4] == "musicgen-s~dy-large *"
