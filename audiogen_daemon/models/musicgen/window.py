"""Sequences longer than a model's positions: when those run out, it reads the last seconds again from position 0.

One pass reads what is kept into second caches, which then take the place of the first. Columns go on as they were
drawn, so that no frame is lost or made twice; only what the model looks back on becomes shorter.

Source: audiocraft's extension by windows (`MusicGen._generate_tokens`), which keeps 12 of 30 s.
"""

from dataclasses import dataclass

import numpy as np

from audiogen_daemon.models.musicgen.delay import Tokens


@dataclass(frozen=True)
class Window:
    """What is read again.

    positions: columns that the model was trained on, the starting column counted. kept: frames that are read again at
    most. delays: of the codebooks. special: the token of the starting column and of places without a frame. primer:
    frames at the start of the sequence that begin every window, such as a count-in. bar: of what follows the primer,
    only multiples of so many frames are left out, so that the kept frames are in time with the primer; at most half of
    what is kept. clicks: (frames, K), what later windows begin with in place of the primer's first frames, such as a
    count-in that does not play the first prompt's key once more.
    """

    positions: int
    kept: int
    delays: tuple[int, ...]
    special: int
    primer: int = 0
    bar: int = 1
    clicks: Tokens | None = None

    def again(self, columns: Tokens) -> Tokens:
        """The columns of a new window: (columns, takes, K) as drawn so far in this one to fewer of them, or all.

        Frames that are not complete go on where they are.
        """
        begun = len(columns) - 1
        left_out = max(0, -(-(begun - self.primer - self.kept) // self.bar) * self.bar)
        fresh = np.full((len(columns) - left_out, *columns.shape[1:]), self.special, columns.dtype)
        for k, wait in enumerate(self.delays):
            frames = columns[1 + wait :, :, k]
            fresh[1 + wait :, :, k] = np.delete(frames, slice(self.primer, self.primer + left_out), axis=0)
            if self.clicks is not None:
                fresh[1 + wait : 1 + wait + len(self.clicks), :, k] = self.clicks[:, None, k]
        return fresh
