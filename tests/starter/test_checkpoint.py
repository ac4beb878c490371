"""The embedded checkpoint is whole, small, and says what it is."""

import hashlib
import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer

import audiogen_daemon
import training
from training.count_in import CountIn
from training.tokenizer import build_tokenizer

STARTER = Path(audiogen_daemon.__file__).parent / "starter"


def test_all_files_together_stay_under_24_megabytes():
    assert sum(path.stat().st_size for path in STARTER.iterdir()) <= 24_000_000


def test_every_file_has_the_hash_that_is_written_beside_it():
    lines = (STARTER / "SHA256SUMS").read_text().splitlines()
    found = dict(reversed(line.split("  ")) for line in lines)

    assert {"config.json", "generation_config.json", "model.safetensors", "tokenizer.json"} <= found.keys()
    for name, digest in found.items():
        assert hashlib.sha256((STARTER / name).read_bytes()).hexdigest() == digest, name


def test_the_config_declares_the_count_in_that_the_clips_began_with():
    """A checkpoint that declares no cadence was trained on the clicks alone."""
    declared = json.loads((STARTER / "config.json").read_text())["audiogen"]
    recipe = json.loads(json.dumps(CountIn().declaration()))
    if "cadence" not in declared["count_in"]:
        del recipe["cadence"]

    assert declared["count_in"] == recipe
    assert declared["license"] == "CC0-1.0"


def test_sampling_settings_are_stored_with_the_model():
    settings = json.loads((STARTER / "generation_config.json").read_text())

    assert settings["do_sample"] is True
    assert settings["guidance_scale"] >= 1
    assert 0 < settings["temperature"] <= 1
    assert 1 <= settings["top_k"] <= 1024


@pytest.mark.parametrize("prompt", ["140bpm techno", "rhodes in Bb minor", "", "🎵", "zorgle"])
def test_the_shipped_tokenizer_is_the_recipes(prompt):
    shipped = Tokenizer.from_file(str(STARTER / "tokenizer.json"))

    assert shipped.encode(prompt).ids == build_tokenizer().encode(prompt).ids


def test_licence_and_model_card_are_beside_the_weights():
    assert "CC0 1.0 Universal" in (STARTER / "LICENSE").read_text()
    recipe = Path(training.__file__).parent
    assert (STARTER / "MODEL_CARD.md").read_text() == (recipe / "MODEL_CARD.md").read_text()
