"""What stands before the tokens in models without cross-attention: what is followed, then the text.

As in audiocraft, a row without a text has zeros of the same length, and a take without a text one piece of zeros.
"""

from typing import NamedTuple, Protocol

import mlx.core as mx

from audiogen_daemon.models.pipeline import Request


class Prefix(NamedTuple):
    """rows: (ways, P, C), one per way of guidance: see `Score`. beta: what the text counts, with three ways."""

    rows: mx.array
    beta: float = 1.0


class Ahead(Protocol):
    """A family's way from a request to its prefix."""

    def __call__(self, request: Request, text: mx.array | None) -> Prefix:
        """The prefix of a checked request.

        Args:
            text: (1, pieces, C), behind the projection, or None.
        """
        ...

    def check(self, request: Request) -> None:
        """Refuse sound that cannot be followed.

        Raises:
            ValueError: names value, range and cure.
        """
        ...


def in_front(followed: mx.array, none: mx.array, text: mx.array | None, guidance: float, same: bool) -> Prefix:
    """A prefix with simple guidance.

    Args:
        followed: (1, F, C), what the take follows. none: (1, F, C), what stands there for a row that follows nothing.
        same: whether both are equal, so that without a text guidance has nothing to compare.
    """
    wordless = mx.zeros((1, 1, none.shape[2]), none.dtype) if text is None else mx.zeros_like(text)
    row = mx.concatenate([followed, wordless if text is None else text], axis=1)
    if guidance == 1.0 or (same and text is None):
        return Prefix(row)
    return Prefix(mx.concatenate([row, mx.concatenate([none, wordless], axis=1)]))
