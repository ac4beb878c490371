"""Train the language model on token shards.

`python -m training.lm STATE --minutes 15` reads STATE/tokens-*.pt and writes STATE/lm.pt (averaged weights), and
STATE/lm-run.pt to resume from. STATE/lm-done appears when the minutes are over.

Several processes (`training.parallel`) each draw their own rows and step alike on the mean of their gradients.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from training.clip import CLIP_FRAMES, FRAME_RATE, HELD_BACK_FRAMES
from training.lm_model import START, LanguageModel, Size, build, delay
from training.parallel import Crew, find_crew
from training.state import LOG, Average, Budget, cosine, load, save, start_log
from training.tokenizer import END, build_tokenizer
from training.tokens import shards

HELD_OUT = 192
CAPTION_DROPOUT = 0.12
CROP_SHARE = 0.08
BOOK_WEIGHTS = (1.3, 1.1, 0.9, 0.7)
OPENING_SECONDS = 2
OPENING_WEIGHT = 1.6
COUNT_IN_WEIGHT = 0.05
DONE = "lm-done"
STRIDE = 10
"""Steps between two readings of the clock."""


@dataclass(frozen=True)
class Corpus:
    """All clips on the device: codes (N, 4, T), captions (N, P, L), and the first frame of music (N,)."""

    codes: Tensor
    captions: Tensor
    music: Tensor

    def __len__(self) -> int:
        return len(self.codes)


def load_corpus(state: Path, device: torch.device) -> Corpus:
    """Read every shard of a state folder."""
    parts = [load(path, device) for path in shards(state)]
    return Corpus(*(torch.cat([part[name] for part in parts]) for name in ("codes", "captions", "music")))


def draw_rows(corpus: Corpus, rows: Tensor, crop_share: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return codes (B, 4, T) with START past the end, a caption each (B, L), and loss weights (B, T).

    Every row gets one of its paraphrases. A share of rows loses its count-in and begins somewhere inside the music, so
    that the model can also go on from audio without one.
    """
    device, count = corpus.codes.device, len(rows)
    picks = torch.randint(corpus.captions.shape[1], (count,), device=device)
    captions = corpus.captions[rows, picks].long()
    music = corpus.music[rows].long()[:, None]
    cropped = torch.rand(count, 1, device=device) < crop_share
    begin = torch.where(cropped, music + (torch.rand(count, 1, device=device) * 200).long(), 0)
    frame = torch.arange(CLIP_FRAMES, device=device)[None]
    index = begin + frame
    inside = index < CLIP_FRAMES
    codes = corpus.codes[rows].long().gather(2, index.clamp(max=CLIP_FRAMES - 1)[:, None].expand(-1, 4, -1))
    codes = torch.where(inside[:, None], codes, START)
    first = torch.where(cropped, 0, music)
    weights = torch.where(frame < first - HELD_BACK_FRAMES, COUNT_IN_WEIGHT, 1.0)
    opening = (frame >= first) & (frame < first + OPENING_SECONDS * FRAME_RATE)
    return codes, captions, torch.where(opening, OPENING_WEIGHT, weights) * inside


def loss_of(model: LanguageModel, codes: Tensor, captions: Tensor, weights: Tensor, dropout: float) -> Tensor:
    """Return the mean loss of each codebook (4,), weighted by frame."""
    states, mask = model.text(captions)
    kept = torch.rand(len(captions), 1, 1, device=codes.device) >= dropout
    grid = delay(codes)
    logits = model(grid[:, :, :-1], states * kept, mask)
    target = grid[:, :, 1:]
    losses = F.cross_entropy(logits.flatten(0, 2).float(), target.flatten() % START, reduction="none").view(
        target.shape
    )
    books = []
    for book in range(4):
        books.append((losses[:, book, book : book + CLIP_FRAMES] * weights).sum() / weights.sum())
    return torch.stack(books)


