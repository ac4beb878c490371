"""Hearing a take inside the track: sfplay~ stays a safe distance behind the file that grows."""

import pytest
import soundfile

from tests.live_daemon import free_port, live_daemon
from tests.m4l.live import eventually


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "Zwischen stand 🎧.wav"
    path.write_bytes(b"RIFF")
    return str(path)


@pytest.fixture
def hearing(device):
    """A device that hears takes in the track, with take 7 of its own being made."""
    device.turn("Hear In Track", 1)
    device.keep_back("/generate")
    device.generate("heard")
    device.run('Takes.queued(7, 0, Connection.tag() + "/1");')
    return device


def played(device):
    return device.value("player")


def test_it_starts_only_when_enough_is_written(hearing, file):
    hearing.hear("/preview/started", 7, file, 10.0)
    hearing.hear("/preview/written", 7, 1.0)
    hearing.live.rest(0.3)
    assert played(hearing) == []

    hearing.hear("/preview/written", 7, 5.0)

    eventually(lambda: played(hearing), hearing.tell)
    assert played(hearing) == [["open", file], [1]]


def test_a_slow_writer_is_given_a_longer_start(hearing, file):
    hearing.hear("/preview/started", 7, file, 60.0)
    for written in (1.1, 2.2):
        hearing.live.rest(2.2)
        hearing.hear("/preview/written", 7, written)
    hearing.live.rest(0.3)

    assert played(hearing) == []


def test_it_pauses_before_it_runs_into_the_writer_and_goes_on(hearing, file):
    hearing.hear("/preview/started", 7, file, 30.0)
    hearing.hear("/preview/written", 7, 2.5)
    eventually(lambda: [1] in played(hearing), hearing.tell)

    eventually(lambda: ["pause"] in played(hearing), hearing.tell)
    hearing.hear("/preview/written", 7, 30.0)

    eventually(lambda: ["resume"] in played(hearing), hearing.tell)


def test_a_finished_short_take_is_played_to_its_end_and_closed(hearing, file):
    hearing.hear("/preview/started", 7, file, 0.5)
    hearing.hear("/take/done", 7, 0.5, 4.0)

    eventually(lambda: ["fclose"] in played(hearing), hearing.tell)
    assert played(hearing) == [["open", file], [1], [0], ["fclose"]]


@pytest.mark.parametrize("end", [("/take/cancelled", 7), ("/take/failed", 7, "engine", "it died")])
def test_a_take_that_ends_early_falls_silent(hearing, file, end):
    hearing.hear("/preview/started", 7, file, 30.0)
    hearing.hear("/preview/written", 7, 20.0)
    eventually(lambda: [1] in played(hearing), hearing.tell)

    hearing.hear(*end)

    eventually(lambda: played(hearing)[-2:] == [[0], ["fclose"]], hearing.tell)


def test_switching_it_off_falls_silent(hearing, file):
    hearing.hear("/preview/started", 7, file, 30.0)
    hearing.hear("/preview/written", 7, 20.0)
    eventually(lambda: [1] in played(hearing), hearing.tell)

    hearing.turn("Hear In Track", 0)

    assert played(hearing)[-2:] == [[0], ["fclose"]]


def test_of_variations_made_in_one_pass_the_first_is_heard(hearing, file):
    hearing.run('Takes.queued(8, 1, Connection.tag() + "/1");')
    for take in (7, 8):
        hearing.hear("/preview/started", take, file, 10.0)
    for take in (7, 8):
        hearing.hear("/preview/written", take, 10.0)
    eventually(lambda: [1] in played(hearing), hearing.tell)

    hearing.hear("/take/playing", 7, 0.2)

    eventually(lambda: hearing.sent("/monitor/stop") == [[]], hearing.tell)
    assert played(hearing) == [["open", file], [1]]


def test_the_daemons_own_preview_is_played_while_the_take_is_still_made(open_live, tmp_path):
    with live_daemon(tmp_path, "engine.tone_pace=0.01") as slow:  # 20 ms of sound in 10 ms
        ports = {"Daemon Port": slow.port, "Reply Port": free_port()}
        device = open_live().device(ports, saved={"Bars": 4, "Hear In Track": 1, "Takes": 1}).wait_connected()
        device.generate("heard in the track")
        first = slow.wait("/preview/started")

        eventually(lambda: [1] in played(device), device.tell)

        slow.ask()
        assert [address for address, _ in slow.heard if address == "/take/done"] == []
        assert played(device)[0] == ["open", first[1]]
        assert soundfile.info(first[1]).duration == pytest.approx(first[2])
        slow.ask(("/cancel/all", ()))
        eventually(lambda: played(device)[-1] == ["fclose"], device.tell)


def test_takes_of_others_are_not_heard(hearing, file):
    hearing.hear("/preview/started", 8, file, 10.0)
    hearing.hear("/preview/written", 8, 10.0)
    hearing.live.rest(0.3)

    assert played(hearing) == []


def test_nothing_is_heard_unless_it_is_switched_on(hearing, file):
    hearing.turn("Hear In Track", 0)

    hearing.hear("/preview/started", 7, file, 10.0)
    hearing.hear("/preview/written", 7, 10.0)
    hearing.live.rest(0.3)

    assert played(hearing) == []
