"""Checkpoints in other layouts become a folder as the hub holds it: config.json, tokenizer.json, safetensors.

Two layouts are known: `pytorch_model.bin` of transformers, whole or in shards, and audiocraft's `state_dict.bin` with
`compression_state_dict.bin`. What such files lack (T5, for styles MERT, behind a pointer the codec) is taken from other
folders. The result is checked tensor by tensor before it is put in place.
"""

import importlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audiogen_daemon.models import torchfiles
from audiogen_daemon.models.musicgen import audiocraft
from audiogen_daemon.models.musicgen.config import read_config
from audiogen_daemon.models.musicgen.pipeline import tensor_table
from audiogen_daemon.models.musicgen.style_config import MERT, MertConfig, mert_shapes
from audiogen_daemon.models.reading import CheckpointError, Reader
from audiogen_daemon.models.t5 import T5Config, t5_shapes
from audiogen_daemon.models.weights import TOLERATED, Folder, check_tensors, open_folder, read_json, weight_files

TOKENIZER = "tokenizer.json"
STATE, COMPRESSION = "state_dict.bin", "compression_state_dict.bin"
SHARD_BYTES = 4_000_000_000
CODEC = "audio_encoder."
TEXT = "text_encoder."

Report = Callable[[str], None]


@dataclass(frozen=True)
class Checkpoint:
    """A whole model by the hub's names. tokenizer: the file to copy."""

    config: Mapping[str, Any]
    generation: Mapping[str, Any]
    tensors: Mapping[str, Any]
    tokenizer: Path


