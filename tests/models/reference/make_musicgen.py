"""Make musicgen_*.npz: what transformers computes with the tiny checkpoints of `tiny_musicgen`.

Run from the repository's root, with torch and transformers: python -m tests.models.reference.make_musicgen
"""

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import MusicgenForConditionalGeneration

from tests.models.reference.tiny_musicgen import SHAPES, write_checkpoint

GUIDANCE = 3.0
ROLLOUT = 64
GREEDY_FRAMES = 100
SEEDS = {"mono": 3, "stereo": 2, "odd": 9}  # greedy takes of these keep moving
PROMPTS = [[5, 9, 13, 2, 6, 1], [7, 4, 1]]


def reference_model(folder: Path, kind: Any = MusicgenForConditionalGeneration) -> Any:
    """Load a folder as it is; anything missing or unexpected is an error. kind: the class of transformers."""
    model, report = kind.from_pretrained(folder, output_loading_info=True)
    unused = ("embed_avg", "cluster_size", "inited")
    missing = [name for name in report["missing_keys"] if not name.endswith(unused)]
    if missing or report["unexpected_keys"]:
        raise ValueError(f"missing {missing}, unexpected {report['unexpected_keys']}")
    return model.eval()


def padded(prompts: list[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Prompts as one batch: ids and mask."""
    longest = max(map(len, prompts))
    ids = torch.tensor([prompt + [0] * (longest - len(prompt)) for prompt in prompts])
    mask = torch.tensor([[1] * len(prompt) + [0] * (longest - len(prompt)) for prompt in prompts])
    return ids, mask


@torch.no_grad()
def reference_text(model: MusicgenForConditionalGeneration, prompts: list[list[int]]) -> np.ndarray:
    """T5's hidden states of a padded batch: (B, T, C)."""
    ids, mask = padded(prompts)
    return model.text_encoder(input_ids=ids, attention_mask=mask).last_hidden_state.numpy()


@torch.no_grad()
def reference_logits(
    model: MusicgenForConditionalGeneration, prompts: list[list[int]], columns: np.ndarray
) -> np.ndarray:
    """Guided logits after each column: (B, T, K) -> (B, T, K, V); the unconditional half has masked zeros as text."""
    B, T, K = columns.shape
    ids, mask = padded(prompts)
    hidden = model.text_encoder(input_ids=ids, attention_mask=mask).last_hidden_state
    codes = torch.from_numpy(columns.transpose(0, 2, 1).reshape(B * K, T)).long()
    halves = []
    for text, seen in ((hidden, mask), (torch.zeros_like(hidden), torch.zeros_like(mask))):
        out = model(encoder_outputs=(text,), attention_mask=seen, decoder_input_ids=codes)
        halves.append(out.logits.reshape(B, K, T, -1).permute(0, 2, 1, 3))
    return (halves[1] + GUIDANCE * (halves[0] - halves[1])).numpy()


@torch.no_grad()
def reference_take(
    model: MusicgenForConditionalGeneration, prompt: list[int], frames: int, **settings: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Codes (frames, K) and sound (samples, channels) of a greedy take."""
    heard: list[np.ndarray] = []
    decode = model.audio_encoder.decode

    def listen(codes: torch.Tensor, *args: Any, **kwargs: Any) -> Any:
        heard.append(codes.numpy()[0, 0])
        return decode(codes, *args, **kwargs)

    model.audio_encoder.decode = listen
    try:
        ids = torch.tensor([prompt])
        sound = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            do_sample=False,
            guidance_scale=GUIDANCE,
            max_length=frames + model.config.decoder.num_codebooks // model.config.decoder.audio_channels,
            **settings,
        )
    finally:
        model.audio_encoder.decode = decode
    codes = np.stack(heard, axis=-1).reshape(-1, *heard[0].shape[1:]) if len(heard) == 1 else _interleave(heard)
    return codes.T.astype(np.int32), sound[0].numpy().T


def _interleave(sides: list[np.ndarray]) -> np.ndarray:
    left, right = sides
    return np.stack([left, right], axis=1).reshape(-1, left.shape[1])


def random_columns(config: dict[str, Any], batch: int, seed: int) -> np.ndarray:
    """Columns (B, ROLLOUT, K) of a sequence that begins with the special token."""
    decoder = config["decoder"]
    source = np.random.RandomState(seed)
    columns = source.randint(0, decoder["vocab_size"], (batch, ROLLOUT, decoder["num_codebooks"]))
    columns[:, 0] = decoder["vocab_size"]
    return columns.astype(np.int32)


def main() -> None:
    for name, config in SHAPES.items():
        seed = SEEDS[name]
        with tempfile.TemporaryDirectory() as folder:
            model = reference_model(write_checkpoint(Path(folder), config, seed))
        columns = random_columns(config, len(PROMPTS), seed)
        greedy, _ = reference_take(model, PROMPTS[0], GREEDY_FRAMES)
        file = Path(__file__).with_name(f"musicgen_{name}.npz")
        np.savez_compressed(
            file,
            seed=seed,
            text=reference_text(model, PROMPTS),
            columns=columns,
            logits=reference_logits(model, PROMPTS, columns).astype(np.float32),
            greedy=greedy,
        )
        print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB, {len(np.unique(greedy))} different greedy tokens")


if __name__ == "__main__":
    main()
