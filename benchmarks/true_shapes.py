"""Checkpoint folders at the true shapes of the published models, filled with random numbers, for benchmarks."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from audiogen_daemon.models.musicgen.config import read_config
from audiogen_daemon.models.musicgen.pipeline import tensor_table
from audiogen_daemon.models.weights import Folder, TensorInfo
from tests.models.reference.tiny_musicgen import CODEC, DECODER, MONO, TEXT, write_documents

SIZES = {
    "small": {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "ffn_dim": 4096},
    "medium": {"hidden_size": 1536, "num_hidden_layers": 48, "num_attention_heads": 24, "ffn_dim": 6144},
    "large": {"hidden_size": 2048, "num_hidden_layers": 48, "num_attention_heads": 32, "ffn_dim": 8192},
}
T5_BASE = {"vocab_size": 32128, "d_model": 768, "d_kv": 64, "d_ff": 3072, "num_layers": 12, "num_heads": 12}
ENCODEC_32K = {"num_filters": 64, "hidden_size": 128, "codebook_size": 2048, "target_bandwidths": [2.2]}
VOCABULARY = {"vocab_size": 2048, "bos_token_id": 2048, "pad_token_id": 2048}


def true_config(size: str) -> dict[str, Any]:
    """The config.json of facebook/musicgen-SIZE, as far as it says anything about shapes."""
    return MONO | {
        "text_encoder": TEXT | T5_BASE,
        "audio_encoder": CODEC | ENCODEC_32K,
        "decoder": DECODER | VOCABULARY | SIZES[size],
    }


def write_true_shape(folder: Path, size: str) -> Path:
    """Write a folder of float32 weights, one tensor in memory at a time."""
    config = true_config(size)
    write_documents(folder, config)
    hint = {"audio_encoder.decoder.layers.0.conv.weight_g": TensorInfo(Path("-"), "F32", ())}
    opened = Folder(folder, config, {}, hint)
    shapes = tensor_table(read_config(opened), opened)
    header, offset = {}, 0
    for name, shape in shapes.items():
        stop = offset + 4 * math.prod(shape)
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [offset, stop]}
        offset = stop
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    source = np.random.default_rng(0)
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(text).to_bytes(8, "little"))
        file.write(text)
        for name, shape in shapes.items():
            centre = 1.0 if name.endswith(("norm.weight", "weight_g")) else 0.0
            values = source.standard_normal(math.prod(shape), np.float32) * 0.02 + centre
            file.write(values.astype(np.float32).tobytes())
    return folder
