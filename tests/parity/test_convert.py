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
from audiogen_daemon.models.musicgen.delay import UNKNOWN, codebook_delays, delay, undelay
from audiogen_daemon.models.musicgen.pipeline import MusicGen, load
from audiogen_daemon.models.pipeline import Audio, Request, Sampling
from audiogen_daemon.models.reading import CheckpointError
from tests.models.reference.tiny_musicgen import MONO, write_checkpoint

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("ignore")]

BLOCKS = Backend("cpu", "float32", steps_per_graph=4, fold_text=False)
FRAMES = 100
PROMPT = "dusty rhodes loop"
BETA = 4.0
RATIOS = [8, 5, 4, 4]
LAYOUT = {"dimension": 16, "n_filters": 4, "ratios": RATIOS, "pad_mode": "constant", "bins": 64}
HUBERT = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 96,
    "conv_dim": [16, 16, 16, 16, 16, 16, 20],
    "num_conv_pos_embeddings": 32,
    "num_conv_pos_embedding_groups": 4,
}
XP_CFG = """
sample_rate: 32000
channels: {channels}
encodec: {{causal: false, sample_rate: '${{sample_rate}}', renormalize: false}}
seanet: {{causal: '${{encodec.causal}}', dilation_base: 2, true_skip: true, pad_mode: constant}}
transformer_lm: {{num_heads: 4}}
classifier_free_guidance: {{inference_coef: 3.0}}
interleave_stereo_codebooks: {{use: {stereo}, per_timestep: false}}
codebooks_pattern: {{modeling: delay, delay: {{delays: {delays}}}}}
conditioners: {{self_wav: {{style: {{eval_q: 2, ds_factor: 15, length: 3.0}}}}}}
"""


class Original:
    """A random checkpoint of audiocraft's modules, and the same saved as audiocraft exports it."""

    def __init__(self, folder: Path, kind: str, stereo: bool, half: bool = False) -> None:
        import torch
        from transformers import HubertConfig, HubertModel

        from tests.models.reference.make_musicgen import reference_model
        from tests.parity import audiocraft_parts as parts

        torch.set_num_threads(1)
        self.kind, self.stereo = kind, stereo
        self.lm = parts.language_model(kind, stereo, heads=4, dim=32, layers=2)
        self.encoder, self.decoder, self.quantizer = parts.codec(LAYOUT)
        modules = (self.lm, self.encoder, self.decoder, self.quantizer)
        for seed, module in enumerate(modules):
            parts.randomize(module, seed)
        donor = write_checkpoint(folder / "musicgen", MONO)
        self.t5 = reference_model(donor).text_encoder
        self.project = torch.nn.Linear(24, 32)
        parts.randomize(self.project, 7)
        conditioners = {f"description.output_proj.{name}": t for name, t in self.project.state_dict().items()}
        self.parts = [donor]
        if kind == "melody":
            self.follow = torch.nn.Linear(12, 32)
            parts.randomize(self.follow, 8)
            conditioners |= {f"self_wav.output_proj.{name}": t for name, t in self.follow.state_dict().items()}
            conditioners["self_wav.chroma.spec.window"] = torch.hann_window(16384)
        if kind == "style":
            mert = HubertModel(HubertConfig(**HUBERT)).eval()
            parts.randomize(mert, 9)
            self.style = parts.StyleConditioner(mert, width=128, heads=2, layers=2, books=4, bins=64, out=32).eval()
            parts.randomize(self.style, 10)
            conditioners |= {f"self_wav.{name}": t for name, t in self.style.state_dict().items()}
            self.parts.append(save_mert(folder / "mert", mert))
        names = {f"condition_provider.conditioners.{name}": tensor for name, tensor in conditioners.items()}
        settings = XP_CFG.format(
            channels=2 if stereo else 1, stereo=str(stereo).lower(), delays=list(codebook_delays(*self.books))
        )
        self.folder = folder / "audiocraft"
        self.folder.mkdir()
        export(self.folder / "state_dict.bin", self.lm.state_dict() | names, settings, half)
        codec = {f"encoder.{name}": tensor for name, tensor in self.encoder.state_dict().items()}
        codec |= {f"decoder.{name}": tensor for name, tensor in self.decoder.state_dict().items()}
        codec |= {f"quantizer.{name}": tensor for name, tensor in self.quantizer.state_dict().items()}
        export(self.folder / "compression_state_dict.bin", codec, settings, half=False)

    @property
    def books(self) -> tuple[int, int]:
        return (8, 2) if self.stereo else (4, 1)

    def text(self, tokens: list[int]) -> Any:
        import torch

        with torch.no_grad():
            return self.project(self.t5(torch.tensor([tokens])).last_hidden_state)

    def greedy(self, rows: list[tuple[Any, Any]], combine: Any) -> np.ndarray:
        """Codes (frames, K). rows: what is followed and the text, per row; combine: their logits to one row's."""
        import torch

        delays = codebook_delays(*self.books)
        grid = delay(np.zeros((0, len(delays)), np.int32), FRAMES, delays, 64)
        followed, texts = (None if part[0] is None else torch.cat(part) for part in zip(*rows, strict=True))
        tensors = {"description": (texts, torch.ones(texts.shape[:2]))}
        if followed is not None:
            tensors["self_wav"] = (followed, torch.ones(followed.shape[:2]))
        with torch.no_grad(), self.lm.streaming():
            for column in range(1, len(grid)):
                read = torch.from_numpy(grid[column - 1 : column].T).long()
                logits = self.lm(read[None].repeat(len(rows), 1, 1), [], tensors)[:, :, -1]
                drawn = combine(logits).argmax(-1).numpy()
                grid[column] = np.where(grid[column] == UNKNOWN, drawn, grid[column])
        codes = undelay(grid, delays, 0, FRAMES)
        assert len(np.unique(codes)) > 16, "a take that stands still compares nothing"
        return codes

    def sound(self, codes: np.ndarray) -> np.ndarray:
        """(frames, K) to (samples, channels)."""
        import torch

        channels = self.books[1]
        with torch.no_grad():
            rows = [
                torch.from_numpy(codes[None, :, side::channels].transpose(0, 2, 1)).long() for side in range(channels)
            ]
            return np.concatenate([self.decoder(self.quantizer.decode(row))[0].numpy() for row in rows]).T


