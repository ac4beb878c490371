"""The count-in that every training clip begins with, and its declaration in the checkpoint's config.json.

The declaration is all that a player needs: from its numbers alone `count_in_click` makes the very samples that the
model was trained on.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from training.clip import COUNT_IN_BEATS, EIGHTHS, FRAME_RATE, HELD_BACK_FRAMES, HOP, SAMPLE_RATE


@dataclass(frozen=True)
class CountIn:
    """Clicks on the beats before the first bar line: decaying sines, the first one higher."""

    beats: int = COUNT_IN_BEATS
    frames_per_beat: tuple[int, ...] = tuple(2 * n for n in EIGHTHS)
    held_back_frames: int = HELD_BACK_FRAMES
    frequencies_hz: tuple[float, ...] = (1600.0, 1200.0)
    decay_seconds: float = 0.02
    level: float = 0.35

    def click(self, frames_per_beat: int) -> npt.NDArray[np.float32]:
        """Return the count-in at one tempo: (beats * frames_per_beat * HOP,) samples."""
        return count_in_click(self.declaration(), frames_per_beat)

    def declaration(self) -> dict[str, Any]:
        return {**asdict(self), "hop": HOP, "sample_rate": SAMPLE_RATE, "frame_rate": FRAME_RATE}


def count_in_click(declaration: dict[str, Any], frames_per_beat: int) -> npt.NDArray[np.float32]:
    """Return the count-in that a model declares: (beats * frames_per_beat * hop,) float32 samples.

    Beat k begins at sample k * frames_per_beat * hop; from there on it adds
    level * sin(2 pi f_k t) * exp(-t / decay_seconds), with t in seconds from the beat.
    """
    rate, beat = declaration["sample_rate"], frames_per_beat * declaration["hop"]
    click = np.zeros(declaration["beats"] * beat)
    for k, hertz in enumerate(declaration["frequencies_hz"]):
        t = np.arange(len(click) - k * beat) / rate
        click[k * beat :] += (
            declaration["level"] * np.sin(2 * np.pi * hertz * t) * np.exp(-t / declaration["decay_seconds"])
        )
    return click.astype(np.float32)
