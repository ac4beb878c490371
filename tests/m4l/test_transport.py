"""The daemon follows the set: tempo, signature, scale, playing, position."""

import time

import pytest

from tests.m4l.live import eventually


def state(daemon, name):
    said = daemon.ask((f"/get/{name}", ()))
    return [values[0] for address, values in said if address == f"/get/{name}"][-1]


def test_tempo_and_signature_follow_the_set(device, daemon):
    device.live.song("tempo", 93.5)
    device.live.song("signature_numerator", 7)
    device.live.song("signature_denominator", 8)

    eventually(lambda: state(daemon, "tempo") == 93.5)
    eventually(lambda: state(daemon, "signature") == "7/8")


@pytest.mark.parametrize(
    ("root", "scale", "intervals", "key"),
    [
        (6, "Minor", [0, 2, 3, 5, 7, 8, 10], "F# minor"),
        (10, "Dorian", [0, 2, 3, 5, 7, 9, 10], "Bb dorian"),
        (0, "Minor Blues", [0, 3, 5, 6, 7, 10], "C minor"),
        (4, "Bhairav", [0, 1, 4, 5, 7, 8, 11], "E major"),
        (2, "Major", [0, 2, 4, 5, 7, 9, 11], "D major"),
    ],
)
def test_the_scale_of_the_set_becomes_the_key(device, daemon, root, scale, intervals, key):
    device.live.song("scale_intervals", intervals)
    device.live.song("root_note", root)
    device.live.song("scale_name", scale)
    device.live.song("scale_mode", 1)

    eventually(lambda: state(daemon, "key") == key, device.tell)

    device.live.song("scale_mode", 0)
    eventually(lambda: state(daemon, "key") == "", device.tell)


def test_a_scale_without_a_third_leaves_the_key_free(device):
    device.live.song("scale_intervals", [0, 2, 5, 7, 9])
    device.live.song("scale_name", "Something Else")
    device.live.song("scale_mode", 1)

    assert device.sent("/set/key") == []


def test_a_set_without_a_scale_leaves_the_daemons_key_alone(open_live, daemon, ports):
    daemon.ask(("/set/key", ("A minor",)))

    device = open_live().device(ports).wait_connected()
    device.live.rest(0.2)

    assert state(daemon, "key") == "A minor"
    daemon.ask(("/set/key", ("",)))


def test_position_is_sent_at_most_twenty_times_a_second_and_only_when_it_moves(device):
    device.live.rest(0.3)
    still = len(device.sent("/transport/beat"))
    device.live.song("is_playing", 1)
    begun = time.monotonic()
    for step in range(20):
        device.live.song("current_song_time", step / 10)
        device.live.rest(0.025)
    moved = len(device.sent("/transport/beat")) - still

    assert still <= 2
    assert 4 <= moved <= 20 * (time.monotonic() - begun) + 1
    assert [1] in device.sent("/transport/playing")


def test_an_older_live_without_scales_is_not_asked_for_them(open_live, ports):
    device = open_live(version=[11, 3, 21]).device(ports).wait_connected()

    assert device.sent("/set/key") == []


def test_a_tempo_beyond_the_daemons_range_is_reported(device):
    device.live.song("tempo", 999)

    assert "999" in device.wait_note("/transport/tempo: ")
