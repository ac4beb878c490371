"""Make published.json.gz: name and shape of every tensor of the eleven published checkpoints, and their configs.

The models are built by transformers and by audiocraft's modules at their true sizes on torch's meta device, which costs
no memory. Names are spelled as in the files of 2023 and 2024.

Run from the repository's root, with torch, transformers and audiocraft: python -m tests.models.reference.make_published
"""

import gzip
import json
from pathlib import Path
from typing import Any

import torch
import transformers

from tests.models.reference.encodec_weights import old_spelling
from tests.parity import audiocraft_parts as parts

SIZES = {"small": (1024, 24, 16), "medium": (1536, 48, 24), "large": (2048, 48, 32)}
"""Hidden, layers, heads."""

HUB = {
    "small": ("small", False, False),
    "medium": ("medium", False, False),
    "large": ("large", False, False),
    "stereo-small": ("small", True, False),
    "stereo-medium": ("medium", True, False),
    "stereo-large": ("large", True, False),
    "melody": ("medium", False, True),
    "melody-large": ("large", False, True),
    "stereo-melody": ("medium", True, True),
    "stereo-melody-large": ("large", True, True),
}
"""Size, stereo, melody."""

CODEC = {
    "sampling_rate": 32_000,
    "upsampling_ratios": [8, 5, 4, 4],
    "target_bandwidths": [2.2],
    "num_filters": 64,
    "hidden_size": 128,
    "codebook_size": 2048,
    "use_causal_conv": False,
    "use_conv_shortcut": False,
}
TEXT = {
    "d_model": 768,
    "d_kv": 64,
    "d_ff": 3072,
    "num_layers": 12,
    "num_heads": 12,
    "vocab_size": 32_128,
    "feed_forward_proj": "relu",
}
STYLE_HEADS = 8


def hub_model(size: str, stereo: bool, melody: bool) -> tuple[dict[str, Any], dict[str, list[int]]]:
    """A checkpoint of transformers: its config.json and its tensors."""
    hidden, layers, heads = SIZES[size]
    family = "MusicgenMelody" if melody else "Musicgen"
    decoder = getattr(transformers, f"{family}DecoderConfig")(
        hidden_size=hidden,
        ffn_dim=4 * hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_codebooks=8 if stereo else 4,
        audio_channels=2 if stereo else 1,
    )
    config = getattr(transformers, f"{family}Config")(
        text_encoder=transformers.T5Config(**TEXT).to_dict(),
        audio_encoder=transformers.EncodecConfig(**CODEC).to_dict(),
        decoder=decoder.to_dict(),
    )
    with torch.device("meta"):
        model = getattr(transformers, f"{family}ForConditionalGeneration")(config)
    tensors = {old_spelling(name): list(tensor.shape) for name, tensor in model.state_dict().items()}
    tensors["decoder.model.decoder.embed_positions.weights"] = [2048, hidden]
    return json.loads(model.config.to_json_string(use_diff=False)), tensors


def style_model() -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    """The style checkpoint: what its state_dict.bin holds, and what MERT's file holds."""
    hidden, layers, heads = SIZES["medium"]
    with torch.device("meta"):
        lm = parts.language_model("style", stereo=False, heads=heads, dim=hidden, layers=layers, card=2048)
        mert = transformers.HubertModel(transformers.HubertConfig())
        style = parts.StyleConditioner(
            mert, width=512, heads=STYLE_HEADS, layers=8, books=6, bins=1024, out=hidden, inner=2048
        )
        description = torch.nn.Linear(768, hidden)
    state = dict(lm.state_dict())
    for name, module in (("self_wav", style), ("description.output_proj", description)):
        state |= {f"condition_provider.conditioners.{name}.{key}": t for key, t in module.state_dict().items()}
    return (
        {name: list(tensor.shape) for name, tensor in state.items()},
        {old_spelling(name): list(tensor.shape) for name, tensor in mert.state_dict().items()},
    )


def main() -> None:
    """Write the file."""
    published: dict[str, Any] = {}
    for name, choice in HUB.items():
        config, tensors = hub_model(*choice)
        published[f"musicgen-{name}"] = {"config": config, "tensors": tensors}
    state, mert = style_model()
    published["musicgen-style"] = {"best_state": state, "mert": mert}
    file = Path(__file__).with_name("published.json.gz")
    file.write_bytes(gzip.compress(json.dumps(published, sort_keys=True).encode(), mtime=0))
    counts = {name: len(entry.get("tensors", entry.get("best_state"))) for name, entry in published.items()}
    print(f"{file.name}: {file.stat().st_size} bytes, {counts}")


if __name__ == "__main__":
    main()
