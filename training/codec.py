"""Train the codec on rendered clips: first continuous, then quantised, at last against a discriminator.

`python -m training.codec STATE --minutes 7` writes STATE/codec.pt, and STATE/codec-run.pt to resume from.
"""

from __future__ import annotations

import argparse
import json
import os
from itertools import count
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from training.clip import CLIP_SAMPLES, HOP
from training.clips import batches
from training.codec_model import Codec
from training.discriminator import Discriminator, fooling_loss, judge_loss
from training.losses import multi_scale_stft
from training.render import Renderer
from training.state import LOG, Average, Budget, best_device, cosine, load, save, start_log

CROP_FRAMES = 50
QUANTISE_AT = 0.3
HELD_OUT_SEED = 900_000


def rendered(clips: int, per_batch: int, seed: int, device: torch.device, workers: int) -> Tensor:
    """Render `clips` clips and keep them on the device as (clips, CLIP_SAMPLES) float16."""
    renderer, parts = Renderer(device), []
    for batch in batches(count(seed), per_batch, 1, workers):
        parts.append(renderer(batch.events, batch.specs, batch.seed).half())
        if len(parts) * per_batch >= clips:
            break
    return torch.cat(parts)[:clips]


@torch.no_grad()
def measure(codec: Codec, clips: Tensor) -> dict[str, float]:
    """Return MS-STFT distance, SNR in dB, and the share of every codebook's rows that are used."""
    distance, snr, codes = [], [], []
    for part in clips.split(16):
        truth = part.float()
        found = codec.encode(truth) if codec.quantizer.ready else None
        guess = codec.decode(found) if found is not None else codec.decoder(codec.encoder(truth[:, None]))[:, 0]
        guess = guess[:, : truth.shape[1]].float()
        distance.append(multi_scale_stft(guess, truth) * len(part))
        snr.append(10 * torch.log10(truth.pow(2).sum(1) / (truth - guess).pow(2).sum(1)))
        codes += [found] if found is not None else []
    report = {"ms_stft": float(torch.stack(distance).sum()) / len(clips), "snr_db": float(torch.cat(snr).mean())}
    if codes:
        for book, found in enumerate(torch.cat(codes).unbind(1)):
            report[f"used_{book}"] = len(found.unique()) / codec.quantizer.embed.shape[1]
    return report


