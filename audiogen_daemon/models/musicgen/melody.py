"""A melody to follow: its pitch classes, projected, stand before the text and the tokens.

Source: Copet et al. 2023, arXiv:2306.05284, section 2.3; transformers' modeling_musicgen_melody.
"""

from dataclasses import dataclass

import mlx.core as mx
import numpy as np

from audiogen_daemon.models.layers.linear import Dense
from audiogen_daemon.models.musicgen.chroma import PITCH_CLASSES, chroma
from audiogen_daemon.models.musicgen.heard import mono
from audiogen_daemon.models.musicgen.prefix import Prefix, in_front
from audiogen_daemon.models.pipeline import PCM, Request

SHORTEST_SECONDS = 0.5
HEARD_SECONDS = 30
"""What of a melody is read; a shorter one is repeated."""


@dataclass(frozen=True)
class Melody:
    """Makes a request's prefix. projection: from pitch classes to the decoder. frames: of the prefix, 235 for 30 s."""

    projection: Dense
    frames: int
    sample_rate: int

    def __call__(self, request: Request, text: mx.array | None) -> Prefix:
        """What stands before the tokens; see `Ahead`."""
        none = self.project(self._repeated(np.eye(1, PITCH_CLASSES, dtype=np.float32)))
        if request.melody is None:
            return in_front(none, none, text, request.sampling.guidance, same=True)
        return in_front(self.project(self.pitches(request.melody)), none, text, request.sampling.guidance, same=False)

    def check(self, request: Request) -> None:
        """Raises ValueError for a melody that cannot be followed, and for a style."""
        if request.style is not None:
            raise ValueError("style is given, but this model follows a melody; musicgen-style follows a style")
        if request.melody is not None:
            mono("melody", request.melody, self.sample_rate, SHORTEST_SECONDS)

    def pitches(self, melody: PCM) -> np.ndarray:
        """One-hot pitch classes (frames, 12) of (samples, 1 or 2) at the model's rate, repeated or cut to length."""
        samples = mono("melody", melody, self.sample_rate, SHORTEST_SECONDS)
        return self._repeated(chroma(samples[: HEARD_SECONDS * self.sample_rate], self.sample_rate))

    def project(self, pitches: np.ndarray) -> mx.array:
        """(1, frames, C) in the decoder's dtype."""
        return self.projection(mx.array(pitches).astype(self.projection.right.dtype))[None]

    def _repeated(self, pitches: np.ndarray) -> np.ndarray:
        return np.resize(pitches, (self.frames, PITCH_CLASSES))