def export(file: Path, tensors: dict[str, Any], settings: str, half: bool) -> None:
    import torch

    state = {name: tensor.half() if half and tensor.is_floating_point() else tensor for name, tensor in tensors.items()}
    torch.save({"best_state": state, "xp.cfg": settings, "version": "1.3.0", "exported": True}, file)


def save_mert(folder: Path, mert: Any) -> Path:
    """As published: a pickle with the spelling of 2023, and one tensor nobody needs."""
    import torch

    folder.mkdir()
    spelled = {"original0": "weight_g", "original1": "weight_v"}
    state = mert.state_dict()
    for new, old in spelled.items():
        state[f"encoder.pos_conv_embed.conv.{old}"] = state.pop(
            f"encoder.pos_conv_embed.conv.parametrizations.weight.{new}"
        )
    torch.save(state, folder / "pytorch_model.bin")
    (folder / "config.json").write_text(json.dumps(mert.config.to_dict() | {"model_type": "mert_model"}))
    return folder


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
@pytest.mark.parametrize(("followed", "prompt"), [(True, PROMPT), (True, ""), (False, PROMPT)])
def test_a_style_model_converted_plays_audiocrafts_tokens(original, followed, prompt, backend):
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
        return unconditional + 3.0 * (alone + BETA * (both - alone) - unconditional)

    if followed and prompt:
        codes = original.greedy([(style, text), (style, wordless), (none, wordless)], doubly)
    else:
        codes = original.greedy([(style, text), (none, wordless)], guided)
    got = hear(model, prompt=prompt, style=sound if followed else None, beta=BETA)

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


@pytest.fixture(scope="module")
def pickled(tmp_path_factory):
    """A tiny MusicGen as transformers' older repositories hold it: in one pickle, with a tied twin and positions."""
    import torch
    from safetensors.torch import load_file

    from tests.models.reference.tiny_musicgen import old_extras

    folder = write_checkpoint(tmp_path_factory.mktemp("pickled"), MONO)
    tensors = load_file(folder / "model.safetensors")
    tensors["text_encoder.encoder.embed_tokens.weight"] = tensors["text_encoder.shared.weight"]
    tensors |= {name: torch.from_numpy(value) for name, value in old_extras(MONO).items()}
    (folder / "model.safetensors").rename(folder / "original")
    torch.save(tensors, folder / "pytorch_model.bin")
    return folder


