"""Accepted means made: the daemon is killed at random moments, and every accepted take is made once, from its seed."""

import json
import random
import signal
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import soundfile

from audiogen_daemon.audio.edges import faded
from audiogen_daemon.audio.resample import resample
from audiogen_daemon.engine.requests import request_for
from audiogen_daemon.journal import settings_from
from audiogen_daemon.messages import Take
from audiogen_daemon.models import tone
from audiogen_daemon.models.pipeline import Audio
from tests.live_daemon import live_daemon

KILLS = 30
SECONDS = 0.4


def accepted(daemon) -> set[int]:
    return {values[0] for address, values in daemon.heard if address == "/take/queued"}


def test_thirty_kills_at_random_moments_lose_no_take_and_make_none_twice(tmp_path):
    dice, pause, promised = random.Random(), threading.Event(), set()
    for _ in range(KILLS):
        with live_daemon(tmp_path, "engine.tone_pace=0.005") as daemon:
            for number in range(2):
                daemon.send("/generate", f"take {number}", "seconds", SECONDS)
            pause.wait(dice.uniform(0, 0.4))
            daemon.process.send_signal(signal.SIGKILL)
            daemon.process.wait(10)
            daemon.drain()
            promised |= accepted(daemon)
    with live_daemon(tmp_path) as daemon:
        take = daemon.ask(("/generate", ("the last", "seconds", SECONDS)))
        last = next(values[0] for address, values in take if address == "/take/queued")
        daemon.wait("/stem/saved", lambda values: values[0] == last)
        stems = daemon.stems
    assert len(promised) >= KILLS

    assert not [path.name for path in stems.iterdir() if path.name.startswith(".")]
    sidecars = [json.loads(path.read_text()) for path in stems.glob("*.json")]
    assert {path.stem for path in stems.glob("*.json")} == {path.stem for path in stems.glob("*.wav")}
    made = Counter(sidecar["take"] for sidecar in sidecars)
    assert promised <= set(made)
    assert set(made.values()) == {1}
    for sidecar in sidecars:
        heard, rate = soundfile.read(stems / sidecar["file"], always_2d=True)
        assert len(heard) == round(SECONDS * rate)
        np.testing.assert_allclose(heard, sound_of(sidecar["settings"], rate), atol=1e-6)


def sound_of(settings: dict, rate: int) -> np.ndarray:
    """The take as it must come out, made here from its settings and seed alone."""
    pipeline = tone.load()
    request = request_for([Take(1, "", settings_from(settings), "")], pipeline, Path())
    parts = [item.pcm for item in pipeline.generate(request) if isinstance(item, Audio)]
    return faded(resample(np.concatenate(parts), pipeline.sample_rate, rate), rate)


def test_what_is_accepted_while_the_daemon_stops_is_made_by_the_next(tmp_path):
    pause, sent = threading.Event(), 0
    with live_daemon(tmp_path) as daemon:
        daemon.process.send_signal(signal.SIGTERM)
        while daemon.process.poll() is None:
            sent += 1
            daemon.send("/generate", f"take {sent}", "seconds", 0.1)
            pause.wait(0.004)
        daemon.drain()
        promised = accepted(daemon)
    with live_daemon(tmp_path) as daemon:
        last = daemon.ask(("/generate", ("the last", "seconds", 0.1)))
        [number] = [values[0] for address, values in last if address == "/take/queued"]
        daemon.wait("/stem/saved", lambda values: values[0] == number)
        made = Counter(json.loads(path.read_text())["take"] for path in daemon.stems.glob("*.json"))
    assert promised
    assert made == Counter([*promised, number])
