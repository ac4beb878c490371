"""Where a take goes in the set, and what is said when Live cannot have it there."""

from pathlib import Path

import pytest

from tests.m4l.live import eventually


@pytest.fixture
def ready(open_live, ports):
    """Opens a set with a connected device of one-bar takes."""

    def opening(track=0, **options):
        load = {key: options.pop(key) for key in ("rack", "list") if key in options}
        return open_live(**options).device(ports, track=track, saved={"Bars": 1}, **load).wait_connected()

    return opening


def test_occupied_slots_are_passed_over(ready):
    device = ready()
    device.live.order("fill", track=0, slot=0)
    device.live.order("fill", track=0, slot=1)

    device.generate("pads")

    device.wait_note('take A in slot 3 of "Audio": 4 beats')


def test_a_full_track_gets_a_new_scene(ready):
    device = ready(scenes=1)
    device.live.order("fill", track=0, slot=0)

    device.generate("pads")

    device.wait_note("take A in slot 2")
    assert device.live.order("scenes") == 2


def test_the_selected_slot_may_be_on_another_track(ready):
    device = ready(tracks=[{"name": "Here"}, {"name": "Bass & Co"}])
    device.into("selected slot")
    device.live.order("highlight", track=1, slot=2)

    device.generate("sub bass")

    device.wait_note('take A in slot 3 of "Bass & Co"')


def test_an_occupied_selected_slot_is_left_alone_and_the_put_button_tries_again(ready):
    device = ready()
    device.into("selected slot")
    device.live.order("fill", track=0, slot=0)
    device.live.order("highlight", track=0, slot=0)

    device.generate("pads")
    said = device.wait_note("has a clip already")
    assert said.startswith('slot 1 of "Audio" has a clip already; select an empty slot and press put; ')
    assert said.endswith(".wav is in the drop folder")
    assert device.live.clips() == []

    device.live.order("highlight", track=0, slot=1)
    device.press("Put A")
    device.wait_note("take A in slot 2")


def test_the_slot_that_was_selected_when_the_take_was_asked_for_gets_it(ready):
    device = ready(tracks=[{"name": "Here"}, {"name": "Bass"}])
    device.into("selected slot")
    device.live.order("highlight", track=1, slot=2)

    device.generate("sub bass")
    device.live.order("highlight", track=0, slot=0)

    device.wait_note('take A in slot 3 of "Bass"')


def test_no_selected_slot_is_said(ready):
    device = ready()
    device.into("selected slot")

    device.generate("pads")

    device.wait_note("no slot is selected; click one in the Session view and press put")


def test_only_the_first_of_several_takes_goes_into_one_slot(ready):
    device = ready()
    device.into("selected slot")
    device.live.order("highlight", track=0, slot=0)
    device.turn("Takes", 1)

    device.generate("pads")

    device.wait_note("take B is ready; put it with its button")
    eventually(lambda: [clip["name"] for clip in device.live.clips()] == ["pads A"], device.tell)


def test_the_arrangement_gets_the_clip_at_the_playhead(ready):
    device = ready()
    device.into("arrangement at playhead")
    device.live.song("current_song_time", 33.5)

    device.generate("riser")

    device.wait_note('take A in beat 33.5 of "Audio": 4 beats')
    (clip,) = device.live.clips()
    assert clip["start_time"] == 33.5


def test_the_arrangement_gets_the_clip_where_the_playhead_was_when_it_was_asked_for(ready):
    device = ready()
    device.into("arrangement at playhead")
    device.live.song("current_song_time", 128)

    device.generate("riser")
    device.live.song("current_song_time", 2.5)
    device.live.song("is_playing", 1)

    device.wait_note("take A in beat 128 of")


@pytest.mark.parametrize(
    ("signature", "playhead", "line"), [((4, 4), 33.37, 36), ((4, 4), 36.0, 36), ((7, 8), 33.37, 35), ((3, 4), 0.2, 3)]
)
def test_while_the_set_plays_the_clip_begins_on_the_next_bar_line(ready, signature, playhead, line):
    device = ready()
    device.into("arrangement at playhead")
    device.live.song("signature_numerator", signature[0])
    device.live.song("signature_denominator", signature[1])
    device.live.song("current_song_time", playhead)
    device.live.song("is_playing", 1)

    device.generate("riser")

    device.wait_note(f"take A in beat {line} of")


def test_no_clip_of_the_arrangement_is_covered_and_the_put_button_tries_elsewhere(ready):
    device = ready()
    device.into("arrangement at playhead")
    device.live.song("current_song_time", 32)
    device.generate("first")
    device.wait_note("take A in beat 32")

    device.live.song("current_song_time", 30)
    device.generate("second")
    said = device.wait_note("move the playhead")
    assert said.startswith('"Audio" has "first" within 4 beats from beat 30; move the playhead and press put; ')

    device.live.song("current_song_time", 28)
    device.press("Put A")
    device.wait_note("take A in beat 28")
    assert [(clip["name"], clip["start_time"]) for clip in device.live.clips()] == [("first", 32), ("second", 28)]


