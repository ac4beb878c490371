"""The whole way: /generate over UDP to a MusicGen checkpoint, through PortAudio while it decodes, to a stem."""

import json
import math
import os
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiogen_daemon.audio.edges import FALL, RISE
from audiogen_daemon.models.weights import open_folder
from tests.audio.conftest import jack, wait_for  # noqa: F401
from tests.live_daemon import live_daemon
from tests.models.reference.tiny_musicgen import SHAPES, write_checkpoint

RATE = 48000


@pytest.fixture
def models(tmp_path) -> Path:
    write_checkpoint(tmp_path / "models" / "tiny", SHAPES["mono"])
    return tmp_path / "models"


@pytest.mark.jack
def test_a_musicgen_take_is_heard_before_it_is_complete_and_what_is_heard_is_saved(jack, models, tmp_path):  # noqa: F811
    sets = [
        "engine.model=tiny",
        f"models.folder={models}",
        "monitor.enabled=true",
        "monitor.device=system",
        "monitor.preroll_margin=1",
        f"stems.rate={RATE}",
        "stems.format=float32",
    ]
    with live_daemon(tmp_path, *sets, environment=os.environ | jack.env) as daemon:
        wait_for(lambda: device_of(daemon) == "system")
        recorder = jack.record(tmp_path / "heard.wav", 9)
        since = len(daemon.heard)
        daemon.send("/generate", "dusty rhodes loop", "seconds", 5, "seed", 3)
        playing = daemon.wait("/take/playing", since=since)
        path = Path(daemon.wait("/stem/saved", lambda v: v[0] == playing[0], since)[1])
        recorder.wait(30)
        words = [word[0] for word in daemon.heard[since:]]
        assert words.index("/take/playing") < words.index("/take/done")
    assert "/monitor/starved" not in words
    saved, _ = soundfile.read(path, dtype="float32", always_2d=True)
    heard, rate = soundfile.read(tmp_path / "heard.wav", dtype="float32", always_2d=True)
    assert (rate, len(saved)) == (RATE, 5 * RATE)
    heard *= 10 ** (
        json.loads(path.with_suffix(".json").read_text())["audio"]["gain_db"] / 20
    )  # random weights are loud
    start = aligned(heard[:, 0], saved[:, 0])
    rise, fall = round(RISE * RATE), len(saved) - round(FALL * RATE)
    for channel in range(2):
        assert np.abs(heard[start : start + len(saved), channel] - saved[:, 0])[rise:fall].max() <= 1e-3
    lead = round(0.02 * RATE)  # the ramp from silence to a take's first sample
    assert np.abs(heard[: start - lead]).max() == 0.0


@pytest.mark.jack
def test_a_device_that_nobody_has_leaves_the_sound_on_the_one_it_plays_through(jack, tmp_path):  # noqa: F811
    sets = ["monitor.enabled=true", "monitor.device=system"]
    with live_daemon(tmp_path, *sets, environment=os.environ | jack.env) as daemon:
        wait_for(lambda: device_of(daemon) == "system")
        since = len(daemon.heard)
        daemon.send("/monitor/device", "foo")
        reason = daemon.wait("/error", lambda v: v[0] == "/monitor/device", since)[1]
        assert reason == 'no output matches "foo"; name one of: system; the sound stays on "system"'
        daemon.send("/generate", "warm", "seconds", 0.5)
        daemon.wait("/take/playing", since=since)
        assert device_of(daemon) == "system"
        assert "/monitor/device" not in [path for path, _ in daemon.heard[since:]]
        daemon.send("/monitor/device", "system")
        daemon.wait("/monitor/device", lambda v: v == ["system"], since)


def device_of(daemon) -> str:
    """The output that the daemon plays through, as its status tells."""
    reply = next(values for address, values in daemon.ask(("/status", ())) if address == "/status/reply")
    return reply[reply.index("device") + 1]


def aligned(heard: np.ndarray, saved: np.ndarray) -> int:
    """Where in what was heard the saved take begins, by correlation."""
    size = 1 << (len(heard) + len(saved)).bit_length()
    match = np.fft.irfft(np.fft.rfft(heard, size) * np.conj(np.fft.rfft(saved, size)), size)
    return int(np.argmax(match[: len(heard)]))


