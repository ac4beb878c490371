"""Score true audio, audio through the codec, and generated audio over held-out prompts with the product's own metrics.

`python -m training.evaluate STATE` reads STATE/codec.pt and STATE/lm.pt and writes STATE/report.json,
STATE/prompts.json, STATE/timbre.npz, and WAV files with spectrograms in STATE/audio. `--sweep` tries several sampling
settings first.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from audiogen_daemon.evaluation.prompts import Prompt
from audiogen_daemon.evaluation.report import Heard, Report, hear, report
from audiogen_daemon.evaluation.timbre import TimbreClassifier, fit_classifier, load_classifier, timbre_features
from audiogen_daemon.models.keys import Key, stated_key, without_key
from training.captions import caption
from training.clip import CLIP_FRAMES, FRAME_RATE, HOP, INSTRUMENTS, Spec, draw_spec
from training.codec import measure
from training.codec_model import Codec
from training.compose import compose
from training.lm import DONE
from training.lm_model import LanguageModel, Size, build
from training.render import Renderer, event_table
from training.sampling import Sampling, sample
from training.state import LOG, best_device, load, start_log
from training.synth import draw_spectrograms, write_wav
from training.tokenizer import build_tokenizer
from training.tokens import Primes, load_codec

PROMPT_SEED, CLASSIFIER_SEED, TRUTH_SEED = 424_242, 777_777, 31_337
SWEEP = [Sampling(key_guidance=strength) for strength in (0.0, 1.5, 4.0)]
SWEEP += [Sampling(temperature=0.7), Sampling(3.0, 100, 0.75), Sampling(guidance=2.5)]


def held_out_specs(count: int, seed: int) -> list[Spec]:
    """Return `count` clips' attributes; every dozen holds all instruments."""
    rng = random.Random(seed)
    return [draw_spec(rng, INSTRUMENTS[i % len(INSTRUMENTS)]) for i in range(count)]


def prompts_for(specs: Sequence[Spec], seed: int) -> list[Prompt]:
    """Return a prompt for each clip that names its tempo and, unless it is drums, its key."""
    rng = random.Random(seed)
    return [Prompt(caption(s, rng, complete=True), s.instrument, s.bpm, s.root, s.mode) for s in specs]


def render(specs: Sequence[Spec], seed: int, device: torch.device) -> Tensor:
    """Return true audio (clips, samples) of the clips."""
    rng, renderer, parts = random.Random(seed), Renderer(device), []
    for first in range(0, len(specs), 48):
        some = specs[first : first + 48]
        parts.append(renderer(event_table([compose(spec, rng) for spec in some], some), some, seed + first).half())
    return torch.cat(parts)


def music(clips: Tensor, specs: Sequence[Spec]) -> list[np.ndarray]:
    """Return each clip without its count-in."""
    return [clip[spec.count_in_frames * HOP :].float().cpu().numpy() for clip, spec in zip(clips, specs, strict=True)]


def _features(samples: np.ndarray) -> np.ndarray:
    return timbre_features(samples.astype(np.float64))


def _hear(job: tuple[np.ndarray, TimbreClassifier]) -> Heard:
    return hear(*job)


