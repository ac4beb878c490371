"""Make encodec_*.npz: what `transformers.EncodecModel` computes with random weights in several shapes.

Run from the repository's root, with torch and transformers: python -m tests.models.reference.make_encodec
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import EncodecConfig, EncodecModel

from tests.models.reference.encodec_weights import old_spelling, random_tensor

MUSICGEN = {
    "sampling_rate": 32_000,
    "upsampling_ratios": [8, 5, 4, 4],
    "target_bandwidths": [2.2],
    "codebook_size": 2048,
    "use_causal_conv": False,
    "use_conv_shortcut": False,
}
TINY = MUSICGEN | {"num_filters": 4, "hidden_size": 16}
ODD = {
    "sampling_rate": 300,
    "upsampling_ratios": [3, 2],
    "target_bandwidths": [1.0, 2.0],
    "codebook_size": 256,
    "num_filters": 6,
    "hidden_size": 12,
    "kernel_size": 5,
    "last_kernel_size": 4,
    "residual_kernel_size": 4,
    "num_residual_layers": 3,
    "dilation_growth_rate": 3,
    "compress": 3,
    "num_lstm_layers": 1,
    "audio_channels": 2,
    "use_causal_conv": False,
    "use_conv_shortcut": False,
}
CASES: dict[str, tuple[dict[str, Any], int, int]] = {
    # name: (config, frames decoded, samples encoded)
    "reflect": (TINY, 12, 9_000),
    "constant": (TINY | {"pad_mode": "constant"}, 12, 9_000),
    "odd": (ODD, 60, 301),
    "short": (TINY, 1, 3),
}
BATCH = 2
MARGIN = 1e-4  # a stored code is nearer than the second nearest by this much, so that rounding cannot change it


def reference_codec(config: dict[str, Any], seed: int) -> EncodecModel:
    """Build the reference with random weights everywhere; `seed` as in `random_tensor`."""
    model = EncodecModel(EncodecConfig(**config)).eval()
    tensors = dict(model.named_parameters()) | {n: b for n, b in model.named_buffers() if n.endswith(".embed")}
    for name, tensor in tensors.items():
        tensor.data.copy_(torch.from_numpy(random_tensor(name, tuple(tensor.shape), seed)))
    return model


def reference_tensors(model: EncodecModel) -> dict[str, np.ndarray]:
    """Return its tensors by the names that the hub's files have."""
    return {old_spelling(name): tensor.numpy() for name, tensor in model.state_dict().items()}


@torch.no_grad()
def reference_decode(model: EncodecModel, codes: np.ndarray) -> np.ndarray:
    """(B, frames, K) -> (B, samples, channels)."""
    pcm = model.decode(torch.from_numpy(codes.transpose(0, 2, 1)).long()[None], [None])[0]
    return pcm.numpy().transpose(0, 2, 1)


@torch.no_grad()
def reference_encode(model: EncodecModel, pcm: np.ndarray) -> np.ndarray:
    """(B, samples, channels) -> (B, frames, K), at the last bandwidth."""
    bandwidth = model.config.target_bandwidths[-1]
    codes = model.encode(torch.from_numpy(pcm.transpose(0, 2, 1)), bandwidth=bandwidth).audio_codes[0]
    return codes.numpy().transpose(0, 2, 1).astype(np.int32)


@torch.no_grad()
def smallest_margin(model: EncodecModel, pcm: np.ndarray) -> float:
    """Return how much nearer the chosen entries are than the second nearest, at the least (squared distance)."""
    rest = model.encoder(torch.from_numpy(pcm.transpose(0, 2, 1))).transpose(1, 2)
    margins = []
    for layer in model.quantizer.layers:
        distance = torch.cdist(rest.double(), layer.codebook.embed.double()[None]) ** 2
        nearest = distance.topk(2, largest=False)
        margins.append(float((nearest.values[..., 1] - nearest.values[..., 0]).min()))
        rest = rest - layer.codebook.embed[nearest.indices[..., 0]]
    return min(margins)


def main() -> None:
    """Write one file per case, with the first seed whose codes are beyond doubt."""
    for name, (config, frames, samples) in CASES.items():
        seed = 0
        while True:
            model = reference_codec(config, seed)
            draw = np.random.RandomState(seed)
            pcm = draw.normal(0, 0.3, (BATCH, samples, model.config.audio_channels)).astype(np.float32)
            if smallest_margin(model, pcm) > MARGIN:
                break
            seed += 1
        shape = (BATCH, frames, model.config.num_quantizers)
        codes = draw.randint(0, model.config.codebook_size, shape).astype(np.int32)
        shapes = {key: list(tensor.shape) for key, tensor in reference_tensors(model).items()}
        file = Path(__file__).with_name(f"encodec_{name}.npz")
        np.savez_compressed(
            file,
            config=json.dumps(model.config.to_dict()),
            shapes=json.dumps(shapes),
            seed=seed,
            codes=codes,
            decoded=reference_decode(model, codes),
            pcm=pcm,
            encoded=reference_encode(model, pcm),
        )
        print(f"{file.name}: seed {seed}, {file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
