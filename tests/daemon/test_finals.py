"""Drafts and finals through the real daemon: sketched on one checkpoint, made once more on another."""

import json
import random
import signal
import threading
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiogen_daemon import generate
from tests.live_daemon import live_daemon
from tests.models.reference.tiny_musicgen import MELODY, MONO, write_checkpoint

SLOW = "engine.tone_pace=0.02"
"""Makes the weightless model as slow as real time."""

KILLS = 4


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    for number, (name, shape) in enumerate({"small": MONO, "medium": MONO, "melody": MELODY}.items()):
        write_checkpoint(folder / name, shape, seed=number)
    return folder


def daemon_of(models: Path, folder: Path, *settings: str):
    return live_daemon(folder, "engine.model=small", f"models.folder={models}", *settings)


def ask(daemon, *words) -> tuple[int, int]:
    since = len(daemon.heard)
    daemon.send("/generate", *words)
    return daemon.wait("/take/queued", since=since)[0], since


def sidecar_of(path: str) -> dict:
    return json.loads(Path(path).with_suffix(".json").read_text())


def test_draft_and_final_both_land_and_name_each_other(models, tmp_path):
    with daemon_of(models, tmp_path, "take.finish_with=medium") as daemon:
        draft, since = ask(daemon, "warm rhodes", "seconds", 0.5, "seed", 7)
        final = daemon.wait("/take/final", lambda v: v[0] == draft, since)[1]
        paths = [daemon.wait("/stem/saved", lambda v, take=take: v[0] == take, since)[1] for take in (draft, final)]
        straight, later = ask(daemon, "warm rhodes", "seconds", 0.5, "seed", 7, "model", "medium", "finish_with", "off")
        same = daemon.wait("/stem/saved", lambda v: v[0] == straight, later)[1]
        heard = daemon.heard[since:]
    assert [Path(path).name for path in paths] == ["warm-rhodes_001.wav", "warm-rhodes_001_medium.wav"]
    assert Path(same).name == "warm-rhodes_002.wav"
    sketch, finished = map(sidecar_of, paths)
    assert (sketch["final"], finished["draft_of"]) == (finished["uid"], sketch["uid"])
    assert (sketch["model"], finished["model"], sketch["seed"], finished["seed"]) == ("small", "medium", 7, 7)
    sounds = [soundfile.read(path)[0] for path in (*paths, same)]
    assert np.array_equal(sounds[1], sounds[2])
    assert not np.array_equal(sounds[0], sounds[1])
    assert [values[0] for address, values in heard if address == "/preview/started"] == [draft, straight]


def test_what_is_asked_for_goes_first_and_the_final_is_whole_all_the_same(models, tmp_path):
    with daemon_of(models, tmp_path, SLOW) as daemon:
        draft, since = ask(daemon, "sketch", "seconds", 1.5, "seed", 3, "finish_with", "tone")
        final = daemon.wait("/take/final", lambda v: v[0] == draft, since)[1]
        daemon.wait("/take/progress", lambda v: v[0] == final and v[1] > 0.1, since)
        urgent, later = ask(daemon, "now", "seconds", 0.3)
        assert daemon.wait("/take/done", since=later)[0] == urgent
        daemon.wait("/take/queued", lambda v: v[0] == final, later)
        path = daemon.wait("/stem/saved", lambda v: v[0] == final, later)[1]
        ends = [v[0] for a, v in daemon.heard[since:] if a in ("/take/done", "/take/cancelled", "/take/failed")]
    assert ends == [draft, urgent, final]
    made = generate("sketch", model="tone", seconds=1.5, seed=3).save(tmp_path / "made.wav")
    assert np.array_equal(soundfile.read(path)[0], soundfile.read(made)[0])


def test_a_jam_does_not_wait_for_a_final_which_is_made_after_it(models, tmp_path):
    with daemon_of(models, tmp_path, SLOW) as daemon:
        draft, since = ask(daemon, "sketch", "seconds", 2, "finish_with", "tone")
        final = daemon.wait("/take/final", lambda v: v[0] == draft, since)[1]
        daemon.wait("/take/progress", lambda v: v[0] == final, since)
        daemon.send("/jam/start", "endless")
        jam = daemon.wait("/jam/started", since=since)[0]
        daemon.wait("/take/audible", lambda v: v[0] == jam, since)
        assert not any(address == "/take/done" and v[0] == final for address, v in daemon.heard)
        daemon.send("/jam/stop")
        daemon.wait("/stem/saved", lambda v: v[0] == final, since)


