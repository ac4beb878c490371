"""The loop over steps: known columns in one pass, then one drawn column at a time."""

import itertools
from collections.abc import Generator, Sequence

import mlx.core as mx
import numpy as np

from audiogen_daemon.models.backend import set_blas_threads
from audiogen_daemon.models.musicgen.cache import Caches, ExactSlots, grow, start_caches
from audiogen_daemon.models.musicgen.conditions import Conditions, combine
from audiogen_daemon.models.musicgen.delay import UNKNOWN, Tokens
from audiogen_daemon.models.musicgen.lm import Decoder
from audiogen_daemon.models.musicgen.score import Reading, Score
from audiogen_daemon.models.musicgen.text import FoldedTexts, LayerText, fold_text, text_keys
from audiogen_daemon.models.sampling import draw


def listen(decoder: Decoder, conditions: Conditions, takes: int, fold: bool) -> tuple[LayerText, ...]:
    """Every layer's view of the texts; empty without a text."""
    texts = conditions.texts
    if not texts:
        return ()
    heads, hidden = decoder.config.heads, decoder.config.hidden
    crosses = [layer.cross for layer in decoder.layers if layer.cross is not None]
    if fold and heads * sum(text.shape[1] for text in texts) < hidden:
        if len(texts) == 1:
            return tuple(fold_text(cross, texts[0], heads, takes) for cross in crosses)
        return tuple(FoldedTexts(tuple(fold_text(cross, text, heads, takes) for text in texts)) for cross in crosses)
    padded, lengths = pad_texts(texts, 1)
    silent = (conditions.rows - conditions.mixed) * takes
    return tuple(text_keys(cross, padded, heads, silent, lengths, takes) for cross in crosses)


def pad_texts(texts: Sequence[mx.array], multiple: int) -> tuple[mx.array, mx.array | None]:
    """Texts in one batch, (texts, pieces, C), padded to a multiple of pieces; their lengths, None without padding."""
    lengths = [text.shape[1] for text in texts]
    room = -(-max(lengths) // multiple) * multiple
    padded = mx.concatenate([mx.pad(text, [(0, 0), (0, room - text.shape[1]), (0, 0)]) for text in texts])
    return padded, None if set(lengths) == {room} and multiple == 1 else mx.array(lengths)


def read(
    decoder: Decoder, conditions: Conditions, columns: Tokens, text: Sequence[LayerText]
) -> tuple[mx.array, Caches]:
    """Read prefix and columns (T, takes, K) in one pass: logits (rows, K, V) of the next column, and new caches."""
    config = decoder.config
    T, takes, _ = columns.shape
    rows = conditions.rows * takes
    caches = start_caches(config.layers, rows, config.heads, config.head_dim, conditions.before + T + 1, decoder.dtype)
    x = mx.tile(decoder.embed(mx.array(columns.transpose(1, 0, 2))), (conditions.rows, 1, 1))
    if conditions.prefix is not None:
        x = mx.concatenate([mx.repeat(conditions.prefix, takes, axis=0), x], axis=1)
    return decoder.read(x, caches, ExactSlots(0), text)


class StepPlayer:
    """Column after column, each evaluated by itself, the past's length exact in every step.

    This suits backends where bytes decide and launching is cheap. fold: fold the text where that is less work.
    """

    def __init__(self, decoder: Decoder, fold: bool) -> None:
        self._decoder = decoder
        self._fold = fold

    def __call__(self, score: Score) -> Generator[Tokens, Conditions | None, None]:
        """See `Player`; one column at a time."""
        set_blas_threads(self._decoder.nbytes)
        now, reading, takes = score.conditions, Reading(score), len(score.seeds)
        seeds = mx.array(score.seeds, mx.uint32)
        text = listen(self._decoder, now, takes, self._fold)
        logits, caches = read(self._decoder, now, score.opening, text)
        for column in itertools.count(score.first):
            sampling = now.sampling
            logits = combine(logits, now.mixed, now.ways, now.weights, sampling.guidance, now.beta, now.least)
            drawn = draw(logits / sampling.temperature, sampling.top_k, sampling.top_p, seeds, column)
            known = mx.array(score.known(column))
            drawn = mx.where(known == UNKNOWN, drawn, known)
            tokens = np.array(drawn)[None]
            reading.add(tokens)
            before, now = now, (yield tokens) or now
            if column + 1 == score.end:
                return
            if not now.says_as(before):
                text = listen(self._decoder, now, takes, self._fold)
            if reading.length == score.limit or not now.fits(before):
                logits, caches = read(self._decoder, now, reading.again(), text)
                continue
            position = now.before + reading.length - 1
            caches = grow(caches, position + 1)
            step = mx.tile(drawn, (now.rows, 1))[:, None]
            logits, caches = self._decoder(step, caches, ExactSlots(position), text)
