"""Tiny MusicGen checkpoints in the hub's layout, random but the same everywhere, written without torch."""

import json
import zlib
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from audiogen_daemon.models.musicgen.config import read_config
from audiogen_daemon.models.musicgen.lm import sinusoids
from audiogen_daemon.models.musicgen.pipeline import tensor_table
from audiogen_daemon.models.musicgen.style_config import MERT, NEW
from audiogen_daemon.models.weights import Folder, TensorInfo
from tests.models.reference import encodec_weights

WORDS = [
    "dusty",
    "warm",
    "rhodes",
    "loop",
    "drums",
    "bass",
    "dark",
    "lofi",
    "90",
    "120",
    "bpm",
    "a",
    "the",
    "of",
    "and",
]

CODEC = {
    "model_type": "encodec",
    "sampling_rate": 32_000,
    "upsampling_ratios": [8, 5, 4, 4],
    "num_filters": 4,
    "hidden_size": 16,
    "codebook_size": 64,
    "target_bandwidths": [1.2],
    "use_causal_conv": False,
    "use_conv_shortcut": False,
}
TEXT = {
    "model_type": "t5",
    "vocab_size": 64,
    "d_model": 24,
    "d_kv": 8,
    "d_ff": 32,
    "num_layers": 2,
    "num_heads": 3,
    "feed_forward_proj": "relu",
    "relative_attention_num_buckets": 32,
    "relative_attention_max_distance": 128,
}
DECODER = {
    "model_type": "musicgen_decoder",
    "vocab_size": 64,
    "max_position_embeddings": 2048,
    "num_hidden_layers": 2,
    "ffn_dim": 128,
    "num_attention_heads": 4,
    "hidden_size": 32,
    "num_codebooks": 4,
    "audio_channels": 1,
    "activation_function": "gelu",
    "scale_embedding": False,
    "bos_token_id": 64,
    "pad_token_id": 64,
    "tie_word_embeddings": False,
}
MONO = {
    "architectures": ["MusicgenForConditionalGeneration"],
    "model_type": "musicgen",
    "text_encoder": TEXT,
    "audio_encoder": CODEC,
    "decoder": DECODER,
}
MELODY = MONO | {
    "architectures": ["MusicgenMelodyForConditionalGeneration"],
    "model_type": "musicgen_melody",
    "decoder": DECODER | {"model_type": "musicgen_melody_decoder"},
    "num_chroma": 12,
    "chroma_length": 235,
}
STYLE = MELODY | {
    "architectures": ["MusicgenStyleForConditionalGeneration"],
    "model_type": "musicgen_style",
    "decoder": DECODER | {"model_type": "musicgen_style_decoder"},
    "style_encoder": {
        "hidden_size": 48,
        "num_hidden_layers": 2,
        "num_attention_heads": 3,
        "ffn_dim": 96,
        "num_codebooks": 4,
        "num_codebooks_used": 3,
        "codebook_size": 32,
    },
    "feature_extractor": {
        "model_type": "hubert",
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 96,
        "conv_dim": [16, 16, 16, 16, 16, 16, 20],
        "num_conv_pos_embeddings": 32,
        "num_conv_pos_embedding_groups": 4,
    },
}
FOLLOWING: dict[str, dict[str, Any]] = {
    "melody": MELODY,
    "stereo-melody": MELODY | {"decoder": MELODY["decoder"] | {"num_codebooks": 8, "audio_channels": 2}},
    "style": STYLE,
}
SHAPES: dict[str, dict[str, Any]] = {
    "mono": MONO,
    "stereo": MONO | {"decoder": DECODER | {"num_codebooks": 8, "audio_channels": 2}},
    "odd": MONO
    | {
        "text_encoder": TEXT
        | {"d_model": 20, "d_kv": 6, "num_heads": 2, "num_layers": 3, "d_ff": 50}
        | {"relative_attention_num_buckets": 8, "relative_attention_max_distance": 20},
        "audio_encoder": CODEC | {"codebook_size": 32, "target_bandwidths": [0.5], "num_filters": 6},
        "decoder": DECODER
        | {"vocab_size": 32, "bos_token_id": 32, "pad_token_id": 32, "num_codebooks": 2, "num_hidden_layers": 3}
        | {"hidden_size": 36, "num_attention_heads": 3, "ffn_dim": 50},
    },
}


def generation(config: Mapping[str, Any]) -> dict[str, Any]:
    """The generation_config.json that goes with a config, as the hub's converter wrote it: without top_k."""
    special = config["decoder"]["vocab_size"]
    return {
        "bos_token_id": special,
        "decoder_start_token_id": special,
        "pad_token_id": special,
        "do_sample": True,
        "guidance_scale": 3.0,
        "max_length": 1500,
    }