def floor_and_peak(clips: Sequence[np.ndarray]) -> dict[str, float]:
    """Return the mean level of the quietest twentieth of each clip (20 ms frames, dBFS), mean peak, clipped share."""
    floors = []
    for samples in clips:
        frames = samples[: len(samples) // HOP * HOP].reshape(-1, HOP)
        floors.append(np.percentile(np.sqrt((frames**2).mean(1)), 5))
    return {
        "floor_db": float(np.mean(20 * np.log10(np.asarray(floors) + 1e-6))),
        "peak": float(np.mean([np.abs(samples).max() for samples in clips])),
        "clipped": float(np.mean([np.mean(np.abs(samples) >= 0.999) for samples in clips])),
    }


@dataclass(frozen=True)
class Asked:
    """Prompts with the frames per eighth of their tempi, and the keys that their count-ins play."""

    texts: list[str]
    eighths: list[int]
    keys: list[Key | None]

    @classmethod
    def tuned(cls, texts: list[str], eighths: list[int]) -> Asked:
        """Count-ins play the keys that the prompts name, as the player's do."""
        return cls(texts, eighths, [stated_key(text) for text in texts])

    def plain(self) -> Asked:
        """Count-ins are clicks alone."""
        return replace(self, keys=[None] * len(self.texts))


class Bench:
    """The held-out prompts with their true audio, and what is needed to score other audio for them."""

    def __init__(self, state: Path, count: int, learn_from: int, device: torch.device, workers: int) -> None:
        self.pool = multiprocessing.get_context("spawn").Pool(workers) if workers else None
        self.specs = held_out_specs(count, PROMPT_SEED)
        self.prompts = prompts_for(self.specs, PROMPT_SEED)
        (state / "prompts.json").write_text(json.dumps([asdict(prompt) for prompt in self.prompts], indent=1) + "\n")
        self.asked = Asked.tuned([p.text for p in self.prompts], [spec.eighth for spec in self.specs])
        self.truth = render(self.specs, TRUTH_SEED, device)
        path = state / "timbre.npz"
        if not path.exists():
            known = held_out_specs(learn_from, CLASSIFIER_SEED)
            clips = music(render(known, CLASSIFIER_SEED, device), known)
            fit_classifier(np.stack(self._map(_features, clips)), [spec.instrument for spec in known]).save(path)
        self.classifier = load_classifier(path)

    def _map(self, function: Any, jobs: Sequence[Any]) -> list[Any]:
        if self.pool is None:
            return [function(job) for job in jobs]
        return self.pool.map(function, jobs, chunksize=4)

    def score(self, name: str, clips: Tensor, seeds: int = 1) -> tuple[Report, dict[str, float]]:
        """Score (seeds * prompts, samples) audio, seed by seed."""
        heard_clips = music(clips, self.specs * seeds)
        heard = self._map(_hear, [(samples, self.classifier) for samples in heard_clips])
        found, quality = report(heard, self.prompts * seeds), floor_and_peak(heard_clips)
        LOG.info("%s %s\n%s", name, {k: round(v, 3) for k, v in quality.items()}, found.table())
        return found, quality


def load_language_model(path: Path, device: torch.device) -> LanguageModel:
    """Load STATE/lm.pt."""
    kept = load(path, device)
    model = LanguageModel(build(Size(**kept["size"]), build_tokenizer().get_vocab_size())).to(device).eval()
    model.load_state_dict(kept["weights"])
    return model


def prompt_ids(texts: Sequence[str], device: torch.device) -> Tensor:
    """Return (texts, L) token ids padded with 0."""
    tokenizer = build_tokenizer()
    tokenizer.enable_padding(pad_id=0)
    return torch.tensor([encoding.ids for encoding in tokenizer.encode_batch(list(texts))], device=device)


@torch.no_grad()
def generate(model: LanguageModel, codec: Codec, asked: Asked, how: Sampling, seed: int) -> Tensor:
    """Return (prompts, samples) audio, the count-in included."""
    device = next(model.parameters()).device
    primes = Primes(codec, device)(list(zip(asked.eighths, asked.keys, strict=True)))
    ids = prompt_ids([*asked.texts, *map(without_key, asked.texts)], device)
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
        codes = sample(model, *ids.chunk(2), primes, how, seed)
    return torch.cat([codec.decode(part)[:, : CLIP_FRAMES * HOP] for part in codes.split(32)]).half()


def best_of(bench: Bench, model: LanguageModel, codec: Codec, settings: Sequence[Sampling]) -> Sampling:
    """Return the sampling settings whose sum of tempo, scale and family is highest over one seed."""
    found = []
    for how in settings:
        result, _ = bench.score(str(how), generate(model, codec, bench.asked, how, 1))
        found.append((result.score.tempo + result.score.scale + result.score.family, how))
    for total, how in sorted(found, key=lambda pair: -pair[0]):
        LOG.info("%.3f %s", total, how)
    return max(found, key=lambda pair: pair[0])[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("--prompts", type=int, default=240)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--learn-from", type=int, default=1800, help="true clips that teach the instrument classifier")
    parser.add_argument("--sweep", action="store_true", help="try several sampling settings and keep the best")
    parser.add_argument("--wait", action="store_true", help="prepare beside training.lm, until its minutes are over")
    parser.add_argument("--guidance", type=float, default=Sampling.guidance)
    parser.add_argument("--top-k", type=int, default=Sampling.top_k)
    parser.add_argument("--temperature", type=float, default=Sampling.temperature)
    parser.add_argument("--key-guidance", type=float, default=Sampling.key_guidance)
    parser.add_argument("--workers", type=int, default=max(0, (os.cpu_count() or 1) - 1))
    options = parser.parse_args()
    start_log(options.state, "evaluate")
    device = best_device()
    os.environ["OMP_NUM_THREADS"] = os.environ["OPENBLAS_NUM_THREADS"] = "1"
    bench = Bench(options.state, options.prompts, options.learn_from, device, options.workers)
    codec = load_codec(options.state / "codec.pt", device)
    results: dict[str, Any] = {}

    def note(name: str, found: tuple[Report, dict[str, float]]) -> None:
        results[name] = {**found[0].as_json(), "quality": found[1]}
        (options.state / "report.json").write_text(json.dumps(results, indent=1) + "\n")

    note("ceiling", bench.score("true audio", bench.truth))
    through = torch.cat(
        [codec.decode(codec.encode(part.float()))[:, : part.shape[1]].half() for part in bench.truth.split(32)]
    )
    note("codec", bench.score("through the codec", through))
    results["codec"]["signal"] = measure(codec, bench.truth)
    LOG.info("codec %s", results["codec"]["signal"])
    while options.wait and not (options.state / DONE).exists():
        time.sleep(0.5)
    model = load_language_model(options.state / "lm.pt", device)
    how = Sampling(options.guidance, options.top_k, options.temperature, options.key_guidance)
    if options.sweep:
        how = best_of(bench, model, codec, SWEEP)
    made = torch.cat([generate(model, codec, bench.asked, how, seed) for seed in range(options.seeds)])
    results["sampling"] = asdict(how)
    note("generated", bench.score(f"generated {how}", made, options.seeds))
    note("plain", bench.score("after clicks alone", generate(model, codec, bench.asked.plain(), how, 0)))
    folder = options.state / "audio"
    folder.mkdir(exist_ok=True)
    shown = min(24, options.prompts)
    for kind, clips in (("true", bench.truth), ("codec", through), ("generated", made)):
        sound = clips[:shown].float().cpu().numpy()
        write_wav(folder / f"{kind}.wav", np.concatenate(list(sound[:, : 8 * FRAME_RATE * HOP])))
        draw_spectrograms(folder / f"{kind}.png", sound, bench.asked.texts)
    free = [
        "",
        "🎵🔥",
        "boom bap beat",
        "four-to-the-floor 140bpm",
        "dusty rhodes loop",
        "qwerty zorgle blah",
        "808",
        "jazz",
    ]
    openings = Asked.tuned(free, [16, 15, 17, 11, 19, 12, 10, 12])
    freely = generate(model, codec, openings, how, 5).float().cpu().numpy()
    draw_spectrograms(
        folder / "free.png", freely, [text.encode("ascii", "ignore").decode() or "(none)" for text in free]
    )
    write_wav(folder / "free.wav", np.concatenate(list(freely)))


if __name__ == "__main__":
    main()
