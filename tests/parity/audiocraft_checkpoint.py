"""Random checkpoints of audiocraft's own modules, saved as audiocraft exports them, and what the modules compute."""

import json
from pathlib import Path
from typing import Any

import numpy as np

from audiogen_daemon.models.musicgen.delay import UNKNOWN, codebook_delays, delay, undelay
from tests.models.reference.tiny_musicgen import MONO, STYLE, write_checkpoint

FRAMES = 100
RATIOS = [8, 5, 4, 4]
LAYOUT = {"dimension": 16, "n_filters": 4, "ratios": RATIOS, "pad_mode": "constant", "bins": 64}
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
            mert = HubertModel(HubertConfig(**STYLE["feature_extractor"])).eval()
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
