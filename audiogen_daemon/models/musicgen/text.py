"""Cross-attention to a text that stays the same for a whole take: its share of the work is done once per take.

Rows without a text come last in a batch and get exactly nothing from it, as in transformers and audiocraft, whose
unconditional rows see zeros behind the projection.
"""

from dataclasses import dataclass
from typing import Protocol

import mlx.core as mx

from audiogen_daemon.models.layers import cuda
from audiogen_daemon.models.layers.attention import attend, by_head
from audiogen_daemon.models.layers.centred import Normalization
from audiogen_daemon.models.layers.linear import Dense, Linear
from audiogen_daemon.models.layers.products import behind, onto


@dataclass(frozen=True)
class Cross:
    """One layer's weights of the cross-attention; k and v as one matrix."""

    norm: Normalization
    query: Linear
    kv: Linear
    out: Linear


class LayerText(Protocol):
    """One layer's view of the text."""

    def add(self, x: mx.array) -> mx.array:
        """x (B, T, C) plus what attention to the text gives."""
        ...


@dataclass(frozen=True)
class TextKeys:
    """Keys and values of the text, (B, heads, pieces, head_dim); zeros in rows without a text give zeros exactly.

    mask: (B, 1, 1, pieces) bool, False for padding; None when no row is padded.
    """

    cross: Cross
    keys: mx.array
    values: mx.array
    mask: mx.array | None

    def add(self, x: mx.array) -> mx.array:
        """See `LayerText`."""
        _, heads, _, head_dim = self.keys.shape
        q = behind(self.cross.norm, self.cross.query, x)
        if cuda.attends(q, head_dim):
            y = cuda.attend_text(q, self.keys, self.values, self.mask)
        else:
            y = attend(by_head(q, heads), self.keys, self.values, self.mask)
        return onto(x, self.cross.out, y)


@dataclass(frozen=True)
class FoldedText:
    """The text multiplied into the query and output weights: two small products replace two large ones.

    Scores are x Wqᵀ Kᵀ = x (K Wq)ᵀ and the output is softmax(scores) (V Woᵀ), per head; exact up to rounding, and
    less work while heads * pieces < C. All rows with a text share it, without padding.

    keys: C to heads * pieces, the scale included. values: (heads * pieces, C). rows: how many have the text.
    """

    norm: Normalization
    keys: Dense
    values: mx.array
    heads: int
    rows: int

    def add(self, x: mx.array) -> mx.array:
        """See `LayerText`."""
        B, T, _ = x.shape
        scores = self.keys(self.norm(x[: self.rows]))
        weights = mx.softmax(scores.reshape(self.rows, T, self.heads, -1), axis=-1).reshape(scores.shape)
        with_text = mx.addmm(x[: self.rows], weights, self.values)
        return with_text if self.rows == B else mx.concatenate([with_text, x[self.rows :]])


@dataclass(frozen=True)
class FoldedTexts:
    """Several texts, each with its own rows; rows without a text follow."""

    texts: tuple[FoldedText, ...]

    def add(self, x: mx.array) -> mx.array:
        """See `LayerText`."""
        parts, row = [], 0
        for text in self.texts:
            parts.append(text.add(x[row : row + text.rows]))
            row += text.rows
        return mx.concatenate([*parts, x[row:]])


def text_keys(
    cross: Cross, text: mx.array, heads: int, silent_rows: int, lengths: mx.array | None, takes: int = 1
) -> TextKeys:
    """One layer's keys and values.

    Args:
        text: (B, pieces, C), behind the projection, zeros where padded.
        silent_rows: rows without a text that follow.
        lengths: (B,), real pieces of each row; None: no padding.
        takes: rows in a row that share each text; its keys and values are computed once.
    """
    B, pieces, C = text.shape
    both = cross.kv(text).reshape(B, pieces, 2, heads, C // heads).transpose(2, 0, 3, 1, 4)
    both = mx.repeat(both, takes, axis=1)
    both = mx.contiguous(mx.pad(both, [(0, 0), (0, silent_rows), (0, 0), (0, 0), (0, 0)]))
    mask = None
    if lengths is not None:
        filled = mx.concatenate([mx.repeat(lengths, takes), mx.full((silent_rows,), pieces, lengths.dtype)])
        mask = (mx.arange(pieces)[None, :] < filled[:, None])[:, None, None, :]
    return TextKeys(cross, both[0], both[1], mask)


def fold_text(cross: Cross, text: mx.array, heads: int, rows: int) -> FoldedText:
    """One layer's folded text.

    Args:
        text: (1, pieces, C), behind the projection; every one of the `rows` rows has it.
    """
    _, pieces, C = text.shape
    D = C // heads
    keys, values = cross.kv(text).reshape(pieces, 2, heads, D).transpose(1, 2, 0, 3)
    folded_keys = (keys @ cross.query.matrix().reshape(heads, D, C)) * D**-0.5
    bias = cross.query.bias if isinstance(cross.query, Dense) else None
    if bias is not None:
        bias = ((keys @ bias.reshape(heads, D, 1)) * D**-0.5).reshape(-1)
    folded_values = values @ cross.out.matrix().reshape(C, heads, D).transpose(1, 2, 0)
    products = Dense(folded_keys.reshape(-1, C).T, bias)
    return FoldedText(cross.norm, products, folded_values.reshape(-1, C), heads, rows)
