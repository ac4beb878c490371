"""A count-in: clicks before the first bar, for models that take their tempo from what they hear, not from a word.

A checkpoint declares it as "audiogen": {"count_in": {...}, "default_bpm": ..., "genre_bpm": {...}} in config.json.
The clicks, with a cadence under them where the model knows one and the prompt names its key, are encoded, read by the
model in one pass as an audio prompt, and dropped from the take. The last frames are held back, because a codec frame
near the end of the clicks does not yet hear the music that follows.
"""

import re
from dataclasses import dataclass

import numpy as np

from audiogen_daemon.models.keys import Key
from audiogen_daemon.models.musicgen.cadence import Cadence
from audiogen_daemon.models.pipeline import PCM
from audiogen_daemon.models.reading import CheckpointError, Reader

DEFAULT_BPM = 120.0
OCTAVE_MARGIN = 1.03
"""How far outside the grid a tempo may lie before it is halved or doubled into it."""

STATED = re.compile(
    r"(?<![\d.])(\d{2,3}(?:\.\d+)?)\s*-?(?:bpm|beats per minute)\b|\b(?:bpm|tempo)\s*:?\s*(\d{2,3}(?:\.\d+)?)(?![\d.])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class CountIn:
    """What the model was trained to hear first.

    frames_per_beat: the tempi it knows. genre_bpm: (phrase, tempo), the longest phrase first.
    level: peak of a click. hop, sample_rate: of the codec. cadence: None for clicks alone.
    """

    beats: int
    frames_per_beat: tuple[int, ...]
    held_back_frames: int
    frequencies_hz: tuple[float, ...]
    decay_seconds: float
    level: float
    hop: int
    sample_rate: int
    default_bpm: float = DEFAULT_BPM
    genre_bpm: tuple[tuple[str, float], ...] = ()
    cadence: Cadence | None = None

    @classmethod
    def read(cls, declared: Reader, hop: int, sample_rate: int) -> "CountIn":
        """From the audiogen object of a config.json.

        Raises:
            CheckpointError: a value is missing or makes no sense.
        """
        read = declared.section("count_in")
        grid = read.numbers("frames_per_beat")
        beats, held_back = read.count("beats"), read.count("held_back_frames")
        frequencies = read.numbers("frequencies_hz")
        if any(int(frames) != frames for frames in grid) or min(grid) * beats <= held_back:
            raise CheckpointError(
                f"{read.place}: frames_per_beat is {list(grid)}, wanted whole numbers of which {beats} beats are longer"
                f" than the {held_back} frames held back"
            )
        return cls(
            beats=beats,
            frames_per_beat=tuple(int(frames) for frames in grid),
            held_back_frames=held_back,
            frequencies_hz=frequencies[:beats],
            decay_seconds=read.number("decay_seconds", 0.02),
            level=read.number("level", 0.5),
            hop=hop,
            sample_rate=sample_rate,
            default_bpm=declared.number("default_bpm", DEFAULT_BPM),
            genre_bpm=_tempi(declared),
            cadence=Cadence.read(read.section("cadence"), 2 * beats) if "cadence" in read.values else None,
        )

    def beat_frames(self, tempo: float | None, prompt: str) -> int:
        """Frames per beat of the tempo that is asked for, else that the prompt names, else that its genre has."""
        words = prompt.lower()
        genre = next((bpm for phrase, bpm in self.genre_bpm if phrase in words), self.default_bpm)
        return self.nearest(tempo or stated_bpm(prompt) or genre)

    def bpm(self, frames_per_beat: int) -> float:
        """The tempo of a beat of so many frames."""
        return 60.0 * self.sample_rate / self.hop / frames_per_beat

    def nearest(self, bpm: float) -> int:
        """Frames per beat of the nearest tempo by ratio; tempi outside the grid are halved or doubled into it first."""
        lowest, highest = self.bpm(max(self.frames_per_beat)), self.bpm(min(self.frames_per_beat))
        while bpm < lowest / OCTAVE_MARGIN and bpm * 2 <= highest * OCTAVE_MARGIN:
            bpm *= 2
        while bpm > highest * OCTAVE_MARGIN and bpm / 2 >= lowest / OCTAVE_MARGIN:
            bpm /= 2
        return min(self.frames_per_beat, key=lambda frames: abs(np.log(self.bpm(frames) / bpm)))

    def playable(self, key: Key | None) -> Key | None:
        """The key, if the model's cadence has its mode."""
        return key if key is not None and self.cadence is not None and key.mode in self.cadence.chords else None

    def click(self, frames_per_beat: int, key: Key | None = None) -> PCM:
        """(beats * frames_per_beat * hop, 1): on each beat a sine that decays, and rings on under the next ones.

        key: of the cadence under them; None, or one that is not `playable`, leaves the clicks alone.
        """
        beat = frames_per_beat * self.hop
        sound = np.zeros(self.beats * beat)
        for index, hertz in enumerate(self.frequencies_hz):
            seconds = np.arange(len(sound) - index * beat) / self.sample_rate
            ring = np.sin(2 * np.pi * hertz * seconds) * np.exp(-seconds / self.decay_seconds)
            sound[index * beat :] += self.level * ring
        key = self.playable(key)
        if self.cadence is not None and key is not None:
            chords = self.cadence.sound(key, frames_per_beat // 2 * self.hop, self.sample_rate)
            sound[: len(chords)] += chords
        return sound.astype(np.float32)[:, None]


def stated_bpm(prompt: str) -> float | None:
    """The first tempo that a prompt names ("90 bpm", "tempo 90"), or None."""
    found = STATED.search(prompt)
    if found is None:
        return None
    return float(found.group(1) or found.group(2)) or None


def _tempi(read: Reader) -> tuple[tuple[str, float], ...]:
    tempi = read.values.get("genre_bpm") or {}
    if not isinstance(tempi, dict) or not all(type(v) in (int, float) and v > 0 for v in tempi.values()):
        raise CheckpointError(f"{read.place}: genre_bpm is {tempi!r}, wanted an object of tempi above 0")
    pairs = [(str(phrase).lower(), float(bpm)) for phrase, bpm in tempi.items()]
    return tuple(sorted(pairs, key=lambda pair: -len(pair[0])))
