"""Takes of which the device did not hear what became of them: held, finished once more, or lost."""

import pytest

from tests.m4l.live import eventually

IDLE = ("engine", "ready", "running", 0, "queued", 0)


@pytest.fixture
def folder(daemon):
    """The drop folder, gone; it can be brought back."""
    away = daemon.stems.with_name("away")
    daemon.stems.rename(away)

    def bring_back():
        if away.exists():
            away.rename(daemon.stems)

    yield bring_back
    bring_back()


@pytest.fixture
def asked(device):
    """A device that has asked for one take, which the daemon does not know: number 9001."""
    device.into("drop folder only")
    device.keep_back("/generate", "/status")
    device.generate("pluck")
    device.run('Takes.queued(9001, 0, Connection.tag() + "/1");')
    return device


def label(device):
    return device.look()["face"]["play_A"]["label"]


def check_in(device, daemon):
    """Have an idle daemon tell how it is, and answer what the device asks then."""
    before = len(device.sent("/takes"))
    device.hear("/status/reply", *IDLE)
    eventually(lambda: len(device.sent("/takes")) > before, device.tell)
    daemon.ask()


def test_a_take_that_the_drop_folder_refuses_is_held_and_lands_when_that_is_back(device, daemon, folder):
    device.generate("kept safe")
    eventually(lambda: label(device) == "▶ A held", device.tell)
    assert "is kept safe: the stem folder" in device.note
    device.press("Play A")
    assert device.note == "take A is held until the drop folder takes it"
    device.press("Cancel")
    assert device.note == "nothing of this device is being made"
    assert device.sent("/cancel") == []

    for _ in range(6):
        check_in(device, daemon)
    assert label(device) == "▶ A held"
    assert device.note == "nothing of this device is being made"

    folder()
    device.wait_note("take A in slot 1")
    assert label(device) == "▶ A"


def test_a_take_that_is_made_and_not_landed_does_not_keep_cancel_from_the_final(asked):
    asked.hear("/take/done", 9001, 2.0, 3.0)
    asked.hear("/take/final", 9001, 9002)
    eventually(lambda: label(asked) == "▶ A ...", asked.tell)

    asked.press("Cancel")

    assert asked.sent("/cancel") == [[9002]]


def test_a_final_that_was_not_announced_is_adopted_when_it_is_told(asked):
    asked.hear("/stem/saved", 9001, "/a/pluck.wav")
    asked.wait_note("take A: pluck.wav")

    asked.hear("/takes/reply", 9002, "queued", "A", "large", "pluck", "", 9001)
    eventually(lambda: label(asked) == "▶ A ...", asked.tell)
    asked.hear("/takes/reply", 9002, "saved", "A", "large", "pluck", "/a/pluck_large.wav", 9001)

    asked.wait_note("final of A: pluck_large.wav")
    assert label(asked) == "▶ A final"


def test_whoever_comes_back_asks_what_became_of_its_takes(asked, daemon):
    asked.hear("/stem/saved", 9001, "/a/pluck.wav")
    asked.wait_note("take A: pluck.wav")
    assert asked.sent("/takes") == []

    asked.turn("Daemon Port", 1024)
    asked.turn("Daemon Port", daemon.port)

    eventually(lambda: asked.sent("/takes") == [[16]], asked.tell)


def test_a_take_that_the_idle_daemon_knows_nothing_of_is_given_up_after_all_were_asked_for(asked):
    for _ in range(5):
        asked.hear("/status/reply", *IDLE)

    asked.wait_note("take A was lost by the daemon; generate it again")
    assert asked.sent("/takes") == [[16], [16], [100], [100]]


def test_of_a_take_that_could_be_kept_nowhere_the_daemons_reason_stays(asked):
    reason = "take 9001 is not saved: the disk is full; it is made again from its seed at the daemon's next start"
    asked.hear("/take/done", 9001, 2.0, 3.0)
    asked.hear("/error", "/stem/saved", reason)
    asked.wait_note(reason)

    for _ in range(5):
        asked.hear("/status/reply", *IDLE)

    asked.wait_note(f"take A did not land; {reason}")


def test_takes_of_others_that_are_told_are_not_taken(asked):
    asked.hear("/takes/reply", 9003, "saved", "A", "tone", "of another", "/a/other.wav")
    asked.hear("/takes/reply", 9004, "saved", "A", "large", "of another", "/a/other_large.wav", 9003)
    asked.hear("/error", "/take/final", "heard after that")
    asked.wait_note("heard after that")

    assert label(asked) == "▶ A"