def optimizer_for(model: LanguageModel, rate: float) -> torch.optim.Optimizer:
    """Return AdamW with decay on matrices only."""
    matrices = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n and "shared" not in n]
    chosen = {id(p) for p in matrices}
    others = [p for p in model.parameters() if id(p) not in chosen]
    groups = [{"params": matrices, "weight_decay": 0.05}, {"params": others, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.95), fused=torch.cuda.is_available())


def start_from(model: LanguageModel, folder: Path) -> None:
    """Take the weights of an exported checkpoint; word embeddings are matched by word, new words start at the mean."""
    tensors = load_file(folder / "model.safetensors")
    old = Tokenizer.from_file(str(folder / "tokenizer.json")).get_vocab()
    table = tensors["text_encoder.shared.weight"].float()
    fresh = table.mean(0).repeat(model.text_encoder.shared.weight.shape[0], 1)
    for word, row in build_tokenizer().get_vocab().items():
        if word in old:
            fresh[row] = table[old[word]]
    tensors["text_encoder.shared.weight"] = fresh
    tensors["text_encoder.encoder.embed_tokens.weight"] = fresh
    model.load_state_dict({k: v.float() for k, v in tensors.items() if not k.startswith("audio_encoder.")})


class Trainer:
    """One language model in training with all that a resumed run needs.

    The averaged weights with the lowest held-out loss are the result, so that overfitting cannot reach the checkpoint.
    Every process of a crew holds the same weights; what is drawn at random differs between processes, and after each
    resumption.
    """

    def __init__(
        self, state: Path, corpus: Corpus, size: Size, seconds: float, rate: float, init: Path | None, crew: Crew
    ) -> None:
        torch.manual_seed(0)
        self.state, self.corpus, self.size, self.rate, self.crew = state, corpus, size, rate, crew
        self.device = corpus.codes.device
        self.held_out = min(HELD_OUT, len(corpus) // 4)
        self.model = LanguageModel(build(size, build_tokenizer().get_vocab_size())).to(self.device)
        if init is not None:
            start_from(self.model, init)
        self.optimizer = optimizer_for(self.model, rate)
        self.average = Average(list(self.model.parameters()), 0.9993)
        self.step, self.best, spent = 0, math.inf, 0.0
        if self.run_path.exists():
            kept = load(self.run_path, self.device)
            self.model.load_state_dict(kept["model"])
            self.optimizer.load_state_dict(kept["optimizer"])
            self.average.values = kept["average"]
            self.step, self.best, spent = kept["step"], kept["best"], kept["spent"]
            LOG.info("resumed at step %d", self.step)
        torch.manual_seed(1 + self.step * crew.size + crew.rank)
        self.book_weights = torch.tensor(BOOK_WEIGHTS, device=self.device) / sum(BOOK_WEIGHTS)
        self.loss_of = torch.compile(loss_of, dynamic=False) if self.device.type == "cuda" else loss_of
        self.budget = Budget(seconds, spent)

    @property
    def run_path(self) -> Path:
        return self.state / "lm-run.pt"

    def half(self) -> torch.autocast:
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.device.type == "cuda")

    def weigh(self, losses: Tensor) -> Tensor:
        """Return the codebooks' losses (4,) as one number."""
        return (losses * self.book_weights).sum()

    def keep(self) -> None:
        states = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        numbers = {"step": self.step, "best": self.best, "spent": self.budget.spent}
        save(self.run_path, {**states, "average": self.average.values, **numbers})

    @torch.no_grad()
    def look(self) -> None:
        """Log the held-out losses of the averaged weights, and keep the weights if they are the best so far.

        The loss with captions shuffled, and with empty ones, shows how much the model listens to its prompt. Every
        process comes here, to see that their weights are the same; the rest is the first one's.
        """
        apart = self.crew.spread(list(self.model.parameters()))
        if not self.crew.leads:
            return
        self.average.swap()
        rows = torch.arange(self.held_out, device=self.device)
        codes, captions, weights = draw_rows(self.corpus, rows, 0.0)
        empty = torch.zeros_like(captions)
        empty[:, 0] = END
        found = {}
        with self.half():
            for name, ids in (("true", captions), ("shuffled", captions.roll(5, 0)), ("empty", empty)):
                found[name] = loss_of(self.model, codes, ids, weights, 0.0)
        total = float(self.weigh(found["true"]))
        if total < self.best:
            self.best = total
            save(self.state / "lm.pt", {"size": asdict(self.size), "weights": self.model.state_dict()})
        self.average.swap()
        shown = {name: [round(value, 3) for value in losses.tolist()] for name, losses in found.items()}
        LOG.info("step %d held out %.3f %s, processes %g apart", self.step, total, shown, apart)

    def train_step(self, batch: int, fraction: float) -> None:
        """Take one step on `batch` rows of each process, at the learning rate of this fraction of the budget."""
        rows = torch.randint(self.held_out, len(self.corpus), (batch,), device=self.device)
        codes, captions, weights = draw_rows(self.corpus, rows, CROP_SHARE)
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate * cosine(fraction, self.step, 300)
        with self.half(), sdpa_kernel([SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]):
            loss = self.weigh(self.loss_of(self.model, codes, captions, weights, CAPTION_DROPOUT))
        self.optimizer.zero_grad()
        loss.backward()
        self.crew.average([p.grad for p in self.model.parameters() if p.grad is not None])
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.average.update(self.step)
        self.step += 1


