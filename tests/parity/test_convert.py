"""Checkpoints in audiocraft's layout, made by audiocraft's own modules, play what those modules compute."""

import functools
import json
import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models.backend import CPU, Backend
from audiogen_daemon.models.musicgen.pipeline import MusicGen, load
from audiogen_daemon.models.pipeline import Audio, Request, Sampling
from audiogen_daemon.models.reading import CheckpointError
from tests.parity.audiocraft_checkpoint import FRAMES, Original

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]

BLOCKS = Backend("cpu", "float32", steps_per_graph=4, fold_text=False)
PROMPT = "dusty rhodes loop"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Checkpoints by kind, each made once."""
    return functools.cache(lambda kind, stereo: Original(tmp_path_factory.mktemp(kind), kind, stereo))


def converted(original: Original, backend: Backend = CPU) -> MusicGen:
    from audiogen_daemon.models.conversion import convert

    target = original.folder.with_name("converted")
    if not target.exists():
        convert(original.folder, target, original.parts, lambda text: None)
    return load(target, backend=backend)


def tune(seconds: float, channels: int) -> np.ndarray:
    return np.random.RandomState(5).normal(0, 0.2, (round(seconds * 32_000), channels)).astype(np.float32)


def hear(model: MusicGen, **request: Any) -> np.ndarray:
    take = Request(**{"prompt": PROMPT, "seconds": FRAMES / 50, "seed": 0, "sampling": Sampling(top_k=1)} | request)
    return np.concatenate([item.pcm for item in model.generate(take) if isinstance(item, Audio)])


def guided(logits: Any) -> Any:
    conditional, unconditional = logits
    return unconditional + 3.0 * (conditional - unconditional)


@pytest.mark.parametrize("stereo", [False, True], ids=["mono", "stereo"])
def test_a_text_model_converted_plays_audiocrafts_tokens(original, stereo):
    import torch

    original = original("text", stereo)
    model = converted(original)
    text = original.text(model._prompts._tokenizer(PROMPT))

    wanted = original.sound(original.greedy([(None, text), (None, torch.zeros_like(text))], guided))

    np.testing.assert_allclose(hear(model), wanted, atol=1e-4)


@pytest.mark.parametrize("backend", [CPU, BLOCKS], ids=["steps", "blocks"])
@pytest.mark.parametrize(("followed", "prompt"), [(True, PROMPT), (True, ""), (False, PROMPT)])
@pytest.mark.parametrize("stereo", [False, True], ids=["mono", "stereo"])
def test_a_melody_model_converted_plays_audiocrafts_tokens(original, stereo, followed, prompt, backend):
    import torch

    from audiogen_daemon.models.musicgen.chroma import chroma

    original = original("melody", stereo)
    model = converted(original, backend)
    text = original.text(model._prompts._tokenizer(prompt)) if prompt else torch.zeros(1, 1, 32)
    melody = tune(3.0, 1 + stereo)
    pitches = torch.from_numpy(np.resize(chroma(melody.mean(axis=1), 32_000), (235, 12)))
    silence = torch.nn.functional.one_hot(torch.zeros(235, dtype=torch.long), 12).float()
    with torch.no_grad():
        rows = original.follow(torch.stack([pitches if followed else silence, silence]))

    wanted = original.sound(original.greedy([(rows[:1], text), (rows[1:], torch.zeros_like(text))], guided))
    got = hear(model, prompt=prompt, melody=melody if followed else None)

    np.testing.assert_allclose(got, wanted, atol=1e-4)


@pytest.mark.parametrize("backend", [CPU, BLOCKS], ids=["steps", "blocks"])
@pytest.mark.parametrize(
    ("followed", "prompt", "beta"),
    [(True, PROMPT, None), (True, PROMPT, 2.0), (True, "", 2.0), (False, PROMPT, 2.0)],
)
def test_a_style_model_converted_plays_audiocrafts_tokens(original, followed, prompt, beta, backend):
    import torch

    original = original("style", False)
    model = converted(original, backend)
    text = original.text(model._prompts._tokenizer(prompt)) if prompt else torch.zeros(1, 1, 32)
    sound = tune(5.0, 2)
    middle = sound.mean(axis=1)[32_000 : 4 * 32_000]
    style = original.style(torch.from_numpy(middle)[None], used=2) if followed else torch.zeros(1, 1, 32)
    none, wordless = torch.zeros_like(style), torch.zeros_like(text)
    assert style.shape[1] == (15 if followed else 1)

    def doubly(logits: Any) -> Any:
        both, alone, unconditional = logits
        return unconditional + 3.0 * (alone + (beta or 5.0) * (both - alone) - unconditional)

    if followed and prompt:
        codes = original.greedy([(style, text), (style, wordless), (none, wordless)], doubly)
    else:
        codes = original.greedy([(style, text), (none, wordless)], guided)
    got = hear(model, prompt=prompt, style=sound if followed else None, beta=beta)

    np.testing.assert_allclose(got, original.sound(codes), atol=1e-4)


def test_a_style_model_hears_what_audiocraft_hears(original):
    import torch

    original = original("style", False)
    encoder = converted(original)._ahead.encoder
    from audiogen_daemon.models.musicgen.resample import resample

    samples = tune(3.0, 1)[:, 0]
    ours = np.array(encoder.features(mx.array(resample(samples, 32_000, 24_000))[None]))
    wanted = original.style.features(torch.from_numpy(samples)[None]).numpy().transpose(0, 2, 1)

    assert ours.shape == (1, 224, 128)
    np.testing.assert_allclose(ours, wanted, atol=1e-4)


def test_half_precision_and_a_pointer_to_the_codec(tmp_path):
    import torch

    from audiogen_daemon.models.conversion import convert

    original = Original(tmp_path, "melody", stereo=True, half=True)
    torch.save({"pretrained": "facebook/encodec_32khz"}, original.folder / "compression_state_dict.bin")

    folder = convert(original.folder, tmp_path / "out", original.parts, lambda text: None)

    dtypes = {name.partition(".")[0]: info.dtype for name, info in folder.tensors.items()}
    assert dtypes["decoder"] == dtypes["audio_enc_to_dec_proj"] == "F16"
    assert dtypes["audio_encoder"] == "F32"
    assert hear(load(tmp_path / "out"), melody=tune(1.0, 2)).shape == (64_000, 2)


@pytest.mark.parametrize(
    ("kind", "left", "message"),
    [
        ("text", [], "hold no text encoder; add --with FOLDER, where FOLDER holds google-t5/t5-base"),
        ("style", ["musicgen"], "add --with FOLDER, where FOLDER holds m-a-p/MERT-v1-95M"),
    ],
)
def test_parts_that_are_missing_are_asked_for(original, tmp_path, kind, left, message):
    from audiogen_daemon.models.conversion import convert

    source = original(kind, False)
    parts = [part for part in source.parts if part.name in left]

    with pytest.raises(CheckpointError, match=message):
        convert(source.folder, tmp_path / "out", parts, lambda text: None)
    assert list(tmp_path.iterdir()) == []


def test_fetching_a_model_that_must_be_converted_leaves_one_that_plays(original, tmp_path, monkeypatch):
    import huggingface_hub

    from audiogen_daemon.models import registry

    style = original("style", False)
    places = dict(zip(registry.STYLE_PARTS, (style.parts[0], style.parts[0], style.parts[1]), strict=True))
    places["facebook/musicgen-style"] = style.folder

    class Hub:
        def model_info(self, repository: str, revision: str, files_metadata: bool) -> Any:
            files = sorted(places[repository].iterdir())
            siblings = [SimpleNamespace(rfilename=file.name, size=file.stat().st_size, lfs=None) for file in files]
            return SimpleNamespace(sha="b" * 40, siblings=siblings)

    def download(repository: str, name: str, revision: str, local_dir: Path, tqdm_class: Any) -> None:
        local_dir.mkdir(parents=True, exist_ok=True)
        shutil.copy(places[repository] / name, local_dir / name)

    monkeypatch.setattr(huggingface_hub, "HfApi", Hub)
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", download)

    folder = registry.fetch("musicgen-style", tmp_path, lambda done, total: None)

    assert registry.load("musicgen-style", tmp_path).channels == 1
    assert json.loads((folder / "fetched.json").read_text())["commit"] == "b" * 40
    assert not any((tmp_path / ".originals").iterdir())
