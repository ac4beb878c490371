"""Render fresh clips, encode them, and keep tokens and captions for the language model.

`python -m training.tokens STATE --clips 200000` reads STATE/codec.pt and writes STATE/tokens-N.pt shards, one for each
rendered batch. Shard N is the same whichever process makes it; of several processes each takes every so manyth. Run
again, it makes the shards that are missing.
"""

from __future__ import annotations

import argparse
import math
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from audiogen_daemon.models.keys import Key
from training.clip import CLIP_FRAMES, FRAME_RATE, HELD_BACK_FRAMES, HOP, Spec
from training.clips import batches
from training.codec_model import Codec
from training.count_in import CountIn
from training.parallel import find_crew
from training.render import Renderer
from training.state import LOG, Budget, load, save, start_log

FIRST_SEED = 1_000
PARAPHRASES = 10
LOG_EVERY = 32

Opening = tuple[int, Key | None]
"""Frames per eighth, and the key that the count-in plays."""


def load_codec(path: Path, device: torch.device) -> Codec:
    """Load STATE/codec.pt for encoding and decoding."""
    kept = load(path, device)
    codec = Codec(kept["filters"]).to(device).eval()
    codec.load_state_dict(kept["weights"])
    return codec


class Primes:
    """The codes that prime the model, (4, frames) each: a count-in, its held-back frames cut; kept once encoded.

    A count-in is encoded alone, followed by at least a second of silence, as a player will do it.
    """

    def __init__(self, codec: Codec, device: torch.device) -> None:
        self._codec, self._device = codec, device
        self._kept: dict[Opening, Tensor] = {}

    def __call__(self, openings: Sequence[Opening]) -> list[Tensor]:
        """Return the codes of each opening; those that are missing are encoded together."""
        missing = sorted({opening for opening in openings if opening not in self._kept}, key=str)
        for first in range(0, len(missing), 64):
            self._encode(missing[first : first + 64])
        return [self._kept[opening] for opening in openings]

    @torch.no_grad()
    def _encode(self, openings: list[Opening]) -> None:
        clicks = [torch.from_numpy(CountIn().click(2 * eighth, key)) for eighth, key in openings]
        longest = max(map(len, clicks)) + FRAME_RATE * HOP
        padded = torch.stack([torch.nn.functional.pad(click, (0, longest - len(click))) for click in clicks])
        codes = self._codec.encode(padded.to(self._device))
        for opening, click, row in zip(openings, clicks, codes, strict=True):
            self._kept[opening] = row[:, : len(click) // HOP - HELD_BACK_FRAMES].clone()


def encode_clips(codec: Codec, samples: Tensor, specs: list[Spec], primes: Primes) -> Tensor:
    """Return (clips, 4, CLIP_FRAMES) int16 codes whose first frames are exactly the priming codes."""
    parts = []
    for part in samples.split(64):
        with torch.autocast(part.device.type, dtype=torch.bfloat16, enabled=False):
            parts.append(codec.encode(part)[..., :CLIP_FRAMES])
    codes = torch.cat(parts)
    for row, prime in enumerate(primes([(spec.eighth, spec.count_in_key) for spec in specs])):
        codes[row, :, : prime.shape[1]] = prime
    return codes.short()


def shard_path(state: Path, seed: int) -> Path:
    """Return where the shard of a batch seed lies; names sort as seeds do."""
    return state / f"tokens-{seed:06d}.pt"


def shards(state: Path) -> Iterator[Path]:
    """Yield the token shards of a state folder in order."""
    yield from sorted(state.glob("tokens-??????.pt"))


def missing_seeds(state: Path, count: int, rank: int, size: int) -> list[int]:
    """Return the seeds that process `rank` of `size` must still render, of the `count` seeds of the whole corpus."""
    own = range(FIRST_SEED + rank, FIRST_SEED + count, size)
    return [seed for seed in own if not shard_path(state, seed).exists()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("--clips", type=int, default=200_000, help="of all processes together")
    parser.add_argument("--leave-after", type=float, default=math.inf, help="seconds after which to stop; go on later")
    parser.add_argument("--render-batch", type=int, default=192, help="clips per shard")
    parser.add_argument(
        "--workers", type=int, default=max(0, (os.cpu_count() or 1) - 2), help="composers, of all processes together"
    )
    options = parser.parse_args()
    leave, crew = Budget(options.leave_after), find_crew()
    if crew.leads:
        start_log(options.state, "tokens")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    codec, renderer = load_codec(options.state / "codec.pt", crew.device), Renderer(crew.device)
    primes = Primes(codec, crew.device)
    seeds = missing_seeds(options.state, math.ceil(options.clips / options.render_batch), crew.rank, crew.size)
    for made, batch in enumerate(batches(seeds, options.render_batch, PARAPHRASES, options.workers // crew.size), 1):
        codes = encode_clips(codec, renderer(batch.events, batch.specs, batch.seed), batch.specs, primes)
        music = torch.tensor([spec.count_in_frames for spec in batch.specs], dtype=torch.int16)
        shard = {"codes": codes.cpu(), "captions": torch.from_numpy(batch.captions), "music": music}
        save(shard_path(options.state, batch.seed), shard)
        leaving = leave.fraction >= 1
        if made % LOG_EVERY == 0 or made == len(seeds) or leaving:
            LOG.info("%d of this process's %d missing shards", made, len(seeds))
        if leaving:
            break


if __name__ == "__main__":
    main()
