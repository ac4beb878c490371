"""Make following_*.npz: what transformers and audiocraft compute with the tiny models that follow a melody or a style.

Run from the repository's root, with torch, transformers and audiocraft: python -m tests.models.reference.make_following
"""

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch
from transformers import HubertConfig, HubertModel, MusicgenMelodyForConditionalGeneration
from transformers.audio_utils import chroma_filter_bank
from transformers.models.musicgen_melody.feature_extraction_musicgen_melody import MusicgenMelodyFeatureExtractor

from audiogen_daemon.models.musicgen.style_config import MERT, PREFIX
from tests.models.reference.encodec_weights import OLD
from tests.models.reference.make_musicgen import reference_model, reference_take
from tests.models.reference.tiny_musicgen import FOLLOWING, STYLE, random_tensors, write_checkpoint
from tests.models.reference.tunes import GUIDANCE, PROMPT, SEEDS, sound
from tests.parity import audiocraft_parts as parts

FRAMES = 100
ROLLOUT = 32


def spectrogram(samples: torch.Tensor) -> torch.Tensor:
    """`torchaudio.transforms.Spectrogram(n_fft, hop_length, power=2, normalized=True)`, which needs no torchaudio."""
    window = torch.hann_window(16_384)
    spectrum = torch.stft(samples, 16_384, 4_096, 16_384, window, center=True, pad_mode="reflect", return_complex=True)
    return (spectrum / window.square().sum().sqrt()).abs().square()


def reference_chroma(samples: np.ndarray) -> np.ndarray:
    """transformers' features of a mono melody of up to 30 s: (frames, 12)."""
    filters = chroma_filter_bank(sampling_rate=32_000, num_frequency_bins=16_384, tuning=0, num_chroma=12)
    extractor = SimpleNamespace(n_fft=16_384, chroma_filters=torch.from_numpy(filters).float(), spectrogram=spectrogram)
    wave = torch.from_numpy(samples)[None]
    return MusicgenMelodyFeatureExtractor._torch_extract_fbank_features(extractor, wave)[0].numpy()


def reference_melody_model(folder: Path) -> Any:
    """Load a folder as it is; anything missing or unexpected is an error."""
    return reference_model(folder, MusicgenMelodyForConditionalGeneration)


@torch.no_grad()
def melody_logits(model: Any, prompt: list[int], chroma: np.ndarray | None, columns: np.ndarray) -> np.ndarray:
    """Guided logits after each column: (T, K) to (T, K, V). The null row has the melody of silence and no text."""
    text = model.text_encoder(input_ids=torch.tensor([prompt])).last_hidden_state
    if model.config.text_encoder.hidden_size != model.config.decoder.hidden_size:
        text = model.enc_to_dec_proj(text)
    silence = np.eye(1, 12, dtype=np.float32)
    rows = [silence if chroma is None else chroma, silence]
    followed = [
        model.audio_enc_to_dec_proj(torch.from_numpy(np.resize(row, (model.config.chroma_length, 12))))[None]
        for row in rows
    ]
    prefix = torch.cat([torch.cat([followed[0], text], 1), torch.cat([followed[1], torch.zeros_like(text)], 1)])
    codes = torch.from_numpy(np.concatenate([columns.T, columns.T])).long()
    logits = model.decoder(input_ids=codes, encoder_hidden_states=prefix).logits
    logits = logits.reshape(2, columns.shape[1], prefix.shape[1] + len(columns), -1)[:, :, -len(columns) :]
    return (logits[1] + GUIDANCE * (logits[0] - logits[1])).permute(1, 0, 2).numpy()


def melody_take(model: Any, prompt: list[int], chroma: np.ndarray | None, frames: int) -> tuple[np.ndarray, np.ndarray]:
    """Codes (frames, K) and sound (samples, channels) of a greedy take, by `generate`."""
    extra = {} if chroma is None else {"input_features": torch.from_numpy(chroma)[None]}
    return reference_take(model, prompt, frames, **extra)


