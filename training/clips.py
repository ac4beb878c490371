"""A seeded supply of clips: worker processes compose, the caller renders."""

from __future__ import annotations

import multiprocessing
import random
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from training.captions import caption
from training.clip import INSTRUMENTS, Spec, draw_spec, draw_tuned
from training.compose import compose
from training.render import EventTable, event_table
from training.tokenizer import build_tokenizer, caption_ids


@dataclass(frozen=True)
class Batch:
    """Composed clips that wait to be rendered, with the token ids of several paraphrases each."""

    seed: int
    specs: list[Spec]
    events: EventTable
    captions: npt.NDArray[np.int16]
    """(clips, paraphrases, CAPTION_TOKENS)"""


def compose_batch(job: tuple[int, int, int]) -> Batch:
    """Compose one batch from (seed, clips, paraphrases)."""
    seed, clips, paraphrases = job
    rng = random.Random(seed)
    specs = [draw_spec(rng, INSTRUMENTS[i % len(INSTRUMENTS)]) for i in range(clips)]
    events = [compose(spec, rng) for spec in specs]
    texts = [caption(spec, rng) for spec in specs for _ in range(paraphrases)]
    ids = caption_ids(build_tokenizer(), texts, np.random.default_rng(seed))
    specs = [draw_tuned(spec, rng) for spec in specs]
    return Batch(seed, specs, event_table(events, specs), ids.reshape(clips, paraphrases, -1))


def batches(seeds: Iterable[int], clips: int, paraphrases: int, workers: int) -> Iterator[Batch]:
    """Yield a batch for each seed, in their order; composed ahead by `workers` processes. The seeds may be endless."""
    jobs = ((seed, clips, paraphrases) for seed in seeds)
    if workers == 0:
        yield from map(compose_batch, jobs)
        return
    context = multiprocessing.get_context("spawn")
    with context.Pool(workers) as pool:
        ahead = deque(pool.apply_async(compose_batch, (job,)) for job in islice(jobs, 3 * workers))
        while ahead:
            batch = ahead.popleft().get()
            ahead.extend(pool.apply_async(compose_batch, (job,)) for job in islice(jobs, 1))
            yield batch
