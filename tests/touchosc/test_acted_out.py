"""Every control of both surfaces does what it says, acted out against the real daemon over UDP."""

import numpy as np
import pytest
import soundfile

from audiogen_daemon.control.addresses import ROWS


def errors(heard):
    """Return what went wrong, beside that this daemon runs without a monitor."""
    return [values for path, values in heard if path == "/error" and values[0] != "/monitor/device"]


def said(heard, path):
    return [values for address, values in heard if address == path]


def last(heard, path):
    assert said(heard, path), f"no {path} in {heard}"
    return said(heard, path)[-1]


@pytest.fixture
def finished_take(daemon) -> int:
    """A take whose stem has landed."""
    number = last(daemon.ask(("/generate", ())), "/take/queued")[0]
    daemon.wait("/stem/saved", lambda values: values[0] == number)
    return number


@pytest.fixture(params=["touchosc", "open stage control"])
def pads(request, touch, stage):
    """Every pad by its widget id, whichever app it is of."""
    if request.param == "touchosc":
        return {name.replace(" ", "_"): control for name, control in touch.items() if control.kind == "BUTTON"}
    return {name: control for name, control in stage.items() if control.widget["type"] == "button"}


def test_a_preset_becomes_the_prompt(daemon, pads):
    for n in range(1, 9):
        messages = pads[f"preset{n}"].pressed()
        heard = daemon.ask(*messages)
        assert last(heard, "/state/prompt") == [messages[0][1][0]]
        assert errors(heard) == []


def test_a_tag_is_added_to_the_prompt(daemon, pads):
    for n in range(1, 16):
        daemon.ask(("/prompt", ("loop",)))
        messages = pads[f"tag{n}"].pressed()
        heard = daemon.ask(*messages)
        assert last(heard, "/state/prompt") == [f"loop, {messages[0][1][0]}"]


def test_go_makes_one_take_of_its_prompt(daemon, pads):
    for n in (1, 8):
        heard = daemon.ask(*pads[f"go{n}"].pressed())
        assert len(said(heard, "/take/queued")) == 1
        assert errors(heard) == []


def test_generate_makes_one_take_that_ends_in_a_stem(daemon, pads):
    heard = daemon.ask(*pads["generate"].pressed())
    assert len(said(heard, "/take/queued")) == 1
    number = last(heard, "/take/queued")[0]
    assert daemon.wait("/take/progress", lambda values: values[0] == number and values[1] == 1.0)
    done = daemon.wait("/take/done", lambda values: values[0] == number)
    assert done[1] == pytest.approx(0.3, abs=0.05)
    path = daemon.wait("/stem/saved", lambda values: values[0] == number)[1]
    assert path.endswith(".wav")


def test_cancel_stops_the_running_take_and_cancel_all_the_queue(daemon, pads):
    daemon.ask(("/set/seconds", (600,)))
    ids = [values[0] for values in said(daemon.ask(*[("/generate", ())] * 3), "/take/queued")]
    assert errors(daemon.ask(*pads["cancel"].pressed())) == []
    daemon.wait("/take/cancelled", lambda values: values == [ids[0]])
    assert errors(daemon.ask(*pads["cancel_all"].pressed())) == []
    for number in ids[1:]:
        daemon.wait("/take/cancelled", lambda values, number=number: values == [number])


def test_every_choice_sets_its_value_and_the_daemon_says_so(daemon, touch):
    for control in touch.values():
        if control.kind == "BUTTON" and "=" in control.name:
            setting, _, state = control.name.partition("=")
            heard = daemon.ask(*control.pressed())
            value = last(heard, f"/state/{setting}")[0]
            assert (value if isinstance(value, str) else f"{value:g}") == state
            assert errors(heard) == []


def test_the_same_choices_work_from_open_stage_control(daemon, stage, stage_session):
    script = stage_session["content"]["onPreload"]
    for setting in ("bars", "variations", "loop", "key", "launch"):
        chips = [name for name in stage if name.startswith(f"{setting}_") and "mode" in stage[name].widget]
        assert len(chips) >= 2
        for name in chips:
            assert f'"{name}"' in script
            heard = daemon.ask(*stage[name].pressed())
            assert said(heard, f"/state/{setting}")
            assert errors(heard) == []


@pytest.mark.parametrize("name", ["temperature", "guidance", "beta", "tempo", "seconds", "gain"])
@pytest.mark.parametrize("position", [0.0, 0.37, 1.0])
def test_a_fader_sets_what_it_shows(daemon, touch, stage, name, position):
    touched = touch[name].moved(0.5, position)
    assert len(touched) == 1
    for message in (*touched, stage[name].moved(position)):
        heard = daemon.ask(message)
        assert errors(heard) == []
        assert last(heard, f"/state/{name}")[0] == pytest.approx(message[1][0], abs=1e-4)


