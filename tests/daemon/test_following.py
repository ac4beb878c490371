"""Melodies through the daemon: a file in the in folder is followed, and what cannot be followed is named."""

import numpy as np
import pytest
import soundfile

from tests.live_daemon import live_daemon
from tests.models.reference.tiny_musicgen import FOLLOWING, write_checkpoint


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    folder = tmp_path_factory.mktemp("following")
    for kind in ("melody", "style"):
        write_checkpoint(folder / "models" / kind, FOLLOWING[kind])
    with live_daemon(folder, "engine.model=melody", f"models.folder={folder / 'models'}") as running:
        seconds = np.arange(44100) / 44100
        tune = np.stack([0.5 * np.sin(2 * np.pi * 440 * seconds), 0.5 * np.sin(2 * np.pi * 660 * seconds)], axis=1)
        soundfile.write(running.stems / "in" / "my tune.wav", tune, 44100)
        soundfile.write(running.stems / "in" / "my style.wav", np.tile(tune, (2, 1)), 44100)
        yield running


def take(daemon, *words) -> np.ndarray:
    since = len(daemon.heard)
    daemon.send("/generate", "warm", "model", "melody", "seconds", 0.5, "seed", 1, *words)
    number = daemon.wait("/take/queued", since=since)[0]
    return soundfile.read(daemon.wait("/stem/saved", lambda v: v[0] == number, since)[1])[0]


def styled(daemon, *words) -> np.ndarray:
    return take(daemon, "model", "style", "style", "my style.wav", *words)


def failed(daemon, *words) -> list:
    since = len(daemon.heard)
    daemon.send("/generate", "warm", "seconds", 0.5, *words)
    number = daemon.wait("/take/queued", since=since)[0]
    return daemon.wait("/take/failed", lambda v: v[0] == number, since)[1:]


def test_a_tune_in_the_in_folder_changes_the_take_and_the_sidecar_names_it(daemon):
    assert not np.array_equal(take(daemon, "melody", "my tune.wav"), take(daemon))


def test_a_stem_can_be_followed_by_its_name(daemon):
    take(daemon)
    stem = next(daemon.stems.glob("*.wav")).name
    assert len(take(daemon, "melody", stem)) == 22050


def test_beta_weighs_the_prompt_against_the_style_that_is_followed(daemon):
    own = styled(daemon)
    assert np.array_equal(styled(daemon, "beta", "model"), own)
    assert not np.array_equal(styled(daemon, "beta", 1.0), own)


def test_beta_says_nothing_to_a_model_that_follows_no_style(daemon):
    assert np.array_equal(take(daemon, "beta", 2.0), take(daemon))


def refused(daemon, address: str, *words) -> list[str]:
    """What /error says of a message that makes no take."""
    heard = daemon.ask((address, words))
    assert not [values for path, values in heard if path == "/take/queued"]
    return [values[1] for path, values in heard if path == "/error" and values[0] == address]


@pytest.mark.parametrize("kind", ["melody", "style"])
def test_what_is_not_there_is_refused_at_once_and_the_value_stays(daemon, kind):
    daemon.ask((f"/set/{kind}", ("my tune.wav",)))
    for message in ((f"/set/{kind}", "none.wav"), ("/generate", "warm", kind, "none.wav", "seconds", 0.5)):
        (reason,) = refused(daemon, *message)
        assert reason.startswith("none.wav is neither in ")
        assert "my tune.wav" in reason
    heard = daemon.ask((f"/get/{kind}", ()))
    assert (f"/get/{kind}", ["my tune.wav"]) in heard
    daemon.ask((f"/set/{kind}", ("off",)))
    assert (f"/get/{kind}", [""]) in daemon.ask((f"/get/{kind}", ()))


def test_a_refusal_goes_with_the_name_that_the_client_gave(daemon):
    heard = daemon.ask(("/generate", ("warm", "melody", "none.wav", "client", "pad")))
    assert [values[2:] for path, values in heard if path == "/error"] == [["pad"]]


def test_what_cannot_be_read_or_is_silent_is_named(daemon):
    (daemon.stems / "in" / "broken.wav").write_bytes(b"RIFF nonsense")
    assert "cannot be read" in failed(daemon, "model", "melody", "melody", "broken.wav")[1]
    soundfile.write(daemon.stems / "in" / "short.wav", np.zeros(10), 44100)
    assert "melody" in failed(daemon, "model", "melody", "melody", "short.wav")[1]


def test_a_model_that_follows_no_melodies_says_so(daemon):
    assert "melod" in failed(daemon, "model", "tone", "melody", "my tune.wav")[1]
