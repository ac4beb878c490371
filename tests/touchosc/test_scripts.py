"""What the surfaces' scripts show of settings, the jam, recording, levels and the connection."""

import pytest

from touchosc.stage import identifier


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (("/jam/started", [12]), "jam 12 plays"),
        (("/status/reply", ["model", "jam", "jam", 12, "queued", 0]), "jam 12 plays"),
        (("/status/reply", ["engine", "ready", "jam", 0]), ""),
        (("/jam/kept", [13, 7.74]), "take 13 keeps its last 7.7 s"),
        (("/jam/stopped", [12]), ""),
    ],
)
def test_the_jam_is_told(touch_shows, stage_shows, said, text):
    before = ("/jam/started", [1])
    assert touch_shows(before, said)["jam state"]["text"] == stage_shows(before, said)["jam_state"]["value"] == text


def test_whoever_comes_late_sees_how_the_engine_is_and_why(touch_shows, stage_shows):
    for facts, engine, error in (
        (["engine", "ready", "jam", 0], "ready", ""),
        (
            ["engine", "down", "engine_reason", "three quick deaths", "jam", 0],
            "down",
            "the engine is down: three quick deaths",
        ),
    ):
        touch, stage = touch_shows(("/status/reply", facts)), stage_shows(("/status/reply", facts))
        assert touch["engine"]["text"] == stage["engine"]["value"] == engine
        assert touch["error"]["text"] == stage.get("error", {"value": ""})["value"] == error


def test_the_mixed_prompts_are_told(touch_shows, stage_shows):
    said = (("/state/morph/prompt", [2, "dark techno"]), ("/state/morph", [0, 0.25, 1, 0]))
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert touch["morph prompt 2"]["text"] == stage["morph_prompt_2"]["value"] == "dark techno"
    assert [stage[f"morph_{slot}"]["value"] for slot in range(4)] == [0, 0.25, 1, 0]


def test_a_recording_is_told_and_offered(touch_shows, stage_shows):
    said = [("/record/waiting", [1.5]), ("/record/started", ["in_1.wav", 8.0]), ("/record/progress", [4.0, -12.0])]
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert touch["record state"]["text"] == stage["record_state"]["value"] == "4.0 of 8.0 s"
    assert (touch["record level"]["x"], stage["record_level"]["value"]) == (0.8, -12)
    for end in (("/record/done", ["in_1.wav", 8.0, "/s/in/in_1.wav"]), ("/input/landed", ["in_1.wav", 8.0])):
        touch, stage = touch_shows(*said, end), stage_shows(*said, end)
        assert touch["input"]["text"] == stage["input"]["value"] == "in_1.wav  8.0 s"
        assert [touch[pad]["memo"] for pad in ("melody", "style")] == ["in_1.wav"] * 2
        assert [stage[pad]["vars"]["memo"] for pad in ("melody", "style")] == ["in_1.wav"] * 2
    touch, stage = touch_shows(*said, ("/record/cancelled", [])), stage_shows(*said, ("/record/cancelled", []))
    assert touch["record state"]["text"] == stage["record_state"]["value"] == "cancelled"


@pytest.mark.parametrize(
    ("setting", "value", "chosen"),
    [("bars", 4.0, "bars=4"), ("key", "F# minor", "key=F# minor"), ("key", "", "key="), ("loop", 1, "loop=1")],
)
def test_the_chosen_pad_of_a_setting_is_lit_and_no_other(touch_shows, stage_shows, touch, setting, value, chosen):
    shown = touch_shows((f"/state/{setting}", [value]))
    pads = [name for name, c in touch.items() if name.startswith(f"{setting}=") and c.kind == "BUTTON"]
    assert [name for name in pads if shown[name]["red"] == max(shown[pad]["red"] for pad in pads)] == [chosen]
    lit = [name for name, held in stage_shows((f"/state/{setting}", [value])).items() if held["vars"].get("lit") == 0.9]
    assert lit == [identifier(chosen)]


def test_a_number_is_shown_and_the_word_model_leaves_the_fader_alone(touch_shows, stage_shows):
    assert touch_shows(("/state/tempo", [124.0]))["tempo text"]["text"] == "124"
    assert touch_shows(("/state/temperature", ["model"]))["temperature text"]["text"] == "model"
    assert stage_shows(("/state/tempo", [124.0]))["tempo"]["value"] == 124
    stage = stage_shows(("/state/temperature", ["model"]))
    assert stage["temperature_text"]["value"] == "model"
    assert "temperature" not in stage


def test_levels_move_the_meters(touch_shows, stage_shows):
    said = (("/monitor/level", [-6.0, -120.0]),)
    touch, stage = touch_shows(*said), stage_shows(*said)
    assert (touch["level left"]["x"], touch["level right"]["x"]) == (0.9, 0)
    assert (stage["level_left"]["value"], stage["level_right"]["value"]) == (-6.0, -60)


def test_touchosc_subscribes_by_itself_again_and_again_and_asks_for_the_state_once(touch_shows):
    said = [("/pong", [1])] * 12
    sent = touch_shows(*said)["sent"].split("|")
    assert sent.count("/subscribe 11011") >= 2
    assert [sent.count(ask) for ask in ("/state 1", "/models 1", "/takes 8", "/status 1")] == [1, 1, 1, 1]


def test_touchosc_says_when_the_daemon_is_gone_and_asks_anew_when_it_is_back(touch_shows):
    gone = touch_shows(("/pong", [1]), *[("/state/loop", [0])] * 14)
    assert gone["link"]["text"] == "the daemon does not answer"
    back = touch_shows(("/pong", [1]), *[("/state/loop", [0])] * 14, ("/pong", [1]))
    assert back["link"]["text"] == "connected"
    assert back["sent"].split("|").count("/state 1") == 2


def test_a_message_of_something_else_changes_nothing(touch_shows, stage_shows):
    said = (("/stem/landed", ["/x.wav"]), ("/ableton", [1]))
    assert touch_shows(*said)["error"]["text"] == ""
    assert stage_shows(*said) == {}


def test_open_stage_control_finds_the_daemon_asks_what_it_has_and_notices_when_it_goes(stage_shows, stage):
    assert "globals.beat(set, send)" in stage["link"].widget["onCreate"]
    beat, pong = ("beat", [2000]), ("/pong", [1])
    call, asked = "/subscribe 11011|/ping 1", "/state|/models|/takes 8|/status"

    assert stage_shows(beat)["sent"]["value"] == call
    found = stage_shows(beat, pong, beat, pong, beat)
    assert found["link"]["value"] == "connected"
    assert found["sent"]["value"] == f"{call}|{asked}|{call}|{call}"
    gone = (beat, pong, beat, *[beat] * 6)
    assert stage_shows(*gone)["link"]["value"] == "the daemon does not answer"
    back = stage_shows(*gone, pong, beat)
    assert back["link"]["value"] == "connected"
    assert back["sent"]["value"].endswith(f"{asked}|{call}")