def test_kills_between_draft_and_final_lose_no_final_and_make_none_twice(models, tmp_path):
    dice, pause, promised = random.Random(), threading.Event(), set()
    for number in range(KILLS):
        with daemon_of(models, tmp_path, "engine.tone_pace=0.005") as daemon:
            draft, since = ask(daemon, f"sketch {number}", "seconds", 0.4, "finish_with", "tone")
            promised.add(draft)
            if number % 2:
                daemon.wait("/take/final", lambda v, draft=draft: v[0] == draft, since)
            pause.wait(dice.uniform(0, 0.2))
            daemon.process.send_signal(signal.SIGKILL)
            daemon.process.wait(10)
    with daemon_of(models, tmp_path) as daemon:
        last, since = ask(daemon, "the last", "seconds", 0.4, "finish_with", "tone")
        final = daemon.wait("/take/final", lambda v: v[0] == last, since)[1]
        daemon.wait("/stem/saved", lambda v: v[0] == final)
        stems = daemon.stems
    sidecars = {s["uid"]: s for s in (json.loads(path.read_text()) for path in stems.glob("*.json"))}
    drafts = [s for s in sidecars.values() if s["final"]]
    assert promised | {last} == {s["take"] for s in drafts}
    made = Counter(s["draft_of"] for s in sidecars.values() if s["draft_of"])
    assert made == Counter(s["uid"] for s in drafts)
    for draft in drafts:
        name, final = Path(draft["file"]).stem, sidecars[draft["final"]]
        assert (final["file"], final["seed"]) == (f"{name}_tone.wav", draft["seed"])


def test_a_final_that_memory_cannot_hold_is_named_at_once_and_the_draft_lands(models, tmp_path):
    with daemon_of(models, tmp_path, "engine.memory_gb=0.005") as daemon:
        draft, since = ask(daemon, "sketch", "seconds", 0.3, "finish_with", "starter")
        reason = daemon.wait("/error", lambda v: v[0] == "/take/final", since)[1]
        assert "engine.memory_gb" in reason
        daemon.wait("/stem/saved", lambda v: v[0] == draft, since)


def test_models_that_do_not_fit_together_take_turns(models, tmp_path):
    with daemon_of(models, tmp_path, "engine.memory_gb=0.002") as daemon:
        draft, since = ask(daemon, "sketch", "seconds", 0.3, "finish_with", "medium")
        final = daemon.wait("/take/final", lambda v: v[0] == draft, since)[1]
        daemon.wait("/model/unloaded", lambda v: v == ["small"], since)
        daemon.wait("/stem/saved", lambda v: v[0] == final, since)
        now, later = ask(daemon, "now", "seconds", 0.3)
        daemon.wait("/model/ready", lambda v: v[0] == "small", later)
        daemon.wait("/stem/saved", lambda v: v[0] == now, later)


def test_a_final_that_cannot_follow_the_melody_fails_by_name_and_the_draft_stays(models, tmp_path):
    with daemon_of(models, tmp_path) as daemon:
        tune = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44100) / 44100)
        soundfile.write(daemon.stems / "in" / "tune.wav", tune, 44100)
        daemon.send("/set/finish_with", "tone")
        draft, since = ask(daemon, "sketch", "model", "melody", "melody", "tune.wav", "seconds", 0.3)
        final = daemon.wait("/take/final", lambda v: v[0] == draft, since)[1]
        _, code, reason = daemon.wait("/take/failed", lambda v: v[0] == final, since)
        assert (code, "tone follows none" in reason) == ("request", True)
        daemon.wait("/stem/saved", lambda v: v[0] == draft, since)


def test_stopping_does_not_wait_for_a_final_which_the_next_daemon_makes(models, tmp_path):
    with daemon_of(models, tmp_path, "engine.tone_pace=0.05") as daemon:
        draft, since = ask(daemon, "sketch", "seconds", 4, "finish_with", "tone")
        final = daemon.wait("/take/final", lambda v: v[0] == draft, since)[1]
        daemon.wait("/take/progress", lambda v: v[0] == final, since)
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(8) == 0
    with daemon_of(models, tmp_path) as daemon:
        path = daemon.wait("/stem/saved", lambda v: v[0] == final)[1]
        assert soundfile.info(path).frames == 4 * 44100