@pytest.mark.jack
def test_first_sound_comes_soon_and_a_cancelled_take_fades_at_once(jack, tmp_path):  # noqa: F811
    sets = ["monitor.enabled=true", "monitor.device=system", "engine.tone_pace=0.01"]
    trace = ("--trace", str(tmp_path / "trace.json"))
    with live_daemon(tmp_path, *sets, environment=os.environ | jack.env, arguments=trace) as daemon:
        wait_for(lambda: device_of(daemon) == "system")
        recorder = jack.record(tmp_path / "heard.wav", 4)
        daemon.send("/generate", "a long one", "seconds", 20)
        assert daemon.wait("/take/playing")[1] < 1.5
        daemon.wait("/monitor/level", lambda v: v[0] > -60)
        asked = time.monotonic()
        daemon.send("/cancel")
        daemon.wait("/take/cancelled")
        assert time.monotonic() - asked < 0.5
        recorder.wait(30)
    heard, _ = soundfile.read(tmp_path / "heard.wav", dtype="float32")
    loud = np.flatnonzero(np.abs(heard[:, 0]) > 1e-4)
    assert 0 < loud[-1] < len(heard) - RATE // 2
    steps = np.abs(np.diff(heard[:, 0]))
    assert steps[loud[-1] - 480 :].max() <= steps[: loud[-1] - 960].max()
    traced = json.loads((tmp_path / "trace.json").read_text())
    at = {event["name"]: event["ts"] for event in reversed(traced) if event.get("ph") == "i"}
    assert at["datagram"] < at["audio"] <= at["feed"] < at["first sample"]


def test_bad_checkpoints_are_named_and_the_daemon_lives_on(tmp_path):
    good = write_checkpoint(tmp_path / "models" / "good", SHAPES["mono"])
    cut = write_checkpoint(tmp_path / "models" / "cut", SHAPES["mono"])
    weights = cut / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    wrong = write_checkpoint(tmp_path / "models" / "wrong", SHAPES["mono"])
    (wrong / "config.json").write_text('{"model_type": "musicgen"}')
    with live_daemon(tmp_path, f"models.folder={good.parent}") as daemon:
        for name in ("cut", "wrong"):
            since = len(daemon.heard)
            daemon.send("/generate", "x", "model", name, "seconds", 1)
            take = daemon.wait("/take/queued", since=since)[0]
            failed = daemon.wait("/take/failed", lambda v, take=take: v[0] == take, since)
            assert failed[1] == "model"
            assert name in failed[2]
        since = len(daemon.heard)
        daemon.send("/generate", "x", "model", "good", "seconds", 1)
        daemon.wait("/stem/saved", since=since)
        daemon.send("/models")
        assert daemon.wait("/models/reply", lambda v: v[0] == "good", since)[1] == "warm"
        daemon.send("/model/unload", "good")
        daemon.wait("/model/unloaded", lambda v: v == ["good"], since)


def test_models_share_a_budget_and_the_one_used_last_stays(tmp_path):
    folder = tmp_path / "models"
    for name in ("one", "two"):
        write_checkpoint(folder / name, SHAPES["mono"])
    holds = 4 * sum(math.prod(info.shape) for info in open_folder(folder / "one").tensors.values())
    with live_daemon(tmp_path, f"models.folder={folder}", f"engine.memory_gb={1.5 * holds / 1e9:.9f}") as daemon:
        daemon.send("/model/load", "one")
        daemon.wait("/model/ready", lambda v: v[0] == "one")
        daemon.send("/model/load", "two")
        daemon.wait("/model/unloaded", lambda v: v[0] == "one")
        daemon.wait("/model/ready", lambda v: v[0] == "two")
    with live_daemon(tmp_path, f"models.folder={folder}", f"engine.memory_gb={0.5 * holds / 1e9:.9f}") as daemon:
        daemon.send("/model/load", "one")
        assert "engine.memory_gb allows" in daemon.wait("/error", lambda v: v[0] == "/model/load")[1]