def style_reference(seed: int) -> parts.StyleConditioner:
    """audiocraft's conditioner with the tiny style checkpoint's weights."""
    sizes = STYLE["style_encoder"]
    mert = HubertModel(HubertConfig(**STYLE["feature_extractor"])).eval()
    tensors = {name: torch.from_numpy(value) for name, value in random_tensors(STYLE, seed).items()}
    weights = {name.removeprefix(MERT): value for name, value in tensors.items() if name.startswith(MERT)}
    for number, old in enumerate(OLD):
        modern = f"encoder.pos_conv_embed.conv.parametrizations.weight.original{number}"
        weights[modern] = weights.pop(f"encoder.pos_conv_embed.conv.{old}")
    report = mert.load_state_dict(weights, strict=False)
    if report.unexpected_keys or report.missing_keys != ["masked_spec_embed"]:
        raise ValueError(str(report))
    style = parts.StyleConditioner(
        mert,
        width=sizes["hidden_size"],
        heads=sizes["num_attention_heads"],
        layers=sizes["num_hidden_layers"],
        books=sizes["num_codebooks"],
        bins=sizes["codebook_size"],
        out=STYLE["decoder"]["hidden_size"],
        inner=sizes["ffn_dim"],
    ).eval()
    state = style.state_dict()
    for name, value in tensors.items():
        if name.startswith(PREFIX):
            key = (
                name.removeprefix(PREFIX).replace("rvq.layers.", "rvq.vq.layers.").replace(".codebook.", "._codebook.")
            )
            state[key].copy_(value)
        if name.startswith("audio_enc_to_dec_proj."):
            state[name.replace("audio_enc_to_dec_proj", "output_proj")].copy_(value)
    for name, value in state.items():
        if name.endswith("inited"):
            value.fill_(1)
    return style


def random_columns(codebooks: int, vocabulary: int, seed: int) -> np.ndarray:
    """Columns (ROLLOUT, K) of a sequence that begins with the special token."""
    columns = np.random.RandomState(seed).randint(0, vocabulary, (ROLLOUT, codebooks)).astype(np.int32)
    columns[0] = vocabulary
    return columns


def main() -> None:
    """Write one file per model."""
    heard = sound(4.0)
    chroma = reference_chroma(heard.mean(axis=1))
    long = reference_chroma(sound(14.0).mean(axis=1))
    for name in ("melody", "stereo-melody"):
        config, seed = FOLLOWING[name], SEEDS[name]
        with tempfile.TemporaryDirectory() as folder:
            model = reference_melody_model(write_checkpoint(Path(folder), config, seed))
        columns = random_columns(config["decoder"]["num_codebooks"], 64, seed)
        greedy, _ = melody_take(model, PROMPT, chroma, FRAMES)
        alone, _ = melody_take(model, PROMPT, None, FRAMES)
        save(
            name,
            chroma=chroma.argmax(axis=1).astype(np.int8),
            long=long.argmax(axis=1).astype(np.int8),
            columns=columns,
            logits=melody_logits(model, PROMPT, chroma, columns),
            greedy=greedy,
            alone=alone,
        )
    style = style_reference(SEEDS["style"])
    middle = torch.from_numpy(sound(4.0).mean(axis=1)[16_000 : 16_000 + 96_000])[None]
    features = style.features(middle)[0].T.numpy()
    save("style", features=features[::8], prefix=style(middle, used=3)[0].numpy())


def save(name: str, **arrays: np.ndarray) -> None:
    """Write one reference and say what it holds."""
    file = Path(__file__).with_name(f"following_{name}.npz")
    np.savez_compressed(file, **arrays)
    moving = len(np.unique(arrays["greedy"])) if "greedy" in arrays else ""
    print(f"{file.name}: {file.stat().st_size / 1000:.0f} kB {moving}")


if __name__ == "__main__":
    main()
