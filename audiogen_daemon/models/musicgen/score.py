"""What is to be played, and who plays it: a laid-out sequence in, drawn columns out."""

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from audiogen_daemon.models.musicgen.conditions import Conditions
from audiogen_daemon.models.musicgen.delay import UNKNOWN, Tokens
from audiogen_daemon.models.musicgen.window import Window


@dataclass(frozen=True)
class Score:
    """A sequence and how its gaps are filled.

    grid: (columns, K), known tokens and UNKNOWN. seeds: one per take. conditions: of the first step. window: None where
    the grid is no longer than the model's positions. endless: after the grid come columns of unknown tokens for ever.
    """

    grid: Tokens
    seeds: tuple[int, ...]
    conditions: Conditions
    window: Window | None = None
    endless: bool = False

    @property
    def first(self) -> int:
        """The first column with a token to draw; the ones before are read in one pass."""
        return int(np.argmax((self.grid == UNKNOWN).any(axis=1)))

    @property
    def opening(self) -> Tokens:
        """(first, takes, K): the columns before it, which all takes share."""
        known = self.grid[: self.first, None]
        return np.broadcast_to(known, (known.shape[0], len(self.seeds), known.shape[2]))

    def known(self, column: int, count: int = 1) -> Tokens:
        """(count, K): what is known of so many columns; what lies behind the end is UNKNOWN."""
        rows = self.grid[column : column + count]
        return np.pad(rows, [(0, count - len(rows)), (0, 0)], constant_values=UNKNOWN)

    @property
    def end(self) -> float:
        """Columns in all; infinite for those without end."""
        return math.inf if self.endless else len(self.grid)

    @property
    def limit(self) -> float:
        """Columns after which the model reads again; infinite where it need not."""
        return math.inf if self.window is None else self.window.positions


class Player(Protocol):
    """A way to draw a score's columns."""

    def __call__(self, score: Score) -> Generator[Tokens, Conditions | None, None]:
        """Yield (columns, takes, K), the next columns as soon as they are known, from the first unknown one on.

        Other conditions may be sent; they hold from the first column on that is not being drawn yet. Closing the
        generator stops the work within one of its items.
        """
        ...


class Reading:
    """The columns of the present window, from which a model may have to read again."""

    def __init__(self, score: Score) -> None:
        self._window = score.window
        self._columns = [score.opening]
        self.length = score.first

    def add(self, columns: Tokens) -> None:
        """Append (columns, takes, K)."""
        self._columns.append(columns)
        self.length += len(columns)

    def again(self) -> Tokens:
        """Begin a new window: what is to be read first, (columns, takes, K)."""
        columns = np.concatenate(self._columns)
        if self._window is not None:
            columns = self._window.again(columns)
        self._columns, self.length = [columns], len(columns)
        return columns
