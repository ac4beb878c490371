"""Sound given to the daemon: the in folder is watched, takes can be followed, any file can be gone on from."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.live_daemon import live_daemon
from tests.models.reference.tiny_musicgen import FOLLOWING, write_checkpoint


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inputs")
    write_checkpoint(folder / "models" / "melody", FOLLOWING["melody"])
    with live_daemon(folder, "engine.model=melody", f"models.folder={folder / 'models'}") as running:
        yield running


def saved(daemon, *message) -> tuple[np.ndarray, dict]:
    """The sound and the sidecar of the take that a message asks for."""
    since = len(daemon.heard)
    daemon.send(*message)
    number = daemon.wait("/take/queued", since=since)[0]
    path = Path(daemon.wait("/stem/saved", lambda v: v[0] == number, since)[1])
    return soundfile.read(path, always_2d=True)[0], json.loads(path.with_suffix(".json").read_text())


def hum(seconds: float, rate: int, channels: int = 1) -> np.ndarray:
    times = np.arange(round(seconds * rate)) / rate
    return np.repeat(0.4 * np.sin(2 * np.pi * 220 * times)[:, None], channels, axis=1)


@pytest.mark.parametrize("name", ["a tune.wav", "a tune.mp3", "größer 🎹.flac"])
def test_a_sound_in_the_in_folder_is_announced_and_so_is_its_end(daemon, name):
    since = len(daemon.heard)
    path = daemon.stems / "in" / name
    soundfile.write(path, hum(2.0, 44100), 44100)
    landed = daemon.wait("/input/landed", since=since)
    assert landed[0] == name
    assert landed[1] == pytest.approx(2.0, abs=0.1)
    path.unlink()
    daemon.wait("/input/removed", lambda v: v == [name], since)


@pytest.mark.parametrize(("folder", "address"), [("in", "/input/landed"), ("again", "/again")])
def test_a_file_in_an_inbox_that_is_no_sound_is_named(daemon, folder, address):
    since = len(daemon.heard)
    (daemon.stems / folder / "broken.wav").write_bytes(b"RIFF\x10\0\0\0WAVE and nothing that is sound")
    reason = daemon.wait("/error", lambda v: v[0] == address, since)[1]
    assert "broken.wav" in reason
    (daemon.stems / folder / "broken.wav").unlink()


def test_a_link_that_leads_out_of_the_drop_folder_is_named_and_not_offered(daemon, tmp_path):
    since = len(daemon.heard)
    soundfile.write(tmp_path / "outside.wav", hum(1.0, 44100), 44100)
    link = daemon.stems / "in" / "link.wav"
    link.symlink_to(tmp_path / "outside.wav")
    reason = daemon.wait("/error", lambda v: v[0] == "/input/landed", since)[1]
    assert "link.wav is a link that leads out of the drop folder; copy the sound itself" in reason
    link.unlink()


def test_a_name_that_no_message_can_say_is_named_with_the_cure(daemon, tmp_path):
    since = len(daemon.heard)
    soundfile.write(tmp_path / "tune.wav", hum(1.0, 44100), 44100)
    odd = (tmp_path / "tune.wav").rename(daemon.stems / "in" / os.fsdecode(b"\xfftune.wav"))
    reason = daemon.wait("/error", lambda v: v[0] == "/input/landed", since)[1]
    assert reason == "?tune.wav has a name that is no UTF-8; give it another one"
    odd.unlink()


def test_a_name_as_long_as_a_file_can_have_is_followed(daemon):
    name = "x" * 251 + ".wav"
    soundfile.write(daemon.stems / "in" / name, hum(1.0, 44100), 44100)
    heard = daemon.ask(("/set/melody", (name,)), ("/set/melody", ("off",)))
    assert ("/state/melody", [name]) in heard
    (daemon.stems / "in" / name).unlink()


def test_a_flac_file_that_only_begins_like_one_is_named(daemon):
    since = len(daemon.heard)
    (daemon.stems / "in" / "cut.flac").write_bytes(b"fLaC" + b"\0" * 40)
    assert "cut.flac cannot be read" in daemon.wait("/error", lambda v: v[0] == "/input/landed", since)[1]


def test_a_take_is_followed_by_its_number(daemon):
    since = len(daemon.heard)
    daemon.send("/generate", "warm", "seconds", 1, "seed", 1)
    number, path = daemon.wait("/stem/saved", since=since)
    plain, _ = saved(daemon, "/generate", "dark", "seconds", 0.5, "seed", 2)
    followed, sidecar = saved(daemon, "/generate", "dark", "seconds", 0.5, "seed", 2, "melody", number)
    assert sidecar["settings"]["melody"] == Path(path).name
    assert not np.array_equal(followed, plain)


def test_a_file_that_is_cut_short_is_named_with_what_there_is_of_it(daemon):
    since = len(daemon.heard)
    soundfile.write(daemon.stems / "whole.wav", hum(2.0, 44100), 44100)
    whole = (daemon.stems / "whole.wav").read_bytes()
    (daemon.stems / "in" / "cut.wav").write_bytes(whole[: len(whole) // 2])
    reason = daemon.wait("/error", lambda v: v[0] == "/input/landed", since)[1]
    assert reason == "cut.wav is cut short after 1 s; save it again"


@pytest.mark.parametrize(("name", "rate", "channels"), [("in/other.wav", 96000, 8), ("old loop.aiff", 8000, 1)])
def test_a_sound_from_elsewhere_is_gone_on_from_with_a_prompt_of_its_own(daemon, name, rate, channels):
    path = daemon.stems / name
    soundfile.write(path, hum(2.0, rate, channels), rate)
    plain, _ = saved(daemon, "/generate", "dark", "seconds", 0.5, "seed", 2)
    more, sidecar = saved(daemon, "/continue", path.name, 0.5, "prompt", "dark", "seed", 2)
    assert sidecar["settings"]["continues"] == str(path.resolve())
    assert (sidecar["prompt"], len(more)) == ("dark", 22050)
    assert not np.array_equal(more, plain)


@pytest.mark.parametrize(
    ("sound", "words"),
    [
        (np.zeros((10, 2)), "lasts 0.000219 s, wanted is at least 1 s"),
        (np.full((48000, 2), np.nan), "wrong.wav holds NaN"),
        (np.zeros((0, 1)), "wrong.wav is damaged: it ends before its first sample"),
    ],
)
def test_what_cannot_be_gone_on_from_fails_with_its_reason_and_the_next_take_is_made(daemon, sound, words):
    soundfile.write(daemon.stems / "in" / "wrong.wav", sound, 48000, subtype="FLOAT")
    since = len(daemon.heard)
    daemon.send("/continue", "wrong.wav", 0.5)
    assert words in daemon.wait("/take/failed", since=since)[2]
    assert len(saved(daemon, "/generate", "dark", "seconds", 0.5)[0]) == 22050
