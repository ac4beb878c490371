"""The count-in that every training clip begins with, and its declaration in the checkpoint's config.json.

The declaration is all that a player needs: from its numbers alone `count_in_click` makes the very samples that the
model was trained on. Clicks give the tempo. Under them, where a key is known, a quiet cadence gives the key: one triad
per eighth note, which together hold all notes of its scale.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from audiogen_daemon.models.keys import Key
from training.clip import COUNT_IN_BEATS, EIGHTHS, FRAME_RATE, HELD_BACK_FRAMES, HOP, SAMPLE_RATE

Samples = npt.NDArray[np.float32]
CHORDS = {
    "major": ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)),
    "minor": ((0, 3, 7), (5, 8, 12), (7, 10, 14), (0, 3, 7)),
    "dorian": ((0, 3, 7), (5, 9, 12), (7, 10, 14), (0, 3, 7)),
}
"""I, IV, V, I of each mode, in semitones above its root."""


@dataclass(frozen=True)
class Cadence:
    """How a key sounds: by mode a triad per eighth note; `level` is above the peak of a triad."""

    chords: dict[str, tuple[tuple[int, ...], ...]] = field(default_factory=lambda: dict(CHORDS))
    lowest_root_hz: float = 261.6256
    partials: tuple[float, ...] = (1.0, 0.2)
    attack_seconds: float = 0.005
    level: float = 0.35


@dataclass(frozen=True)
class CountIn:
    """Clicks on the beats before the first bar line: decaying sines, the first one higher; a cadence under them."""

    beats: int = COUNT_IN_BEATS
    frames_per_beat: tuple[int, ...] = tuple(2 * n for n in EIGHTHS)
    held_back_frames: int = HELD_BACK_FRAMES
    frequencies_hz: tuple[float, ...] = (1600.0, 1200.0)
    decay_seconds: float = 0.02
    level: float = 0.35
    cadence: Cadence = field(default_factory=Cadence)

    def click(self, frames_per_beat: int, key: Key | None = None) -> Samples:
        """Return the count-in at one tempo, in one key if any: (beats * frames_per_beat * HOP,) samples."""
        return count_in_click(self.declaration(), frames_per_beat, key)

    def declaration(self) -> dict[str, Any]:
        return {**asdict(self), "hop": HOP, "sample_rate": SAMPLE_RATE, "frame_rate": FRAME_RATE}


def count_in_click(declaration: dict[str, Any], frames_per_beat: int, key: Key | None = None) -> Samples:
    """Return the count-in that a model declares: (beats * frames_per_beat * hop,) float32 samples.

    Beat k begins at sample k * frames_per_beat * hop; from there on it adds
    level * sin(2 pi f_k t) * exp(-t / decay_seconds), with t in seconds from the beat. With a key of a mode that the
    declared cadence has, `_cadence` is added.
    """
    rate, beat = declaration["sample_rate"], frames_per_beat * declaration["hop"]
    click = np.zeros(declaration["beats"] * beat)
    for k, hertz in enumerate(declaration["frequencies_hz"]):
        t = np.arange(len(click) - k * beat) / rate
        click[k * beat :] += (
            declaration["level"] * np.sin(2 * np.pi * hertz * t) * np.exp(-t / declaration["decay_seconds"])
        )
    cadence = declaration.get("cadence")
    if key is not None and cadence is not None and key.mode in cadence["chords"]:
        chords = _cadence(cadence, frames_per_beat // 2 * declaration["hop"], rate, key)
        click[: len(chords)] += chords
    return click.astype(np.float32)


def _cadence(cadence: dict[str, Any], eighth: int, rate: int, key: Key) -> npt.NDArray[np.float64]:
    """Return a declared cadence whose chords take `eighth` samples each: (chords * eighth,) samples.

    A chord is the mean of its notes, a note the mean of its sines weighed by partials: sine h has h times the note's
    frequency, which is lowest_root_hz * 2^((root + semitones) / 12). All of it is multiplied by
    level * min(1, t / attack_seconds) * (1 - t / T)^2, with t in seconds from its eighth, which lasts T seconds.
    """
    t = np.arange(eighth) / rate
    envelope = cadence["level"] * np.minimum(1.0, t / cadence["attack_seconds"]) * (1 - t * rate / eighth) ** 2
    parts = []
    for chord in cadence["chords"][key.mode]:
        sound = np.zeros(eighth)
        for semitones in chord:
            hertz = cadence["lowest_root_hz"] * 2 ** ((key.root + semitones) / 12)
            for h, weight in enumerate(cadence["partials"], 1):
                sound += weight * np.sin(2 * np.pi * h * hertz * t)
        parts.append(envelope * sound / (len(chord) * sum(cadence["partials"])))
    return np.concatenate(parts)
