"""Render fresh clips, encode them, and keep tokens and captions for the language model.

`python -m training.tokens STATE --clips 200000 --minutes 6` reads STATE/codec.pt and writes STATE/tokens-N.pt shards.
Run again, it goes on with the next shard.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from training.clip import CLIP_FRAMES, EIGHTHS, FRAME_RATE, HELD_BACK_FRAMES, HOP, Spec
from training.clips import batches
from training.codec_model import Codec
from training.count_in import CountIn
from training.render import Renderer
from training.state import LOG, Budget, best_device, load, save, start_log

FIRST_SEED = 1_000
PARAPHRASES = 10


def load_codec(path: Path, device: torch.device) -> Codec:
    """Load STATE/codec.pt for encoding and decoding."""
    kept = load(path, device)
    codec = Codec(kept["filters"]).to(device).eval()
    codec.load_state_dict(kept["weights"])
    return codec


@torch.no_grad()
def count_in_codes(codec: Codec, device: torch.device) -> dict[int, Tensor]:
    """Return, per frames-per-eighth, the (4, frames) codes that prime the model: the count-in, held-back frames cut.

    The count-in is encoded alone, followed by a second of silence, as a player will do it.
    """
    found = {}
    for eighth in EIGHTHS:
        click = torch.from_numpy(CountIn().click(2 * eighth)).to(device)
        padded = torch.nn.functional.pad(click, (0, FRAME_RATE * HOP))
        found[eighth] = codec.encode(padded[None])[0, :, : len(click) // HOP - HELD_BACK_FRAMES]
    return found


def encode_clips(codec: Codec, samples: Tensor, specs: list[Spec], primes: dict[int, Tensor]) -> Tensor:
    """Return (clips, 4, CLIP_FRAMES) int16 codes whose first frames are exactly the priming codes."""
    parts = []
    for part in samples.split(64):
        with torch.autocast(part.device.type, dtype=torch.bfloat16, enabled=False):
            parts.append(codec.encode(part)[..., :CLIP_FRAMES])
    codes = torch.cat(parts)
    for row, spec in enumerate(specs):
        prime = primes[spec.eighth]
        codes[row, :, : prime.shape[1]] = prime
    return codes.short()


def shards(state: Path) -> Iterator[Path]:
    """Yield the token shards of a state folder in order."""
    yield from sorted(state.glob("tokens-*.pt"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("--clips", type=int, default=200_000)
    parser.add_argument("--minutes", type=float, default=60.0, help="stop early after this time")
    parser.add_argument("--shard", type=int, default=24_576)
    parser.add_argument("--render-batch", type=int, default=192)
    parser.add_argument("--workers", type=int, default=max(0, (os.cpu_count() or 1) - 2))
    options = parser.parse_args()
    start_log(options.state, "tokens")
    device = best_device()
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    codec, renderer = load_codec(options.state / "codec.pt", device), Renderer(device)
    primes = count_in_codes(codec, device)
    done = len(list(shards(options.state)))
    per_shard = max(1, options.shard // options.render_batch)
    budget = Budget(60 * options.minutes)
    kept: dict[str, list[Tensor]] = {"codes": [], "captions": [], "music": []}
    supply = batches(FIRST_SEED + done * per_shard, options.render_batch, PARAPHRASES, options.workers)
    for batch in supply:
        codes = encode_clips(codec, renderer(batch.events, batch.specs, batch.seed), batch.specs, primes)
        kept["codes"].append(codes.cpu())
        kept["captions"].append(torch.from_numpy(batch.captions))
        kept["music"].append(torch.tensor([spec.count_in_frames for spec in batch.specs], dtype=torch.int16))
        if len(kept["codes"]) == per_shard or budget.fraction >= 1:
            save(options.state / f"tokens-{done:03d}.pt", {name: torch.cat(parts) for name, parts in kept.items()})
            kept = {name: [] for name in kept}
            done += 1
            LOG.info("shard %d", done)
        if done * per_shard * options.render_batch >= options.clips or budget.fraction >= 1:
            break


if __name__ == "__main__":
    main()