@pytest.mark.parametrize(
    ("name", "left_alone"), [("temperature", "model"), ("guidance", "model"), ("beta", "model"), ("tempo", 0)]
)
def test_the_name_of_a_fader_leaves_its_setting_to_the_model_again(daemon, touch, pads, name, left_alone):
    assert last(daemon.ask(*touch[name].moved(0.5, 0.75)), f"/state/{name}") != [left_alone]
    heard = daemon.ask(*pads[f"{name}_own"].pressed())
    assert last(heard, f"/state/{name}") == [left_alone]
    assert errors(heard) == []


def test_the_pads_of_a_take_play_it_go_on_from_it_and_make_it_again(daemon, pads, finished_take):
    for action, takes in (("play", 0), ("more", 1), ("again", 1)):
        pad = pads[f"{action}3"]
        pad.memo = str(finished_take)
        heard = daemon.ask(*pad.pressed())
        assert errors(heard) == []
        assert len(said(heard, "/take/queued")) == takes


def test_the_stop_pad_of_a_take_cancels_that_take(daemon, pads):
    daemon.ask(("/set/seconds", (600,)))
    ids = [values[0] for values in said(daemon.ask(*[("/generate", ())] * 2), "/take/queued")]
    pads["stop1"].memo = str(ids[1])
    cancelled = [values[0] for values in said(daemon.ask(*pads["stop1"].pressed()), "/take/cancelled")]
    assert [take for take in cancelled if take in ids] == [ids[1]]


def test_the_letters_play_the_variations_of_one_request(daemon, pads):
    heard = daemon.ask(("/generate", ("four of them", "variations", 4)))
    ids = [values[0] for values in said(heard, "/take/queued")]
    assert len(ids) == 4
    for letter, number in zip("ABCD", ids, strict=True):
        daemon.wait("/stem/saved", lambda values, number=number: values[0] == number)
        assert errors(daemon.ask(*pads[f"variation{letter}"].pressed())) == []
    [(address, reason)] = errors(daemon.ask(*pads["variationH"].pressed()))
    assert address == "/monitor/play"
    assert f"there is A ({ids[0]}), B ({ids[1]})" in reason


def test_a_jam_is_begun_kept_and_ended(daemon, pads):
    daemon.ask(("/set/tempo", (240,)))
    since = len(daemon.heard)
    jam = last(daemon.ask(*pads["jam"].pressed()), "/jam/started")[0]
    daemon.wait("/take/audible", lambda values: values[0] == jam, since)
    for bars in (1, 2, 4, 8, 16):
        number, seconds = last(daemon.ask(*pads[f"keep{bars}"].pressed()), "/jam/kept")
        assert 0 < seconds <= bars
        path = daemon.wait("/stem/saved", lambda values, number=number: values[0] == number)[1]
        assert soundfile.info(path).duration == pytest.approx(seconds, abs=1e-4)
    assert errors(daemon.ask(*pads["jam_stop"].pressed())) == []
    daemon.wait("/jam/stopped", lambda values: values == [jam])


@pytest.mark.parametrize("slot", [0, 1, 2, 3])
def test_a_prompt_is_put_into_a_slot_and_mixed_by_its_fader(daemon, touch, stage, pads, slot):
    daemon.ask(("/prompt", (f"sound of slot {slot}",)))
    heard = daemon.ask(*pads[f"put{slot}"].pressed())
    assert last(heard, "/state/morph/prompt") == [slot, f"sound of slot {slot}"]
    for messages in (touch[f"morph {slot}"].moved(0.0, 0.75), [stage[f"morph_{slot}"].moved(0.5)]):
        heard = daemon.ask(*messages)
        assert last(heard, f"/state/morph/{slot}") == [messages[0][1][0]]
        assert last(heard, "/state/morph")[slot] == messages[0][1][0]
        assert errors(heard) == []
    assert last(daemon.ask(*pads["morph_off"].pressed()), "/state/morph") == [0, 0, 0, 0]


def test_the_input_is_recorded_for_so_many_bars_or_the_reason_is_told(daemon, pads):
    daemon.ask(("/set/tempo", (240,)))
    for bars in (1, 2, 4, 8):
        since = len(daemon.heard)
        daemon.ask(*pads[f"record{bars}"].pressed())
        daemon.ask(*pads["record_stop"].pressed())
        answers = {"/record/done", "/record/cancelled"}
        while not any(
            path in answers or (path == "/error" and values[0] == "/record") for path, values in daemon.heard[since:]
        ):
            assert daemon.hear(15.0), "nothing is said of the recording"
    stopped = daemon.ask(*pads["record_stop"].pressed())
    assert errors(stopped) == [["/record/stop", "nothing is being recorded; /record begins"]]