def shards(folder: Path, target: Path) -> Path:
    """The same in two files with an index."""
    import torch

    target.mkdir()
    for name in ("config.json", "generation_config.json", "tokenizer.json"):
        shutil.copy(folder / name, target)
    tensors = torch.load(folder / "pytorch_model.bin", weights_only=True)
    weight_map = {}
    for number in range(2):
        file = f"pytorch_model-{number + 1:05}-of-00002.bin"
        part = {name: tensors[name] for name in sorted(tensors)[number::2]}
        torch.save(part, target / file)
        weight_map |= dict.fromkeys(part, file)
    (target / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": weight_map}))
    return target


@pytest.mark.parametrize("layout", ["one file", "shards", "many safetensors"])
def test_a_pickled_checkpoint_of_transformers_holds_the_same_tensors_afterwards(pickled, tmp_path, layout, monkeypatch):
    from safetensors.numpy import load_file

    from audiogen_daemon.models import conversion

    if layout == "many safetensors":
        monkeypatch.setattr(conversion, "SHARD_BYTES", 40_000)
    source = shards(pickled, tmp_path / "shards") if layout == "shards" else pickled
    folder = conversion.convert(source, tmp_path / "out", [], lambda text: None)

    wanted = load_file(pickled / "original")
    got: dict[str, np.ndarray] = {}
    for file in (tmp_path / "out").glob("*.safetensors"):
        got |= load_file(file)
    assert folder.tensors.keys() == got.keys() == wanted.keys()
    assert all(np.array_equal(got[name], wanted[name]) for name in wanted)
    assert (len({info.file for info in folder.tensors.values()}) > 1) == (layout == "many safetensors")
    assert load(tmp_path / "out").channels == 1


class Harmful:
    """Pickled, it asks to run a command when it is read."""

    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> Any:
        import os

        return os.system, (f"touch {self.place}",)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("name", ["pytorch_model.bin", "state_dict.bin"])
def test_a_pickle_that_asks_for_more_than_tensors_is_refused_and_not_run(pickled, tmp_path, name, zipped):
    import torch

    from audiogen_daemon.models.conversion import convert

    source, ran = tmp_path / "source", tmp_path / "ran"
    shutil.copytree(pickled, source)
    (source / "pytorch_model.bin").unlink()
    content = {"best_state": {}, "xp.cfg": Harmful(ran), "x": torch.ones(1)}
    torch.save(content, source / name, _use_new_zipfile_serialization=zipped)

    with pytest.raises(CheckpointError, match=rf"{name}: refused, .* alone \(.*system.*\); such a file can run any"):
        convert(source, tmp_path / "out", [pickled], lambda text: None)
    assert not ran.exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[: len(data) // 2], "not a whole torch file"),
        (lambda data: b"", "not a whole torch file"),
        (lambda data: b"hello, world" * 9, "refused|not a whole torch file"),
    ],
)
def test_a_damaged_file_is_named(pickled, tmp_path, damage, message):
    from audiogen_daemon.models.conversion import convert

    source = tmp_path / "source"
    shutil.copytree(pickled, source)
    file = source / "pytorch_model.bin"
    file.write_bytes(damage(file.read_bytes()))

    with pytest.raises(CheckpointError, match=message):
        convert(source, tmp_path / "out", [], lambda text: None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1, 2], "holds a list, wanted a dictionary"),
        ({"a": "text"}, "a is a str, wanted a tensor"),
    ],
)
def test_a_file_of_something_else_is_named(pickled, tmp_path, content, message):
    import torch

    from audiogen_daemon.models.conversion import convert

    source = tmp_path / "source"
    shutil.copytree(pickled, source)
    torch.save(content, source / "pytorch_model.bin")

    with pytest.raises(CheckpointError, match=message):
        convert(source, tmp_path / "out", [], lambda text: None)


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
