"""Write the checkpoint that ships: MusicGen's Hugging Face layout in float16, with its declaration, licence and hashes.

`python -m training.export STATE FOLDER` reads STATE/codec.pt, STATE/lm.pt and STATE/report.json. It needs no data.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from training.clip import CLIP_FRAMES, FRAME_RATE, GENRE_TEMPI
from training.count_in import CountIn
from training.lm_model import START, Size, build
from training.sampling import Sampling
from training.state import LOG, load
from training.tokenizer import build_tokenizer, save_tokenizer

DEFAULT_BPM = 1500 / 13
EXTRA_TEMPI = {
    "boom bap": 88,
    "dnb": 170,
    "jungle": 170,
    "lofi": 78,
    "hiphop": 90,
    "dub": 72,
    "breaks": 130,
    "swing": 140,
}


def declaration(sampling: Sampling) -> dict[str, Any]:
    """Return what the checkpoint tells a player beyond MusicGen's own settings.

    `count_in` is explained in `training.count_in`; a prompt without any tempo takes `default_bpm`, or that of the first
    phrase of `genre_bpm` that it contains. `key_guidance` is explained in the player's module of that name. A clip is
    `frames` long, the count-in included.
    """
    tempi = {genre: round((low + high) / 2) for genre, (low, high) in GENRE_TEMPI.items()} | EXTRA_TEMPI
    return {
        "license": "CC0-1.0",
        "frames": CLIP_FRAMES,
        "frame_rate": FRAME_RATE,
        "count_in": CountIn().declaration(),
        "default_bpm": DEFAULT_BPM,
        "key_guidance": sampling.key_guidance,
        "genre_bpm": dict(sorted(tempi.items(), key=lambda item: -len(item[0]))),
    }


def weights(state: Path) -> tuple[Any, dict[str, torch.Tensor]]:
    """Return a MusicgenForConditionalGeneration that holds the trained weights, and its tensors in float16."""
    cpu = torch.device("cpu")
    codec, lm = load(state / "codec.pt", cpu), load(state / "lm.pt", cpu)
    model = build(Size(**lm["size"]), build_tokenizer().get_vocab_size()).eval()
    tensors = dict(lm["weights"])
    for name, value in codec["weights"].items():
        if name.startswith(("encoder.", "decoder.")):
            tensors[f"audio_encoder.{name}"] = value
    for book, table in enumerate(codec["weights"]["quantizer.embed"]):
        place = f"audio_encoder.quantizer.layers.{book}.codebook."
        tensors[place + "embed"] = tensors[place + "embed_avg"] = table
        tensors[place + "cluster_size"] = torch.ones(len(table))
        tensors[place + "inited"] = torch.ones(1)
    found = model.load_state_dict(tensors, strict=False)
    left = [name for name in found.missing_keys if "embed_positions" not in name and "embed_tokens" not in name]
    if left or found.unexpected_keys:
        raise ValueError(f"the state does not fill the model: missing {left}, unknown {found.unexpected_keys}")
    return model, tensors


def export(state: Path, folder: Path) -> None:
    """Write every file of the checkpoint except its licence text: weights, settings, tokenizer, model card, hashes."""
    folder.mkdir(parents=True, exist_ok=True)
    report_path = state / "report.json"
    results = json.loads(report_path.read_text()) if report_path.exists() else {}
    sampling = Sampling(**results.get("sampling", {}))
    model, _ = weights(state)
    model.generation_config.update(
        bos_token_id=START,
        pad_token_id=START,
        decoder_start_token_id=START,
        do_sample=True,
        max_length=CLIP_FRAMES + 4,
        guidance_scale=sampling.guidance,
        top_k=sampling.top_k,
        temperature=sampling.temperature,
    )
    model.half().save_pretrained(folder)
    tensors = load_file(folder / "model.safetensors")
    save_file({k: v.contiguous() for k, v in tensors.items()}, folder / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((folder / "config.json").read_text())
    config["audiogen"] = declaration(sampling)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_tokenizer(folder)
    shutil.copy(Path(__file__).parent / "MODEL_CARD.md", folder)
    write_hashes(folder)


def write_hashes(folder: Path) -> None:
    """Write SHA256SUMS over every other file of the checkpoint, in the format of sha256sum."""
    names = sorted(p.name for p in folder.iterdir() if p.is_file() and p.suffix in (".json", ".safetensors"))
    lines = [f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}" for name in names]
    (folder / "SHA256SUMS").write_text("\n".join(lines) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("folder", type=Path)
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    export(options.state, options.folder)
    total = sum(path.stat().st_size for path in options.folder.iterdir() if path.is_file())
    LOG.info("%s: %.2f MB", options.folder, total / 1e6)


if __name__ == "__main__":
    main()