def convert(source: Path, target: Path, parts: Sequence[Path], report: Report) -> Folder:
    """Write target, a folder that plays, from source.

    Args:
        target: must not exist, or be empty.
        parts: folders to take what source lacks from.
        report: told in words what is being done.

    Raises:
        CheckpointError: source, a part or target cannot be used. TorchMissingError: torch is not installed.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CheckpointError(f"{target} is there already; name a new folder")
    kind = _kind(source)
    torchfiles.torch()
    report(f"reading {source}")
    checkpoint = _from_transformers(source) if kind == "transformers" else _from_audiocraft(source, parts)
    report(f"writing {target}")
    unfinished = target.with_name(f".{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        _write(unfinished, checkpoint)
        report("checking every tensor")
        folder = open_folder(unfinished)
        check_tensors(folder, tensor_table(read_config(folder), folder))
        if target.exists():
            target.rmdir()
        unfinished.rename(target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return open_folder(target)


def _kind(source: Path) -> str:
    if not source.is_dir():
        raise CheckpointError(f"{source}: no such checkpoint folder")
    if (source / STATE).exists():
        return "audiocraft"
    if (source / torchfiles.SINGLE).exists() or (source / torchfiles.INDEX).exists():
        return "transformers"
    if any(source.glob("*.safetensors")):
        raise CheckpointError(f"{source} holds safetensors already; it plays as it is, put it into the models folder")
    names = ", ".join(sorted(file.name for file in source.iterdir())[:8]) or "nothing"
    wanted = f"{torchfiles.SINGLE}, {torchfiles.INDEX} or {STATE}"
    raise CheckpointError(f"{source}: no checkpoint to convert; it holds {names}, wanted is {wanted}")


def _from_transformers(source: Path) -> Checkpoint:
    generation = source / "generation_config.json"
    tensors = {name: t for name, t in torchfiles.read_bin_folder(source).items() if not TOLERATED.search(name)}
    return Checkpoint(
        config=read_json(source / "config.json"),
        generation=read_json(generation) if generation.exists() else {},
        tensors=tensors,
        tokenizer=_tokenizer(source),
    )


def _from_audiocraft(source: Path, parts: Sequence[Path]) -> Checkpoint:
    state, experiment = _exported(source / STATE)
    tensors = audiocraft.language_model(state)
    config = audiocraft.decoder_config(tensors, experiment)
    text_folder, text_config, text = _text(parts)
    codec_config, codec = _codec(source, parts)
    tensors |= {f"{TEXT}{name}": tensor for name, tensor in text.items()}
    tensors |= {f"{CODEC}{name}": tensor for name, tensor in codec.items()}
    config |= {"text_encoder": text_config, "audio_encoder": codec_config}
    if config["model_type"] == "musicgen_style":
        mert_config, mert = _mert(parts)
        tensors |= {f"{MERT}{name}": tensor for name, tensor in mert.items()}
        config |= {"feature_extractor": mert_config}
    special = config["decoder"]["vocab_size"]
    generation = {
        "bos_token_id": special,
        "decoder_start_token_id": special,
        "pad_token_id": special,
        "do_sample": True,
        "guidance_scale": float(experiment.get("classifier_free_guidance.inference_coef", 3.0)),
        "max_length": 1500,
        "top_k": 250,
    }
    return Checkpoint(config, generation, tensors, _tokenizer(text_folder))


def _exported(file: Path) -> tuple[dict[str, Any], audiocraft.Experiment]:
    content = torchfiles.read_torch_file(file)
    state, settings = content.get("best_state"), content.get("xp.cfg")
    if not isinstance(state, dict) or not isinstance(settings, str):
        raise CheckpointError(f"{file}: no best_state and xp.cfg; wanted a checkpoint that audiocraft exported")
    yaml = importlib.import_module("yaml")
    try:
        values = yaml.safe_load(settings)
    except yaml.YAMLError as error:
        raise CheckpointError(f"{file}: its xp.cfg is not YAML ({error})") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{file}: its xp.cfg holds a {type(values).__name__}, wanted a table")
    return torchfiles.tensors_of(state, file), audiocraft.Experiment(values)


def _codec(source: Path, parts: Sequence[Path]) -> tuple[Mapping[str, Any], dict[str, Any]]:
    """The codec in the source, or, behind a pointer, the one of a part."""
    file = source / COMPRESSION
    pointer = "no file"
    if file.exists():
        content = torchfiles.read_torch_file(file)
        if "pretrained" not in content:
            state, experiment = _exported(file)
            tensors = audiocraft.codec(state)
            return audiocraft.codec_config(tensors, experiment), tensors
        pointer = str(content["pretrained"])[:100]
    for folder, config in _documents(parts):
        if config.get("model_type") == "encodec":
            return config, _without_extras(_tensors(folder), "")
        section = config.get("audio_encoder")
        if isinstance(section, dict):
            return section, _without_extras(_tensors(folder), CODEC)
    raise CheckpointError(
        f"{file} holds no codec, only a pointer ({pointer}); add --with FOLDER, where FOLDER holds"
        " facebook/encodec_32khz or any MusicGen that plays"
    )


def _text(parts: Sequence[Path]) -> tuple[Path, Mapping[str, Any], dict[str, Any]]:
    for folder, config in _documents(parts):
        nested = isinstance(config.get("text_encoder"), dict)
        section = config["text_encoder"] if nested else config
        if section.get("model_type") == "t5" and (folder / TOKENIZER).exists():
            wanted = t5_shapes(T5Config.read(Reader(str(folder / "config.json"), section)))
            return folder, section, _taken(folder, TEXT if nested else "", list(wanted))
    raise CheckpointError(
        "audiocraft's files hold no text encoder; add --with FOLDER, where FOLDER holds google-t5/t5-base with its"
        f" {TOKENIZER}, or any MusicGen that plays"
    )


def _mert(parts: Sequence[Path]) -> tuple[Mapping[str, Any], dict[str, Any]]:
    for folder, config in _documents(parts):
        if config.get("model_type") in ("mert_model", "hubert"):
            read = MertConfig.read(Reader(str(folder / "config.json"), config))
            tensors = _tensors(folder)
            modern = any("parametrizations" in name for name in tensors)
            return config, _chosen(folder, tensors, "", list(mert_shapes(read, modern)))
    raise CheckpointError(
        "a style is heard through MERT, which the files do not hold; add --with FOLDER, where FOLDER holds"
        " m-a-p/MERT-v1-95M (CC-BY-NC 4.0)"
    )


def _documents(parts: Sequence[Path]) -> list[tuple[Path, dict[str, Any]]]:
    return [(folder, read_json(folder / "config.json")) for folder in parts]


def _tensors(folder: Path) -> dict[str, Any]:
    """Every tensor of a part, from safetensors where it has them."""
    if not any(folder.glob("*.safetensors")):
        return torchfiles.read_bin_folder(folder)
    load_file = importlib.import_module("safetensors.torch").load_file
    tensors: dict[str, Any] = {}
    for file in weight_files(folder):
        tensors |= load_file(str(file))
    return tensors


def _taken(folder: Path, prefix: str, names: Sequence[str]) -> dict[str, Any]:
    return _chosen(folder, _tensors(folder), prefix, names)


def _chosen(folder: Path, tensors: Mapping[str, Any], prefix: str, names: Sequence[str]) -> dict[str, Any]:
    missing = [name for name in names if prefix + name not in tensors]
    if missing:
        raise CheckpointError(f"{folder} has no tensor {prefix}{missing[0]} (and {len(missing) - 1} more are missing)")
    return {name: tensors[prefix + name] for name in names}


def _without_extras(tensors: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    ours = {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
    return {name: tensor for name, tensor in ours.items() if not TOLERATED.search(name)}


def _tokenizer(folder: Path) -> Path:
    file = folder / TOKENIZER
    if not file.exists():
        raise CheckpointError(f"{file}: missing; the prompt cannot be read without it, fetch it too")
    return file


def _write(folder: Path, checkpoint: Checkpoint) -> None:
    folder.mkdir(parents=True)
    shutil.copyfile(checkpoint.tokenizer, folder / TOKENIZER)
    _write_json(folder / "generation_config.json", checkpoint.generation)
    save_file = importlib.import_module("safetensors.torch").save_file
    shards = _shards(checkpoint.tensors)
    weight_map: dict[str, str] = {}
    for number, names in enumerate(shards, start=1):
        single = len(shards) == 1
        file = "model.safetensors" if single else f"model-{number:05}-of-{len(shards):05}.safetensors"
        # Clones: the parts of one tensor share its memory, which the format does not know.
        part = {name: checkpoint.tensors[name].detach().clone().contiguous() for name in names}
        save_file(part, str(folder / file), metadata={"format": "pt"})
        weight_map |= dict.fromkeys(names, file)
    if len(shards) > 1:
        total = sum(tensor.nbytes for tensor in checkpoint.tensors.values())
        index = {"metadata": {"total_size": total}, "weight_map": weight_map}
        _write_json(folder / "model.safetensors.index.json", index)
    _write_json(folder / "config.json", checkpoint.config)


def _shards(tensors: Mapping[str, Any]) -> list[list[str]]:
    """Names in groups whose bytes together stay below the limit."""
    shards: list[list[str]] = [[]]
    filled = 0
    for name in sorted(tensors):
        if shards[-1] and filled + tensors[name].nbytes > SHARD_BYTES:
            shards.append([])
            filled = 0
        shards[-1].append(name)
        filled += tensors[name].nbytes
    return shards


def _write_json(file: Path, document: Mapping[str, Any]) -> None:
    file.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
