"""A cadence under a count-in: the key of a take as something to hear, one chord for each eighth note.

A checkpoint declares it within its count-in as "cadence": {"chords": {"major": [[0, 4, 7], ...], ...}, ...}.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audiogen_daemon.models.keys import Key
from audiogen_daemon.models.reading import CheckpointError, Reader

Chords = tuple[tuple[int, ...], ...]
HIGHEST_STEP = 24
"""Semitones above the root that a note of a chord may lie at most."""


@dataclass(frozen=True)
class Cadence:
    """What the model was trained to hear of a key.

    chords: by mode, each in semitones above the root. lowest_root_hz: of the root C; the other roots lie above it.
    partials: amplitudes of a note's harmonics. level: above the peak of a chord.
    """

    chords: Mapping[str, Chords]
    lowest_root_hz: float
    partials: tuple[float, ...]
    attack_seconds: float
    level: float

    @classmethod
    def read(cls, read: Reader, most: int) -> "Cadence":
        """From the cadence of a count-in that has room for `most` chords.

        Raises:
            CheckpointError: a value is missing or makes no sense.
        """
        chords = read.section("chords").values
        for mode, found in chords.items():
            if not _are_chords(found, most):
                raise CheckpointError(
                    f"{read.place}: chords of {mode} are {found!r}, wanted 1 to {most} lists of whole numbers from 0 to"
                    f" {HIGHEST_STEP}"
                )
        level = read.above_zero("level")
        if level > 1:
            raise CheckpointError(f"{read.place}: level is {level!r}, wanted a number above 0 and at most 1")
        return cls(
            chords={mode: tuple(map(tuple, found)) for mode, found in chords.items()},
            lowest_root_hz=read.above_zero("lowest_root_hz"),
            partials=read.numbers("partials"),
            attack_seconds=read.above_zero("attack_seconds"),
            level=level,
        )

    def sound(self, key: Key, eighth: int, sample_rate: int) -> npt.NDArray[np.float64]:
        """(chords * eighth,) samples, every chord silent at its end.

        Raises:
            KeyError: the key's mode is not declared.
        """
        time = np.arange(eighth) / sample_rate
        fade = (1 - time * sample_rate / eighth) ** 2
        envelope = self.level * np.minimum(1.0, time / self.attack_seconds) * fade
        parts = []
        for chord in self.chords[key.mode]:
            ring = np.zeros(eighth)
            for step in chord:
                hertz = self.lowest_root_hz * 2 ** ((key.root + step) / 12)
                for harmonic, weight in enumerate(self.partials, 1):
                    ring += weight * np.sin(2 * np.pi * harmonic * hertz * time)
            parts.append(envelope * ring / (len(chord) * sum(self.partials)))
        return np.concatenate(parts)


def _are_chords(found: object, most: int) -> bool:
    return (
        isinstance(found, list)
        and 1 <= len(found) <= most
        and all(isinstance(chord, list) and chord for chord in found)
        and all(type(step) is int and 0 <= step <= HIGHEST_STEP for chord in found for step in chord)
    )