def test_what_came_in_is_followed_and_left_again(daemon, pads):
    soundfile.write(daemon.stems / "in" / "my tune.wav", np.zeros(44100), 44100)
    for kind in ("melody", "style"):
        pads[kind].memo = "my tune.wav"
        assert last(daemon.ask(*pads[kind].pressed()), f"/state/{kind}") == ["my tune.wav"]
    heard = daemon.ask(*pads["follow_off"].pressed())
    assert (last(heard, "/state/melody"), last(heard, "/state/style")) == ([""], [""])


def test_the_pads_of_an_empty_row_do_nothing(daemon, pads):
    for name in ("play8", "more8", "again8", "stop8", "melody", "style"):
        heard = daemon.ask(*pads[name].pressed())
        assert said(heard, "/take/queued") == said(heard, "/take/cancelled") == errors(heard) == [], name


def test_a_model_pad_chooses_and_warms_its_model(daemon, pads):
    pads["model2"].memo = "tone"
    heard = daemon.ask(*pads["model2"].pressed())
    assert last(heard, "/state/model") == ["tone"]
    assert errors(heard) == []


def test_a_take_is_finished_with_the_model_of_the_pressed_pad_until_off_is_pressed(two_models, pads):
    daemon = two_models
    pads["final2"].memo = "large"
    heard = daemon.ask(*pads["final2"].pressed())
    assert last(heard, "/state/finish_with") == ["large"]
    assert errors(heard) == []
    draft = last(daemon.ask(*pads["generate"].pressed()), "/take/queued")[0]
    final = daemon.wait("/take/final", lambda values: values[0] == draft)[1]
    assert daemon.wait("/stem/saved", lambda values: values[0] == final)[1].endswith("_large.wav")
    assert last(daemon.ask(*pads["sync"].pressed()), "/takes/reply")[6:] == [draft]
    off = pads["finish_with=" if "finish_with=" in pads else "finish_with"]
    assert last(daemon.ask(*off.pressed()), "/state/finish_with") == [""]
    since = len(daemon.heard)
    straight = last(daemon.ask(*pads["generate"].pressed()), "/take/queued")[0]
    daemon.wait("/stem/saved", lambda values: values[0] == straight)
    assert said(daemon.heard[since:], "/take/final") == []


def test_finishing_with_the_takes_own_model_is_refused_in_words(daemon, pads):
    pads["final1"].memo = "tone"
    [(address, reason)] = errors(daemon.ask(*pads["final1"].pressed()))
    assert address == "/set/finish_with"
    assert "name a larger one, or off" in reason


def test_sync_asks_for_all_there_is_to_show(daemon, pads, finished_take):
    heard = daemon.ask(*pads["sync"].pressed())
    shown = {"/state/prompt", "/state/key", "/state/morph/prompt", "/models/reply", "/takes/reply", "/status/reply"}
    assert shown <= {path for path, _ in heard}
    assert last(heard, "/takes/reply")[:2] == [finished_take, "saved"]
    assert errors(heard) == []


def test_silence_is_no_error(daemon, pads):
    assert errors(daemon.ask(*pads["silence"].pressed())) == []


def test_every_pad_of_the_layouts_is_acted_out_above(pads):
    families = ("preset", "go", "tag", "model", "final", "play", "more", "again", "stop", "variation", "keep", "put")
    families += ("record",)
    once = {"sync", "generate", "cancel", "cancel_all", "silence", "jam", "jam_stop", "morph_off"}
    once |= {"melody", "style", "follow_off"}
    once |= {f"{name}_own" for name in ("temperature", "guidance", "beta", "tempo")}
    for name in pads:
        setting = name.split("_")[0].split("=")[0]
        assert name in once or name.startswith(families) or setting in ("bars", "loop", "key", "launch", "finish"), name


def test_a_typed_prompt_becomes_the_prompt(daemon, stage):
    prompt = stage["prompt"].widget
    heard = daemon.ask((prompt["address"], ("dusty breakbeat, 90s",)))
    assert last(heard, "/state/prompt") == ["dusty breakbeat, 90s"]


@pytest.mark.parametrize("address", sorted(path for path, row in ROWS.items() if row.trigger))
def test_a_button_of_ones_own_with_the_apps_defaults_acts_on_the_press_alone(daemon, finished_take, address):
    """A new TouchOSC button sends its value, 1.0 and then 0.0, on both edges; so does a push button elsewhere."""
    named = {"/prompt": "loop", "/prompt/add": "warm", "/model/load": "tone", "/model/unload": "tone"}
    before = (named[address],) if address in named else ()
    pressed = daemon.ask((address, (*before, 1.0)))
    released = daemon.ask((address, (*before, 0.0)))
    assert errors(released) == []
    assert [path for path, _ in released if path == "/take/queued" or path.startswith("/state/")] == []
    if address in ("/generate", "/continue", "/again"):
        assert len(said(pressed, "/take/queued")) == 1


def test_every_press_of_a_quick_hand_makes_one_take(daemon):
    taps = [("/generate", (value,)) for _ in range(32) for value in (1.0, 0.0)]
    assert len(said(daemon.ask(*taps), "/take/queued")) == 32