def crops(clips: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Return (count, 1 s) random excerpts at random levels."""
    length = CROP_FRAMES * HOP
    rows = torch.randint(len(clips), (count, 1), device=clips.device, generator=generator)
    starts = torch.randint(CLIP_SAMPLES - length, (count, 1), device=clips.device, generator=generator)
    index = rows * CLIP_SAMPLES + starts + torch.arange(length, device=clips.device)
    level = 0.4 + 0.9 * torch.rand(count, 1, device=clips.device, generator=generator)
    return clips.view(-1)[index].float() * level


class Trainer:
    """One codec in training with all that a resumed run needs."""

    def __init__(self, filters: int, seconds: float, adversarial_from: float, device: torch.device, path: Path) -> None:
        torch.manual_seed(0)
        self.path, self.device, self.adversarial_from = path, device, adversarial_from
        self.codec = Codec(filters).to(device)
        self.judge = Discriminator().to(device)
        self.optimizer = torch.optim.AdamW(self.codec.weights(), lr=1e-3, betas=(0.8, 0.99), weight_decay=0.0)
        self.judge_optimizer = torch.optim.AdamW(self.judge.parameters(), lr=3e-4, betas=(0.8, 0.99), weight_decay=0.0)
        self.average = Average(self.codec.weights(), 0.999)
        self.generator = torch.Generator(device).manual_seed(1)
        self.step, spent = 0, 0.0
        if path.exists():
            kept = load(path, device)
            self.codec.load_state_dict(kept["codec"])
            self.judge.load_state_dict(kept["judge"])
            self.optimizer.load_state_dict(kept["optimizer"])
            self.judge_optimizer.load_state_dict(kept["judge_optimizer"])
            self.average.values = kept["average"]
            self.step, spent = kept["step"], kept["spent"]
            LOG.info("resumed at step %d", self.step)
        self.budget = Budget(seconds, spent)

    def keep(self) -> None:
        parts = {"codec": self.codec, "judge": self.judge, "optimizer": self.optimizer}
        states = {name: part.state_dict() for name, part in parts.items()}
        states["judge_optimizer"] = self.judge_optimizer.state_dict()
        save(self.path, {**states, "average": self.average.values, "step": self.step, "spent": self.budget.spent})

    def start_quantizer(self, clips: Tensor) -> None:
        """Set the codebooks from the latents of some clips."""
        with torch.no_grad():
            found = [self.codec.encoder(part[:, None].float()) for part in clips[:400].split(16)]
        rows = torch.cat([latents.transpose(1, 2).reshape(-1, latents.shape[1]) for latents in found]).float()
        self.codec.quantizer.start(rows)

    def train_step(self, truth: Tensor) -> None:
        fraction = self.budget.fraction
        rate = 1.2e-3 * cosine(fraction, self.step, 100)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        half = torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.device.type == "cuda")
        with half:
            latents = self.codec.encoder(truth[:, None])
        commitment = torch.zeros((), device=self.device)
        if self.codec.quantizer.ready:
            latents, commitment = self.codec.quantizer(latents)
        with half:
            guess = self.codec.decoder(latents)
        guess = guess[:, 0, : truth.shape[1]].float()
        loss = multi_scale_stft(guess, truth) + 3 * (guess - truth).abs().mean() + 0.25 * commitment
        if fraction >= self.adversarial_from:
            with half:
                real = self.judge(truth)
                verdict = judge_loss(real, self.judge(guess.detach()))
            self.judge_optimizer.zero_grad()
            verdict.backward()
            self.judge_optimizer.step()
            self.judge.requires_grad_(False)
            with half:
                fooled, matched = fooling_loss(self.judge(truth), self.judge(guess))
            self.judge.requires_grad_(True)
            loss = loss + 0.03 * fooled + 0.15 * matched
        self.optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.codec.weights(), 3.0)
        self.optimizer.step()
        self.average.update(self.step)
        self.step += 1

    def averaged(self, clips: Tensor) -> dict[str, float]:
        self.average.swap()
        self.codec.eval()
        report = measure(self.codec, clips)
        self.codec.train()
        self.average.swap()
        return report


def taken(folder: Path) -> Codec:
    """Return the codec of an exported checkpoint, to encode and decode with; its quantiser cannot be trained on."""
    config = json.loads((folder / "config.json").read_text())
    codec = Codec(config["audio_encoder"]["num_filters"]).eval()
    prefix = "audio_encoder."
    found = {name: value.float() for name, value in load_file(folder / "model.safetensors").items()}
    tensors = {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}
    books = range(len(codec.quantizer.embed))
    codec.quantizer.embed.copy_(torch.stack([tensors[f"quantizer.layers.{book}.codebook.embed"] for book in books]))
    for part in ("encoder", "decoder"):
        getattr(codec, part).load_state_dict(
            {name.removeprefix(f"{part}."): value for name, value in tensors.items() if name.startswith(f"{part}.")}
        )
    return codec


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("--minutes", type=float, default=7.0, help="training time, rendering not counted")
    parser.add_argument("--clips", type=int, default=12_000)
    parser.add_argument("--held-out", type=int, default=96)
    parser.add_argument("--batch", type=int, default=96, help="one-second crops per step")
    parser.add_argument("--render-batch", type=int, default=192)
    parser.add_argument("--filters", type=int, default=16)
    parser.add_argument(
        "--adversarial-from", type=float, default=2.0, help="share of the time after which to use it; over 1: never"
    )
    parser.add_argument("--workers", type=int, default=max(0, (os.cpu_count() or 1) - 2))
    parser.add_argument("--take", type=Path, metavar="FOLDER", help="train none: take that of an exported checkpoint")
    options = parser.parse_args()
    start_log(options.state, "codec")
    if options.take:
        codec = taken(options.take)
        save(options.state / "codec.pt", {"filters": codec.filters, "weights": codec.state_dict(), "report": {}})
        return
    device = best_device()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    clips = rendered(options.clips, options.render_batch, 0, device, options.workers)
    held_out = rendered(options.held_out, options.render_batch, HELD_OUT_SEED, device, options.workers)
    LOG.info("rendered %d clips, peak %.3f", len(clips), clips.abs().max())
    run = Trainer(
        options.filters, 60 * options.minutes, options.adversarial_from, device, options.state / "codec-run.pt"
    )
    next_look = next_keep = run.budget.fraction
    while run.budget.fraction < 1:
        if run.budget.fraction >= QUANTISE_AT and not run.codec.quantizer.ready:
            run.start_quantizer(clips)
        if run.budget.fraction >= next_look:
            LOG.info("step %d %s", run.step, {k: round(v, 3) for k, v in run.averaged(held_out).items()})
            next_look = run.budget.fraction + 0.1
        if run.budget.fraction >= next_keep + 0.25:
            run.keep()
            next_keep = run.budget.fraction
        run.train_step(crops(clips, options.batch, run.generator))
    run.keep()
    run.average.swap()
    run.codec.eval()
    report = measure(run.codec, held_out)
    LOG.info("done at step %d %s", run.step, {k: round(v, 3) for k, v in report.items()})
    save(options.state / "codec.pt", {"filters": options.filters, "weights": run.codec.state_dict(), "report": report})


if __name__ == "__main__":
    main()
