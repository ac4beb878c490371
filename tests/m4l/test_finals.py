"""Drafts and finals in Live: which model finishes takes, how far it is, and where the finals go."""

import pytest

from tests.live_daemon import LiveDaemon, free_port, live_daemon
from tests.m4l.live import eventually
from tests.models.reference.tiny_musicgen import MONO, write_checkpoint


@pytest.fixture(scope="module")
def drafting(tmp_path_factory):
    """A daemon with two small models, and `tone`, which is as slow as real time."""
    models = tmp_path_factory.mktemp("models")
    for number, name in enumerate(("large", "small")):
        write_checkpoint(models / name, MONO, seed=number)
    settings = ("engine.model=small", "engine.tone_pace=0.02", "take.keep_partial=true", f"models.folder={models}")
    with live_daemon(tmp_path_factory.mktemp("daemon"), *settings) as daemon:
        yield daemon


@pytest.fixture
def ports(drafting: LiveDaemon) -> dict[str, int]:
    drafting.ask(("/cancel/all", ()), ("/set/finish_with", ("off",)))
    return {"Daemon Port": drafting.port, "Reply Port": free_port()}


@pytest.fixture
def device(open_live, ports):
    """A connected device on the only track of a set, with takes of one bar of one second."""
    live = open_live()
    live.song("tempo", 240)
    device = live.device(ports, saved={"Bars": 1}).wait_connected()
    eventually(lambda: {"tone", "off (default)"} <= set(device.look()["face"]["finish"]["items"]), device.tell)
    return device


def labels(device) -> list[str]:
    return [device.look()["face"][f"play_{letter}"]["label"] for letter in "ABCD"]


def finish_of_last(device):
    (_, *pairs) = device.sent("/generate")[-1]
    return dict(zip(pairs[::2], pairs[1::2], strict=True)).get("finish_with")


def test_the_menu_shows_what_the_daemon_has_whoever_changed_it(device, drafting):
    first, off, *models = device.look()["face"]["finish"]["items"]
    assert (first, off, set(models)) == ("off (default)", "off", {"large", "small", "starter", "tone"})
    assert device.value("finish") == "off (default)"
    drafting.ask(("/set/finish_with", ("large",)))
    eventually(lambda: device.value("finish") == "large (default)", device.tell)
    device.generate("as the daemon says")
    assert finish_of_last(device) is None
    device.wait_note("final of A in slot 2")


def test_a_choice_of_the_device_holds_whatever_the_daemon_has(device, drafting):
    device.pick("Finish", "off")
    drafting.ask(("/set/finish_with", ("large",)))
    device.generate("no final")
    device.wait_note("take A in slot 1")
    assert (device.value("finish"), finish_of_last(device)) == ("off", "off")
    device.pick("Finish", "large (default)")
    drafting.ask(("/set/finish_with", ("off",)))
    eventually(lambda: device.value("finish") == "off (default)", device.tell)
    device.generate("no final either")
    device.wait_note("take A in slot 2")
    assert finish_of_last(device) is None
    assert labels(device)[0] == "▶ A"


def test_the_choice_is_saved_with_the_set(open_live, device, ports):
    device.pick("Finish", "large")
    saved = device.look()["saved"]
    assert saved["Finish Name"] == "large"

    again = open_live().device({**ports, "Reply Port": free_port()}, saved=saved).wait_connected()

    eventually(lambda: again.value("finish") == "large", again.tell)
    again.generate("pluck")
    assert finish_of_last(again) == "large"
    again.wait_note("final of A in slot 2")


def test_a_final_becomes_a_clip_of_its_own_and_its_letter_plays_it(device):
    device.pick("Finish", "large")
    device.generate("pluck")

    device.wait_note('final of A in slot 2 of "Audio": 4 beats')

    draft, final = device.live.clips()
    assert [clip["name"] for clip in (draft, final)] == ["pluck", "pluck final"]
    assert final["file"] == draft["file"].replace(".wav", "_large.wav")
    assert labels(device) == ["▶ A final", "▶ B", "▶ C", "▶ D"]
    device.keep_back("/monitor/play")  # this daemon's monitor is off, and its answer would take the note's place
    device.press("Play A")
    assert device.note == "playing the final of A"
    device.press("Put A")
    device.wait_note("final of A in slot 3")
    assert device.live.clips()[2]["file"] == final["file"]


def test_a_draft_shows_how_far_its_final_is_and_gives_way(device, drafting):
    device.pick("Finish", "tone")
    device.turn("Takes", 1)
    device.generate("pluck")
    eventually(lambda: labels(device)[0].endswith("%") and labels(device)[1] == "▶ B ...", lambda: labels(device))
    since = len(drafting.heard)
    drafting.ask(("/generate", ("something else", "model", "tone", "finish_with", "off", "seconds", 0.5)))
    eventually(lambda: labels(device)[:2] == ["▶ A ...", "▶ B ..."], lambda: labels(device))
    drafting.wait("/stem/saved", since=since)

    eventually(lambda: labels(device)[:2] == ["▶ A final", "▶ B final"], lambda: labels(device))
    names = {f"pluck {letter}" for letter in ("A", "B", "A final", "B final")}
    eventually(lambda: {clip["name"] for clip in device.live.clips()} == names, device.tell)


def test_cancel_stops_finals_when_nothing_else_is_made_and_what_is_kept_of_one_does_not_stand_for_the_draft(device):
    device.pick("Finish", "tone")
    device.generate("pluck")
    eventually(lambda: labels(device)[0].endswith("%"), lambda: labels(device))

    device.press("Cancel")

    device.wait_note("what was made of A is kept: ")
    assert labels(device)[0] == "▶ A"
    device.keep_back("/monitor/play")  # this daemon's monitor is off, and its answer would take the note's place
    device.press("Play A")
    assert device.note == "playing A"


def test_where_only_one_take_fits_the_final_waits_for_its_button(device):
    device.into("selected slot")
    device.live.order("highlight", track=0, slot=0)
    device.pick("Finish", "large")
    device.generate("lead")

    device.wait_note("final of A is ready; put it with its button")

    assert len(device.live.clips()) == 1
    device.live.order("highlight", track=0, slot=3)
    device.press("Put A")
    device.wait_note("final of A in slot 4")


def test_a_final_that_the_daemon_still_has_is_not_given_up(device):
    device.keep_back("/status")
    device.pick("Finish", "tone")
    device.generate("pluck")
    eventually(lambda: labels(device)[0].endswith("%"), lambda: labels(device))

    device.hear("/status/reply", "engine", "ready", "running", 0, "queued", 0, "finals", 1)
    device.hear("/error", "/take/final", "heard after that")
    device.wait_note("heard after that")
    assert device.sent("/takes") == []

    device.hear("/status/reply", "engine", "ready", "running", 0, "queued", 0, "finals", 0)
    eventually(lambda: device.sent("/takes"), device.tell)


def test_why_there_is_no_final_is_said(device):
    device.pick("Finish", "small")
    device.generate("on the same model")

    assert "small is the model of the takes themselves" in device.wait_note("/take/final: no final of take")
    eventually(device.live.clips, device.tell)


def test_finals_of_takes_of_others_are_not_taken(device, drafting):
    since = len(drafting.heard)
    drafting.ask(("/generate", ("of another", "seconds", 0.3, "finish_with", "large")))
    final = drafting.wait("/take/final", since=since)[1]
    drafting.wait("/stem/saved", lambda values: values[0] == final, since)
    device.live.rest(0.3)

    assert device.live.clips() == []
    assert labels(device) == ["▶ A", "▶ B", "▶ C", "▶ D"]
