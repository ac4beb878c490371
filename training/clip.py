"""What one training clip is: its rates, its tempo grid and the attributes that its caption may name."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

from audiogen_daemon.models.keys import Key

SAMPLE_RATE = 32_000
HOP = 640
FRAME_RATE = SAMPLE_RATE // HOP
CLIP_FRAMES = 600
CLIP_SAMPLES = CLIP_FRAMES * HOP
COUNT_IN_BEATS = 2
HELD_BACK_FRAMES = 3

EIGHTHS = tuple(range(8, 26))
"""Frames per eighth note on the tempo grid: 1500 / n beats per minute, 60 to 187.5."""

INSTRUMENTS = (
    "drums",
    "bass",
    "walking bass",
    "pad",
    "keys",
    "pluck",
    "arp",
    "lead",
    "bell",
    "strings",
    "organ",
    "full",
)
VARIANTS: dict[str, tuple[str, ...]] = {
    "drums": ("acoustic", "electronic", "808"),
    "bass": ("synth", "sub", "acid", "electric", "reese"),
    "walking bass": ("upright",),
    "pad": ("warm", "glass", "choir"),
    "keys": ("rhodes", "wurlitzer", "piano", "clav"),
    "pluck": ("synth", "guitar", "marimba"),
    "arp": ("saw", "square", "pluck"),
    "lead": ("saw", "square", "soft"),
    "bell": ("fm", "music box", "vibraphone"),
    "strings": ("ensemble", "cello"),
    "organ": ("hammond", "church"),
    "full": ("",),
}
MOODS = ("", "", "dark", "bright", "warm", "dreamy", "punchy", "clean")
DENSITIES = ("sparse", "", "busy")
GENRE_TEMPI: dict[str, tuple[int, int]] = {
    "techno": (122, 140),
    "house": (116, 128),
    "hip hop": (80, 100),
    "trap": (130, 160),
    "drum and bass": (165, 178),
    "rock": (100, 150),
    "funk": (95, 118),
    "lo-fi": (70, 90),
    "disco": (110, 126),
    "ambient": (60, 90),
    "synthwave": (90, 118),
    "reggae": (66, 84),
    "jazz": (110, 170),
    "breakbeat": (120, 140),
    "pop": (96, 124),
}
GENRES = tuple(GENRE_TEMPI)
MODES = ("major", "minor", "dorian")
TUNED, TUNED_DRUMS = 0.6, 0.3
"""How many clips begin with a count-in that plays their key; drums are to learn that it does not concern them."""
GENRE_MODES: dict[str, tuple[str, ...]] = {
    "funk": ("minor", "dorian", "dorian", "major"),
    "lo-fi": ("minor", "major", "dorian"),
    "house": ("minor", "minor", "dorian", "major"),
    "jazz": ("major", "dorian", "minor"),
}


@dataclass(frozen=True)
class Spec:
    """The attributes of one clip; everything that its caption says is true of its audio.

    `eighth` is in frames, `root` is a pitch class (0 = C), `density` is 0, 1 or 2. In a `tuned` clip the count-in plays
    the key.
    """

    instrument: str
    variant: str
    genre: str
    eighth: int
    root: int
    mode: str
    density: int
    mood: str
    tuned: bool = False

    @property
    def key(self) -> Key:
        return Key(self.root, self.mode)

    @property
    def count_in_key(self) -> Key | None:
        """The key that the count-in plays, None for clicks alone."""
        return self.key if self.tuned else None

    @property
    def bpm(self) -> float:
        return 30.0 * FRAME_RATE / self.eighth

    @property
    def beat_frames(self) -> int:
        return 2 * self.eighth

    @property
    def count_in_frames(self) -> int:
        return COUNT_IN_BEATS * self.beat_frames


def nearest_eighth(bpm: float) -> int:
    """Return the frames per eighth whose tempo is nearest to `bpm` by ratio, halving or doubling outside the grid."""
    lowest, highest = 1500 / EIGHTHS[-1], 1500 / EIGHTHS[0]
    while bpm < lowest * 0.97:
        bpm *= 2
    while bpm > highest * 1.03:
        bpm /= 2
    return min(EIGHTHS, key=lambda n: max(bpm * n / 1500, 1500 / (bpm * n)))


def draw_spec(rng: random.Random, instrument: str | None = None) -> Spec:
    """Draw one clip's attributes; 60 % of tempi are typical of the genre, the rest anywhere on the grid."""
    genre = rng.choice(GENRES)
    instrument = instrument or rng.choice(INSTRUMENTS)
    if instrument == "walking bass" and rng.random() < 0.5:
        genre = "jazz"
    low, high = GENRE_TEMPI[genre]
    eighth = nearest_eighth(rng.uniform(low, high)) if rng.random() < 0.6 else rng.choice(EIGHTHS)
    return Spec(
        instrument=instrument,
        variant=rng.choice(VARIANTS[instrument]),
        genre=genre,
        eighth=eighth,
        root=rng.randrange(12),
        mode=rng.choice(GENRE_MODES.get(genre, ("minor", "major"))),
        density=rng.randrange(3),
        mood=rng.choice(MOODS),
    )


def draw_tuned(spec: Spec, rng: random.Random) -> Spec:
    """Return a clip whose count-in plays its key or not. Drawn apart, so that all else stays as it was for a seed."""
    return replace(spec, tuned=rng.random() < (TUNED_DRUMS if spec.instrument == "drums" else TUNED))
