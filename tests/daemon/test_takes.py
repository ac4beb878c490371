"""Takes through the real daemon: one process for OSC, one for the engine, real UDP between us and them."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiogen_daemon.audio.edges import faded
from audiogen_daemon.audio.resample import resample
from audiogen_daemon.service.manager import STOP_TIMEOUT
from tests.live_daemon import live_daemon

SLOW = "engine.tone_pace=0.02"
"""Makes the weightless model as slow as real time."""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with live_daemon(tmp_path_factory.mktemp("daemon")) as running:
        yield running


@pytest.fixture
def slow(tmp_path):
    with live_daemon(tmp_path, SLOW, "take.keep_partial=true", "engine.hang_timeout=1.5") as running:
        yield running


def generate(daemon, *words):
    since = len(daemon.heard)
    daemon.send("/generate", *words)
    return daemon.wait("/take/queued", since=since)[0], since


def engine_pid(daemon) -> int:
    children = subprocess.run(["pgrep", "-P", str(daemon.process.pid)], capture_output=True, text=True, check=True)
    return int(children.stdout.split()[0])


def test_a_take_ends_as_a_stem_of_exact_length_that_knows_how_it_was_made(daemon):
    take, since = generate(daemon, "dusty rhodes", "seconds", 1.5, "seed", 7)
    path = Path(daemon.wait("/stem/saved", lambda v: v[0] == take, since)[1])
    daemon.wait("/stem/landed", lambda v: v[0] == str(path), since)
    info = soundfile.info(path)
    assert (info.frames, info.samplerate, info.subtype) == (round(1.5 * 44100), 44100, "PCM_24")
    sidecar = json.loads(path.with_suffix(".json").read_text())
    assert (sidecar["settings"]["prompt"], sidecar["settings"]["seed"]) == ("dusty rhodes", 7)
    words = [w[0] for w in daemon.heard[since:] if w[0].startswith("/take/")]
    assert words[0] == "/take/queued"
    assert words.count("/take/done") == 1


def test_the_same_seed_gives_the_same_file_and_another_seed_another(daemon):
    sounds = []
    for seed in (5, 5, 6):
        take, since = generate(daemon, "same", "seconds", 0.5, "seed", seed)
        path = daemon.wait("/stem/saved", lambda v, take=take: v[0] == take, since)[1]
        sounds.append(soundfile.read(path)[0])
    assert np.array_equal(sounds[0], sounds[1])
    assert not np.array_equal(sounds[0], sounds[2])


def test_a_sidecar_makes_the_take_again_without_a_daemon(daemon, tmp_path):
    take, since = generate(daemon, "again and again", "seconds", 0.7)
    path = Path(daemon.wait("/stem/saved", lambda v: v[0] == take, since)[1])
    made = tmp_path / "again.wav"
    command = [sys.executable, "-m", "audiogen_daemon", "generate", "--again", str(path.with_suffix(".json"))]
    subprocess.run([*command, "-o", str(made), "--json"], check=True, capture_output=True)
    assert np.array_equal(soundfile.read(path)[0], soundfile.read(made)[0])


def test_errors_name_value_range_and_cure_and_the_daemon_goes_on(daemon):
    for address, values, words in (
        ("/set/temprature", (1,), "did you mean /set/temperature?"),
        ("/set/seconds", (1e9,), "outside 0.1 to 600 s"),
        ("/generate", ("",), "prompt is empty"),
        ("/generate", ("x" * 5000,), "longer than 2000"),
        ("/model/load", ("musicgen-small",), "audiogen-daemon fetch musicgen-small"),
        ("/set/model", ("../../etc/passwd",), "no model name"),
    ):
        since = len(daemon.heard)
        daemon.send(address, *values)
        assert words in daemon.wait("/error", lambda v, a=address: v[0] == a, since)[1]
    generate(daemon, "still here", "seconds", 0.2)


def test_a_cancelled_take_ends_within_a_step_and_is_kept_as_a_partial_stem(slow):
    take, since = generate(slow, "long", "seconds", 30)
    slow.wait("/take/progress", lambda v: v[0] == take and v[1] > 0.02, since)
    asked = time.monotonic()
    slow.send("/cancel")
    slow.wait("/take/cancelled", lambda v: v[0] == take, since)
    assert time.monotonic() - asked < 0.5
    path = Path(slow.wait("/stem/saved", lambda v: v[0] == take, since)[1])
    assert 0.1 < soundfile.info(path).duration < 30
    assert json.loads(path.with_suffix(".json").read_text())["partial"]


def test_killing_the_engine_fails_the_take_and_the_next_one_plays_while_osc_answers(slow):
    first, since = generate(slow, "doomed", "seconds", 30)
    second, _ = generate(slow, "next", "seconds", 0.5)
    slow.wait("/take/progress", lambda v: v[0] == first, since)
    os.kill(engine_pid(slow), signal.SIGKILL)
    worst, number = 0.0, 0
    while not any(w[0] == "/stem/saved" and w[1][0] == second for w in slow.heard):
        number += 1
        asked = time.monotonic()
        slow.send("/ping", number)
        slow.wait("/pong", lambda v, number=number: v == [number])
        worst = max(worst, time.monotonic() - asked)
        assert number < 100_000
    failed = slow.wait("/take/failed", lambda v: v[0] == first, since)
    assert (failed[1], "signal 9" in failed[2]) == ("engine", True)
    assert worst < 0.1


def test_an_engine_that_hangs_is_replaced(slow):
    first, since = generate(slow, "stuck", "seconds", 30)
    slow.wait("/take/progress", lambda v: v[0] == first, since)
    os.kill(engine_pid(slow), signal.SIGSTOP)
    failed = slow.wait("/take/failed", lambda v: v[0] == first, since)
    assert "no sign of life for 1.5 s" in failed[2]
    second, since = generate(slow, "after", "seconds", 0.3)
    slow.wait("/stem/saved", lambda v: v[0] == second, since)


def test_an_engine_that_dies_three_times_stays_down_until_a_model_is_loaded(tmp_path):
    with live_daemon(tmp_path, SLOW) as daemon:
        for _ in range(3):
            take, since = generate(daemon, "doomed", "seconds", 30)
            daemon.wait("/take/progress", lambda v, take=take: v[0] == take, since)
            os.kill(engine_pid(daemon), signal.SIGKILL)
            daemon.wait("/take/failed", lambda v, take=take: v[0] == take, since)
        daemon.wait("/engine/state", lambda v: v == ["down"], since)
        since = len(daemon.heard)
        daemon.send("/generate", "too late")
        assert "/model/load starts it again" in daemon.wait("/error", since=since)[1]
        daemon.send("/model/load", "tone")
        daemon.wait("/engine/state", lambda v: v == ["ready"], since)
        generate(daemon, "back", "seconds", 0.2)


def test_a_missing_drop_folder_delays_stems_and_loses_none(tmp_path):
    with live_daemon(tmp_path) as daemon:
        daemon.stems.rename(tmp_path / "elsewhere")
        take, since = generate(daemon, "kept safe", "seconds", 0.3)
        reason = daemon.wait("/error", lambda v: v[0] == "/stem/saved" and "take" in v[1], since)[1]
        assert "kept safe" in reason
        [row] = [values for path, values in daemon.ask(("/takes", ())) if path == "/takes/reply"]
        assert row == [take, "held", "A", "tone", "kept safe", ""]
        daemon.stems.mkdir()
        path = daemon.wait("/stem/saved", lambda v: v[0] == take, since)[1]
        assert soundfile.info(path).frames == round(0.3 * 44100)


def test_stopping_finishes_the_running_take_and_leaves_with_zero(tmp_path):
    with live_daemon(tmp_path, SLOW) as daemon:
        take, since = generate(daemon, "last one", "seconds", 2)
        waiting, _ = generate(daemon, "for next time", "seconds", 0.5)
        daemon.wait("/take/progress", lambda v: v[0] == take, since)
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(15) == 0
        assert len(list(daemon.stems.glob("last-one*.wav"))) == 1
        assert not list(daemon.stems.glob(".*"))
    with live_daemon(tmp_path) as daemon:
        daemon.wait("/stem/saved", lambda v: v[0] == waiting)


def test_a_take_that_stopping_cut_short_is_made_at_the_next_start(tmp_path):
    with live_daemon(tmp_path, SLOW, "daemon.drain_timeout=0.1") as daemon:
        take, since = generate(daemon, "cut short", "seconds", 3)
        daemon.wait("/take/progress", lambda v: v[0] == take, since)
    with live_daemon(tmp_path) as daemon:
        path = daemon.wait("/stem/saved", lambda v: v[0] == take)[1]
        assert soundfile.info(path).frames == 3 * 44100


def test_stopping_keeps_what_waits_where_partial_takes_are_kept(tmp_path):
    with live_daemon(tmp_path, SLOW, "daemon.drain_timeout=0.1", "take.keep_partial=true") as daemon:
        take, since = generate(daemon, "cut short", "seconds", 30)
        waiting, _ = generate(daemon, "for next time", "seconds", 0.3)
        daemon.wait("/take/progress", lambda v: v[0] == take, since)
    with live_daemon(tmp_path) as daemon:
        daemon.wait("/stem/saved", lambda v: v[0] == waiting)
        assert len(list(daemon.stems.glob("cut-short*.wav"))) == 1


def test_stopping_takes_less_than_a_service_manager_waits_though_the_engine_hangs(tmp_path):
    with live_daemon(tmp_path, "engine.tone_pace=0.1", "take.keep_partial=true", "daemon.drain_timeout=14") as daemon:
        daemon.send("/generate", "long", "seconds", 20)
        daemon.wait("/take/started")
        os.kill(engine_pid(daemon), signal.SIGSTOP)
        began = time.monotonic()
        daemon.process.terminate()
        assert daemon.process.wait(20) == 0
        assert time.monotonic() - began < STOP_TIMEOUT


def test_a_second_daemon_and_a_busy_port_are_refused_with_the_cure(daemon, tmp_path):
    command = [sys.executable, "-m", "audiogen_daemon", "run", "--set", f"osc.listen=127.0.0.1:{daemon.port}"]
    same = [*command, "--set", f"daemon.state={daemon.stems.parent / 'state'}"]
    refused = subprocess.run(same, capture_output=True, text=True, timeout=30)
    assert refused.returncode == 2
    assert f"already runs (pid {daemon.process.pid}" in refused.stderr
    other = [*command, "--set", f"daemon.state={tmp_path}", "--set", f"stems.folder={tmp_path / 'stems'}"]
    refused = subprocess.run(other, capture_output=True, text=True, timeout=30)
    assert refused.returncode == 2
    assert f"cannot listen on 127.0.0.1:{daemon.port}" in refused.stderr


def test_a_template_that_names_nothing_is_refused_at_the_start(tmp_path):
    command = [sys.executable, "-m", "audiogen_daemon", "run", "--set", "stems.template={slag}"]
    refused = subprocess.run(
        [*command, "--set", f"daemon.state={tmp_path}"], capture_output=True, text=True, timeout=30
    )
    assert refused.returncode == 2
    assert 'did you mean "slug"?' in refused.stderr


def test_a_trace_tells_the_way_from_datagram_to_stem(tmp_path):
    trace = tmp_path / "trace.json"
    with live_daemon(tmp_path, arguments=("--trace", str(trace))) as daemon:
        take, since = generate(daemon, "traced", "seconds", 0.2)
        daemon.wait("/stem/saved", lambda v: v[0] == take, since)
    names = [event.get("name") for event in json.loads(trace.read_text())]
    order = ["datagram", "/generate", "Generate", "audio", "feed", "JobDone", "save", "→ /stem/saved"]
    assert [names.index(name) for name in order] == sorted(names.index(name) for name in order)


def test_a_preview_grows_while_the_take_is_made_and_is_the_take(slow):
    take, since = generate(slow, "preview", "seconds", 1.5)
    started = slow.wait("/preview/started", lambda v: v[0] == take, since)
    assert started[2] == pytest.approx(1.5)
    assert soundfile.info(started[1]).frames == round(1.5 * 32000)
    early = slow.wait("/preview/written", lambda v: v[0] == take, since)[1]
    assert early < 1.5
    slow.wait("/preview/written", lambda v: v[0] == take and v[1] == 1.5, since)
    path = slow.wait("/stem/saved", lambda v: v[0] == take, since)[1]
    heard, rate = soundfile.read(started[1], always_2d=True)
    saved, stem_rate = soundfile.read(path, always_2d=True)
    heard = faded(resample(heard[:, :1].astype(np.float32), rate, stem_rate), stem_rate)
    assert np.abs(heard - saved).max() < 1e-3


def test_whoever_comes_late_asks_for_the_takes(daemon):
    _, since = generate(daemon, "early", "seconds", 0.2, "variations", 2)
    queued = [daemon.wait("/take/queued", lambda v, letter=letter: v[2:] == ["", letter], since) for letter in "AB"]
    paths = {row[0]: daemon.wait("/stem/saved", lambda v, row=row: v[0] == row[0], since)[1] for row in queued}
    rows = [values for path, values in daemon.ask(("/takes", (2,))) if path == "/takes/reply"]
    assert rows == [
        [row[0], "saved", letter, "tone", "early", paths[row[0]]] for row, letter in zip(queued, "AB", strict=True)
    ]
