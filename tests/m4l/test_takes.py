"""From the Generate button to a clip, with the real daemon in between."""

import pytest

from tests.m4l.live import eventually


def test_generate_becomes_a_clip_that_loops_in_time(device, daemon):
    device.live.song("tempo", 100)
    device.turn("Bars", 2)

    device.generate("warm rhodes")
    (clip,) = eventually(device.live.clips, device.tell)
    device.wait_note("take A in slot 1 of")

    assert clip["file"].startswith(str(daemon.stems))
    clip = device.live.clips()[0]
    assert {key: clip[key] for key in ("name", "warping", "looping", "length", "place")} == {
        "name": "warm rhodes",
        "warping": 1,
        "looping": 1,
        "length": 8,
        "place": "live_set tracks 0 clip_slots 0 clip",
    }
    assert clip["end_marker"] == pytest.approx(8, abs=0.001)
    assert device.note == 'take A in slot 1 of "Audio": 8 beats'
    assert device.value("progress") == 1


def test_the_daemon_is_told_all_that_stands_in_the_device(device):
    device.turn("Bars", 1)
    device.turn("Seed Lock", 1)
    device.turn("Seed", 4242)
    device.turn("Temperature", 0.5)
    device.turn("Loop", 0)
    device.live.song("signature_numerator", 7)
    device.live.song("signature_denominator", 8)

    device.generate("brushed drums")

    ((prompt, *pairs),) = device.sent("/generate")
    said = dict(zip(pairs[::2], pairs[1::2], strict=True))
    assert prompt == "brushed drums"
    assert said.pop("client").startswith("live-")
    assert said == {
        "bars": 1,
        "tempo": 120,
        "signature": "7/8",
        "seed": 4242,
        "variations": 1,
        "loop": 0,
        "temperature": 0.5,
        "guidance": 3,
    }
    eventually(device.live.clips, device.tell)


def test_the_models_own_values_are_left_to_the_model_until_a_dial_is_turned(device):
    device.generate("first")
    device.turn("Guidance", 5)
    device.generate("second")

    first, second = device.sent("/generate")
    assert "guidance" not in first
    assert second[second.index("guidance") + 1] == 5
    assert device.value("own") == 0
    eventually(lambda: len(device.live.clips()) == 2, device.tell)


def test_an_unlocked_seed_is_new_each_time_and_shown(device):
    device.generate("one")
    shown = device.value("seed")
    device.generate("two")

    seeds = [words[words.index("seed") + 1] for words in device.sent("/generate")]
    assert seeds[0] == shown
    assert seeds[0] != seeds[1]
    eventually(lambda: len(device.live.clips()) == 2, device.tell)


def test_a_locked_seed_makes_the_same_take_again(device):
    device.turn("Seed Lock", 1)
    device.turn("Seed", 4242.25)  # as automation leaves it
    device.generate("same")
    device.generate("same")

    files = eventually(lambda: [c["file"] for c in device.live.clips()] if len(device.live.clips()) == 2 else [])
    first, second = (_sound(file) for file in files)
    assert first == second
    assert [words[words.index("seed") + 1] for words in device.sent("/generate")] == [4242, 4242]


def _sound(path):
    with open(path, "rb") as file:
        data = file.read()
    return data[data.index(b"data") :][:100_000]


def test_what_is_typed_but_not_entered_counts(device):
    device.write("typed only")

    device.press("Generate")

    assert device.sent("/generate")[0][0] == "typed only"
    eventually(device.live.clips, device.tell)


@pytest.mark.parametrize("prompt", ["808", "text of a song", 'say "hü" 🎹, twice; or $1', "Ä" * 300])
def test_any_prompt_travels_as_one_text(device, prompt):
    device.generate(prompt)

    device.wait_note("take A in")
    assert device.sent("/generate")[0][0] == prompt
    assert device.live.clips()[0]["name"] == prompt


def test_an_empty_prompt_is_asked_for(device):
    device.generate("")

    assert device.note == "write what it should sound like first"
    assert device.sent("/generate") == []


def test_a_refusal_of_the_daemon_is_shown_with_its_reason(device):
    device.turn("Bars", 64)
    device.live.song("tempo", 20)

    device.generate("too long")

    assert "outside 30 to 300" in device.wait_note("outside")


def test_four_variations_land_in_four_slots_with_letters_and_colours(device):
    device.turn("Takes", 3)

    device.generate("pluck")

    eventually(lambda: len(device.live.clips()) == 4, device.tell)
    device.wait_note("take D in slot 4")
    clips = device.live.clips()
    assert [clip["name"] for clip in clips] == ["pluck A", "pluck B", "pluck C", "pluck D"]
    assert len({clip["color"] for clip in clips}) == 4
    assert len({clip["place"] for clip in clips}) == 4


def test_variations_are_heard_by_their_buttons(device):
    device.generate("pluck")
    eventually(lambda: device.look()["face"]["play_A"]["active"], device.tell)

    device.press("Play B")
    assert device.note == "there is no take B"
    assert device.look()["face"]["play_B"]["active"] == 0

    device.press("Play A")
    assert len(device.sent("/monitor/play")) == 1
    assert device.wait_note("the monitor is switched off").startswith("/monitor/")


def test_a_take_is_put_once_more_by_its_button(device):
    device.generate("pluck")
    device.wait_note("take A in slot 1")

    device.press("Put A")

    device.wait_note("take A in slot 2")
    first, second = device.live.clips()
    assert first["file"] == second["file"]


def queued(daemon, seconds):
    """Have another client ask for a take; return its number."""
    said = daemon.ask(("/generate", ("of another", "seconds", seconds)))
    return [values[0] for address, values in said if address == "/take/queued"][-1]


def test_cancel_stops_only_the_takes_of_this_device(device, daemon):
    other = queued(daemon, 600.0)
    device.generate("mine")
    device.wait_note("waits behind")

    device.press("Cancel")

    device.wait_note("take A was cancelled")
    assert [other] not in device.sent("/cancel")
    daemon.send("/cancel", other)
    daemon.wait("/take/cancelled", lambda values: values == [other])
    assert device.live.clips() == []


def test_cancel_with_nothing_to_cancel_says_so(device):
    device.press("Cancel")

    assert device.note == "nothing of this device is being made"


def test_takes_of_others_never_become_clips(device, daemon):
    other = queued(daemon, 1.0)
    daemon.wait("/stem/saved", lambda values: values[0] == other)
    device.live.rest(0.3)

    assert device.live.clips() == []
    assert device.note == ""


def test_two_devices_each_get_their_own_takes(open_live, ports):
    live = open_live(tracks=[{"name": "Left"}, {"name": "Right"}])
    left = live.device(ports, track=0, saved={"Bars": 1}).wait_connected()
    right = live.device(ports, track=1, saved={"Bars": 1}).wait_connected()

    left.generate("from the left")
    right.generate("from the right")

    eventually(lambda: len(live.clips()) == 2, left.tell)
    left.wait_note('of "Left"')
    right.wait_note('of "Right"')
    names = {clip["place"].split(" clip_slots")[0]: clip["name"] for clip in live.clips()}
    assert names == {"live_set tracks 0": "from the left", "live_set tracks 1": "from the right"}


def test_no_answer_to_generate_is_said(open_live, ports):
    device = open_live(haste=8).device(ports).wait_connected()
    device.keep_back("/generate")

    device.generate("into the void")

    device.wait_note("the daemon did not answer; press Generate again")
