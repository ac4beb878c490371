"""Jamming, mixing prompts, launching and recording from the device, with the real daemon."""

import pytest

from tests.m4l.live import eventually


@pytest.fixture
def device(device, daemon):
    yield device
    daemon.ask(("/cancel/all", ()), ("/morph", (0, 0)), ("/set/launch", ("off",)), ("/set/temperature", ("model",)))


def last(device, address):
    return device.sent(address)[-1]


def test_a_jam_plays_follows_and_what_is_kept_of_it_becomes_a_clip(device, daemon):
    device.write("endless dub")
    device.press("Jam")
    device.wait_note("plays")
    assert device.sent("/jam/start") == [["endless dub"]]
    assert last(device, "/set/temperature") == ["model"]

    device.turn("Temperature", 0.5)
    device.turn("Guidance", 4)
    device.write("darker dub")
    device.press("Jam")
    daemon.wait("/state/prompt", lambda values: values == ["darker dub"])
    assert [last(device, f"/set/{name}") for name in ("temperature", "guidance")] == [[0.5], [4]]

    device.live.rest(2.5)  # a bar has been played
    device.press("Jam Keep")
    device.wait_note("take A in slot 1")
    (clip,) = device.live.clips()
    assert (clip["name"], clip["length"]) == ("darker dub", 4)
    device.press("Jam Stop")
    device.wait_note("the jam has ended")


def test_of_a_jam_that_is_younger_than_the_bars_what_there_is_becomes_a_clip_of_its_length(device):
    device.turn("Bars", 64)
    device.write("young dub")
    device.press("Jam")
    device.live.rest(1)
    device.press("Jam Keep")

    note = device.wait_note("take A in slot 1")

    (clip,) = device.live.clips()
    assert 0 < clip["length"] < 64 * 4
    assert clip["length"] == pytest.approx(clip["end_marker"], abs=0.01)
    assert "Seg. BPM" not in note


def test_a_jam_of_others_is_not_steered_and_what_they_keep_is_theirs(device, daemon):
    since = len(daemon.heard)
    daemon.send("/jam/start", "of a tablet")
    jam = daemon.wait("/jam/started", since=since)[0]
    daemon.wait("/take/audible", lambda values: values[0] == jam, since)
    device.wait_note("plays")

    device.turn("Temperature", 0.5)
    daemon.send("/jam/keep", 1)
    kept = daemon.wait("/jam/kept", since=since)[0]
    daemon.wait("/stem/saved", lambda values: values[0] == kept, since)
    device.live.rest(0.3)

    assert device.sent("/set/temperature") == []
    assert device.live.clips() == []


def test_without_a_jam_there_is_nothing_to_keep_and_it_says_so(device):
    device.press("Jam Keep")
    device.wait_note("/jam/keep: no jam is playing")
    device.press("Jam Stop")
    device.wait_note("/jam/stop: no jam is playing")


def test_prompts_are_put_into_the_mix_and_weighed_by_dials(device, daemon):
    device.write("dark techno")
    device.press("Lay 2")
    assert daemon.wait("/state/morph/prompt", lambda values: values == [1, "dark techno"])

    device.turn("Mix 2", 0.5)
    daemon.wait("/state/morph", lambda values: values == [0, 0.5, 0, 0])


def test_dials_and_launch_show_what_others_set(device, daemon):
    daemon.send("/morph/2", 0.25)
    daemon.send("/set/launch", "beat")
    eventually(lambda: (device.value("mix_3"), device.value("launch")) == (0.25, 1), device.tell)
    assert device.sent("/morph/2") == device.sent("/set/launch") == []


def test_launch_is_set_for_all_from_the_device(device, daemon):
    since = len(daemon.heard)
    device.turn("Launch", 2)
    daemon.wait("/state/launch", lambda values: values == ["bar"], since)


def test_a_device_that_connects_shows_what_is_set(open_live, ports, daemon):
    daemon.ask(("/morph", (0.75, 0.25)), ("/set/launch", ("bar",)))
    device = open_live().device(ports).wait_connected()
    eventually(lambda: (device.value("mix_1"), device.value("launch")) == (0.75, 2), device.tell)
    daemon.ask(("/morph", (0, 0)), ("/set/launch", ("off",)))


def test_recording_is_asked_for_in_bars_and_its_end_is_told(device):
    device.turn("Bars", 2)
    device.press("Record")
    device.press("Record Stop")
    eventually(lambda: "record" in device.note, device.tell)
    assert (device.sent("/record"), device.sent("/record/stop")) == ([[2]], [[]])


def test_what_came_in_is_followed(device):
    device.turn("Follow", 1)
    device.press("Generate")
    assert device.note.startswith("nothing has come in to follow")
    assert device.sent("/generate") == []

    device.hear("/record/done", "recording_001.wav", 4.0, "/in/recording_001.wav")
    device.wait_note("recorded 4 s: recording_001.wav")
    device.press("Generate")
    assert last(device, "/generate")[-2:] == ["melody", "recording_001.wav"]

    device.hear("/input/landed", "groove.wav", 4.0)
    device.turn("Follow", 2)
    device.turn("Beta", 2)
    eventually(lambda: device.press("Generate") or last(device, "/generate")[-3:] == ["groove.wav", "beta", 2])
    assert last(device, "/generate")[-4] == "style"