def random_tensors(config: Mapping[str, Any], seed: int, modern: bool = False) -> dict[str, np.ndarray]:
    """Every tensor by the hub's names (of 2023, or of transformers 5 when modern), drawn by seed and name alone."""
    spelling = ("parametrizations.weight.original0", "x") if modern else ("weight_g", "x")
    hint = {f"audio_encoder.decoder.layers.0.conv.{spelling[0]}": TensorInfo(Path("-"), "F32", ())}
    folder = Folder(Path("-"), config, generation(config), hint)
    tensors = {}
    modern_names = ("encoder.pos_conv_embed.conv." + part for part in NEW)
    hint |= {f"{MERT}{name}": TensorInfo(Path("-"), "F32", ()) for name in modern_names if modern}
    for name, shape in tensor_table(read_config(folder), folder).items():
        codec = name.removeprefix("audio_encoder.")
        tensors[name] = encodec_weights.random_tensor(codec, shape, seed) if codec != name else draw(name, shape, seed)
    return tensors


def draw(name: str, shape: tuple[int, ...], seed: int) -> np.ndarray:
    """One tensor of the text encoder or the decoder, at a scale that keeps attention and logits lively."""
    source = np.random.RandomState(zlib.crc32(name.encode()) ^ seed)
    if name.endswith(("norm.weight", "norm1.weight", "norm2.weight")):
        value = source.uniform(0.7, 1.3, shape)
    elif "embed_tokens" in name:
        value = source.normal(0, 1.5, shape)
    elif name.endswith(("running_var", "original0", "weight_g")):
        value = source.uniform(0.6, 1.4, shape)
    elif name.endswith("codebook.embed"):
        value = source.normal(0, 0.8 / (1 + int(name.split(".")[3])), shape)
    elif name.endswith(("conv.weight", "original1", "weight_v")):
        value = source.normal(0, 1.7 / (shape[1] * shape[2]) ** 0.5, shape)
    elif name.endswith(("bias", "running_mean")) or "shared" in name or "relative_attention_bias" in name:
        value = source.normal(0, 0.5, shape)
    elif "SelfAttention.q." in name:
        value = source.normal(0, 0.5 / shape[1] ** 0.5, shape)  # T5 does not scale its scores
    elif "lm_heads" in name:
        value = source.normal(0, 1 / shape[-1] ** 0.5, shape)
    else:
        value = source.normal(0, 1.2 / shape[-1] ** 0.5, shape)
    return value.astype(np.float32)


def old_extras(config: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Tensors that files of 2023 hold and nothing needs."""
    per_channel = config["decoder"]["num_codebooks"] // config["decoder"]["audio_channels"]
    books = [f"audio_encoder.quantizer.layers.{k}.codebook" for k in range(per_channel)]
    size, hidden = config["audio_encoder"]["codebook_size"], config["audio_encoder"]["hidden_size"]
    extras = {f"{book}.cluster_size": np.ones(size, np.float32) for book in books}
    extras |= {f"{book}.inited": np.ones(1, np.float32) for book in books}
    extras |= {f"{book}.embed_avg": np.ones((size, hidden), np.float32) for book in books}
    positions = sinusoids(config["decoder"]["max_position_embeddings"], config["decoder"]["hidden_size"])
    return extras | {"decoder.model.decoder.embed_positions.weights": positions}


def write_checkpoint(folder: Path, config: Mapping[str, Any], seed: int = 0, **tensors: Any) -> Path:
    """Write a whole folder: documents, tokenizer and weights in one file.

    Args:
        tensors: `modern=True` for the names of transformers 5.
    """
    write_documents(folder, config)
    save_file(random_tensors(config, seed, **tensors), folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def write_sharded(folder: Path, config: Mapping[str, Any], seed: int = 0, shards: int = 3) -> Path:
    """The same weights in several files with an index, plus what old files carry besides."""
    write_documents(folder, config)
    tensors = random_tensors(config, seed) | old_extras(config)
    weight_map: dict[str, str] = {}
    for index in range(shards):
        file = f"model-{index + 1:05}-of-{shards:05}.safetensors"
        part = {name: tensors[name] for name in sorted(tensors)[index::shards]}
        save_file(part, folder / file, metadata={"format": "pt"})
        weight_map |= dict.fromkeys(part, file)
    index_file = {"metadata": {"total_size": 0}, "weight_map": weight_map}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index_file))
    return folder


def write_documents(folder: Path, config: Mapping[str, Any]) -> None:
    """config.json, generation_config.json, tokenizer.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "generation_config.json").write_text(json.dumps(generation(config)))
    word_tokenizer().save(str(folder / "tokenizer.json"))


def word_tokenizer() -> Tokenizer:
    """A tokenizer of whole words that closes prompts with </s> as T5's does."""
    words = ["<pad>", "</s>", "<unk>", *WORDS]
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def changed(config: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of a config with one value changed: `changed(MONO, "decoder.hidden_size", 31)`."""
    copy = deepcopy(dict(config))
    *parents, key = path.split(".")
    place = copy
    for parent in parents:
        place = place[parent]
    place[key] = value
    return copy