def test_drop_folder_only_touches_nothing_in_the_set(ready):
    device = ready()
    device.into("drop folder only")

    device.generate("pads")

    assert device.wait_note(".wav").startswith("take A: ")
    assert device.live.clips() == []


@pytest.mark.parametrize("quietly", [False, True])
@pytest.mark.parametrize(
    ("track", "reason"),
    [
        ({"name": "Ice", "is_frozen": 1}, '"Ice" is frozen; unfreeze it and press put'),
        ({"name": "Keys", "has_audio_input": 0}, '"Keys" is a MIDI track; choose an audio track'),
        ({"name": "Drums", "is_foldable": 1}, '"Drums" is a group; choose an audio track'),
    ],
)
def test_a_track_that_takes_no_audio_clip_is_named_with_the_cure(ready, track, reason, quietly):
    device = ready(tracks=[track], refusesQuietly=quietly)

    device.generate("pads")

    assert device.wait_note("is in the drop folder").startswith(reason)
    assert device.live.clips() == []


def test_a_track_thawed_again_takes_it_by_the_put_button(ready):
    device = ready(tracks=[{"name": "Ice", "is_frozen": 1}])
    device.generate("pads")
    device.wait_note("is frozen")

    device.live.order("track", track=0, property="is_frozen", to=0)
    device.press("Put A")

    device.wait_note("take A in slot 1")


@pytest.mark.parametrize(
    ("asked_into", "take_where", "put_into", "put_where", "final_where"),
    [
        ("next empty slot", " in slot 1", "selected slot", " in slot 4", " in slot 2"),
        ("drop folder only", ": ", "next empty slot", " in slot 1", ": "),
    ],
)
def test_a_place_chosen_for_a_put_is_not_that_of_the_final(
    ready, daemon, asked_into, take_where, put_into, put_where, final_where
):
    device = ready()
    daemon.ask()
    since = len(daemon.heard)
    device.into(asked_into)
    device.generate("pads")
    device.wait_note(f"take A{take_where}")
    device.into(put_into)
    device.live.order("highlight", track=0, slot=3)
    device.press("Put A")
    device.wait_note(f"take A{put_where}")

    draft, path = daemon.wait("/stem/saved", since=since)
    device.hear("/take/final", draft, 9002)
    device.hear("/stem/saved", 9002, path)

    device.wait_note(f"final of A{final_where}")


def test_a_return_track_has_no_clips(ready):
    device = ready(returns=[{"name": "A-Reverb"}], list="return_tracks")

    device.generate("pads")

    assert device.wait_note("return").startswith('"A-Reverb" is a return or the main track, which has no clips')


def test_a_device_in_a_rack_finds_its_track(ready):
    device = ready(rack=True)

    device.generate("pads")

    device.wait_note('take A in slot 1 of "Audio"')


@pytest.mark.parametrize("version", [[11, 3, 21], [12, 0, 4]])
def test_an_older_live_is_told_to_drag(ready, version):
    device = ready(version=version)

    device.generate("pads")

    said = device.wait_note("drag")
    number = ".".join(map(str, version))
    assert said.startswith(f"Live {number} cannot be handed a clip (12.0.5 can); drag it from the browser; ")
    assert said.endswith(".wav is in the drop folder")
    assert device.live.clips() == []


@pytest.mark.parametrize("version", [[12, 0, 5], [12, 2, 0], [13, 0, 0]])
def test_a_new_enough_live_gets_the_clip(ready, version):
    device = ready(version=version)

    device.generate("pads")

    device.wait_note("take A in slot 1")


def test_a_refusal_that_live_keeps_to_itself_is_noticed(ready):
    device = ready(refusesQuietly=True)
    device.generate("pads")
    device.wait_note("take A in slot 1")
    Path(device.live.clips()[0]["file"]).unlink()

    device.press("Put A")

    assert 'Live made no clip in slot 2 of "Audio"' in device.wait_note("is in the drop folder")


def test_a_tempo_that_live_guessed_wrong_is_reported_with_the_cure(ready):
    device = ready(guess=0.5)

    device.generate("half time")

    assert device.wait_note("Seg. BPM").endswith("4 beats; Live guessed its tempo: set Seg. BPM to 120")


def test_a_clip_that_arrives_late_is_waited_for(ready):
    device = ready(clipDelay=900)

    device.generate("pads")

    device.wait_note("take A in slot 1")