def train(run: Trainer, batch: int, keep_every: float, leave: Budget) -> None:
    """Train until the run's budget is spent, or until `leave` is: then the run can be resumed.

    Clocks differ between processes, so that all go by rank 0's, for the learning rate too. They wait for its reading
    every STRIDE steps only, since a process that waits cannot prepare its GPU's next work. While rank 0 looks or keeps,
    the others wait at the next all-reduce.
    """
    fraction, left = run.crew.agree(run.budget.fraction, leave.fraction)
    next_look, last_keep = fraction + 0.02, run.budget.spent
    while max(fraction, left) < 1:
        for _ in range(STRIDE):
            run.train_step(batch, fraction)
        if fraction >= next_look:
            run.look()
            next_look = fraction + 0.1
        if run.crew.leads and run.budget.spent >= last_keep + keep_every:
            run.keep()
            last_keep = run.budget.spent
        fraction, left = run.crew.agree(run.budget.fraction, leave.fraction)
    run.look()
    if run.crew.leads:
        run.keep()
        if fraction >= 1:
            (run.state / DONE).touch()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("state", type=Path)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--batch", type=int, default=192, help="clips per step and process")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--init", type=Path, help="an exported checkpoint to start from, of the same codec and size")
    parser.add_argument("--layers", type=int, default=Size.layers)
    parser.add_argument("--hidden", type=int, default=Size.hidden)
    parser.add_argument(
        "--least-clips", type=int, default=20_000, help="refuse to train on fewer: they are learned by heart"
    )
    parser.add_argument("--keep-every", type=float, default=60.0, help="seconds between checkpoints")
    parser.add_argument(
        "--leave-after", type=float, default=math.inf, help="seconds after which to keep all and stop, to go on later"
    )
    options = parser.parse_args()
    leave, crew = Budget(options.leave_after), find_crew()
    if crew.leads:
        start_log(options.state, "lm")
        (options.state / DONE).unlink(missing_ok=True)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    corpus = load_corpus(options.state, crew.device)
    if len(corpus) < options.least_clips:
        parser.error(
            f"{len(corpus)} clips in {options.state}, at least {options.least_clips} wanted; run training.tokens"
        )
    filters = load(options.state / "codec.pt", torch.device("cpu"))["filters"]
    size = Size(layers=options.layers, hidden=options.hidden, filters=filters)
    with crew.meeting():
        run = Trainer(options.state, corpus, size, 60 * options.minutes, options.rate, options.init, crew)
        parameters = sum(p.numel() for p in run.model.parameters()) / 1e6
        LOG.info("%d clips, %.2f M parameters, %d processes", len(corpus), parameters, crew.size)
        train(run, options.batch, options.keep_every, leave)


if __name__ == "__main__":
    main()
