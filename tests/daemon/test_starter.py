"""The embedded model through the real daemon: music at the first /generate, whatever is asked."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.live_daemon import live_daemon

STARTER = Path(__file__).parents[2] / "audiogen_daemon" / "starter"
ODD_PROMPTS = [
    "🎹🥁🔥",
    "Ein langsamer Walzer für Klavier und Geige, bitte",
    "dusty " * 333,
    "60 bpm 180 bpm drums",
    "20 bpm drone",
    "400 bpm speedcore",
]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with live_daemon(tmp_path_factory.mktemp("starter"), "engine.model=starter") as running:
        yield running


@pytest.mark.parametrize("prompt", ODD_PROMPTS)
def test_any_prompt_gives_sound_without_clipping(daemon, prompt):
    since = len(daemon.heard)
    daemon.send("/generate", prompt.strip()[:2000], "seconds", 1.5, "seed", 1)
    take = daemon.wait("/take/queued", since=since)[0]
    path = daemon.wait("/stem/saved", lambda v: v[0] == take, since)[1]
    heard, rate = soundfile.read(path, always_2d=True)
    assert len(heard) == round(1.5 * rate)
    assert 20 * np.log10(np.sqrt(np.mean(heard**2)) + 1e-9) > -50
    assert np.abs(heard).max() < 1.0


def test_a_take_becomes_audible_soon(daemon):
    since = len(daemon.heard)
    daemon.send("/generate", "boom bap drums, 90 bpm", "seconds", 1)
    assert daemon.wait("/take/audible", since=since)[1] < 5.0


def test_a_changed_checkpoint_is_refused_by_its_hash(tmp_path):
    broken = tmp_path / "models" / "broken"
    shutil.copytree(STARTER, broken)
    weights = bytearray((broken / "model.safetensors").read_bytes())
    weights[-1000] ^= 0xFF
    (broken / "model.safetensors").write_bytes(weights)
    with live_daemon(tmp_path, f"models.folder={broken.parent}") as daemon:
        daemon.send("/model/load", "broken")
        assert "model.safetensors" in daemon.wait("/error", lambda v: v[0] == "/model/load")[1]


def test_the_demo_plays_music_and_draws_it(tmp_path):
    command = [sys.executable, "-m", "audiogen_daemon", "demo", "--out", str(tmp_path / "out"), "--json"]
    command += ["--set", "take.seconds=1.5", "--set", "monitor.enabled=false"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    facts = json.loads(result.stdout)
    assert facts["model"] == "starter"
    assert Path(facts["path"]).parent == tmp_path / "out"
    assert Path(facts["picture"]).read_bytes().startswith(b"\x89PNG")
    assert facts["seconds"] == 1.5
