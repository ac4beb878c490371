"""A jam hears what it follows when it begins: a file that goes away later ends nothing."""

import dataclasses
from collections import deque
from multiprocessing import Pipe

import numpy as np
import pytest
import soundfile

from audiogen_daemon import messages as m
from audiogen_daemon.engine.jamming import play
from audiogen_daemon.models.jam import Jam
from audiogen_daemon.models.pipeline import Audio, Sampling
from audiogen_daemon.settings import Settings
from tests.engine.engine_process import running_engine

FOLLOWED = m.Take(1, "uid", Settings(model="tone", prompt="warm", melody="tune.wav", style="tune.wav", seed=1), "")


class Listener:
    """A model that keeps what it is asked for, and makes silence."""

    sample_rate, channels, max_seconds, longest_seconds, sampling = 32000, 1, 30.0, 600.0, Sampling()

    def jam(self, request):
        self.asked = [request]
        return Jam(self._improvise(), lambda sent: None)

    def _improvise(self):
        while True:
            sent = yield Audio(np.zeros((640, 1), np.float32))
            if sent is not None:
                self.asked.append(sent)


@pytest.mark.parametrize("going", ["deleted", "unreadable"])
def test_a_jam_is_steered_on_when_the_file_it_follows_is_gone(tmp_path, monkeypatch, going):
    soundfile.write(tmp_path / "tune.wav", np.full(3200, 0.5), 32000)
    ours, engines = Pipe()
    model, turns = Listener(), iter(range(100))

    def between():
        turn = next(turns)
        if turn == 1:
            (tmp_path / "tune.wav").unlink()
            if going == "unreadable":
                (tmp_path / "tune.wav").symlink_to("tune.wav")
            ours.send(m.Steer(1, dataclasses.replace(FOLLOWED.settings, prompt="darker")))
        if turn == 5:
            ours.send(m.Stop(1))

    play(FOLLOWED, model, engines, deque(), tmp_path, between)

    first, then = model.asked
    assert (first.prompt, len(first.melody), len(first.style)) == ("warm", 3200, 3200)
    assert then.prompt == "darker"


@pytest.mark.parametrize("name", ["loop.wav", "x" * 300 + ".wav"])
def test_a_jam_that_cannot_read_what_it_follows_ends_with_the_file_and_the_cure(tmp_path, name):
    folder = tmp_path / "drop" / "in"
    folder.mkdir(parents=True)
    (folder / "loop.wav").symlink_to("loop.wav")
    with running_engine(tmp_path) as engine:
        engine.send(
            m.RunJam(dataclasses.replace(FOLLOWED, settings=dataclasses.replace(FOLLOWED.settings, melody=name)))
        )
        failed = engine.wait(m.JobFailed)
    assert failed.code == "request"
    assert name in failed.reason
    assert "name another" in failed.reason or "put it there" in failed.reason


@pytest.mark.parametrize("parked", ["gone", "damaged", "short"])
def test_a_jam_begins_anew_where_the_sound_that_it_broke_off_with_is_of_no_use(tmp_path, parked):
    path = tmp_path / "jam.wav"
    if parked == "damaged":
        path.write_bytes(b"no sound")
    if parked == "short":
        soundfile.write(path, np.zeros(320), 32000)
    (tmp_path / "drop").mkdir()
    take = m.Take(1, "uid", Settings(model="tone", prompt="warm", seed=1), "", continues=str(path))
    ours, engines = Pipe()
    model = Choosy()

    play(take, model, engines, deque(), tmp_path / "drop", lambda: ours.send(m.Stop(1)))

    assert [request.continues for request in model.asked] == [None]
    assert not any(isinstance(message, m.JobFailed) for message in said(ours))


def test_a_jam_that_is_stopped_before_it_begins_makes_no_sound(tmp_path):
    ours, engines = Pipe()
    ours.send(m.Stop(1))
    take = m.Take(1, "uid", Settings(model="tone", prompt="warm", seed=1), "")
    play(take, Listener(), engines, deque(), tmp_path, lambda: None)
    assert [type(message) for message in said(ours)] == [m.JobStarted, m.JobCancelled]


def test_a_jam_that_is_changed_before_it_begins_follows_at_once(tmp_path):
    ours, engines = Pipe()
    take = m.Take(1, "uid", Settings(model="tone", prompt="warm", seed=1), "")
    ours.send(m.Steer(1, dataclasses.replace(take.settings, prompt="darker")))
    model, turns = Listener(), iter(range(100))
    play(take, model, engines, deque(), tmp_path, lambda: ours.send(m.Stop(1)) if next(turns) == 1 else None)
    assert [request.prompt for request in model.asked] == ["warm", "darker"]


class Choosy(Listener):
    """A model that goes on from a second of sound or more, as MusicGen does."""

    def jam(self, request):
        if request.continues is not None and len(request.continues) < self.sample_rate:
            raise ValueError("the sound to go on from is too short; give a longer one")
        return super().jam(request)


def said(pipe) -> list:
    """What the engine said."""
    messages = []
    while pipe.poll():
        messages.append(pipe.recv())
    return messages
