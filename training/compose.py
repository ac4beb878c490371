"""Turn a clip's attributes into sound events: who plays which note when, with which timbre."""

from __future__ import annotations

import random
from collections import defaultdict

from training.clip import CLIP_FRAMES, FRAME_RATE, Spec
from training.grooves import draw_hits
from training.harmony import Harmony, draw_harmony, frequency
from training.melody import draw_phrase
from training.timbre import Patch, Patches, draw_patch, drum_kit

Row = list[float]
Events = dict[str, list[Row]]
"""Per voice, rows of (start s, gain, length s, *parameters)."""


class Score:
    """Collects the events of one clip; times are seconds from the first bar line."""

    def __init__(self, spec: Spec, rng: random.Random) -> None:
        self.spec = spec
        self.rng = rng
        self.sixteenth = spec.eighth / 2 / FRAME_RATE
        self.seconds = (CLIP_FRAMES - spec.count_in_frames) / FRAME_RATE
        self.bars = int(self.seconds / (16 * self.sixteenth)) + 1
        self.events: Events = defaultdict(list)

    def add(self, voice: str, start: float, gain: float, length: float, parameters: Row) -> None:
        if start < self.seconds - 0.01 and gain > 0.0:
            self.events[voice].append([start, gain, min(length, self.seconds - start), *parameters])

    def note(self, patch: Patch, note: float, sixteenth: float, sixteenths: float, gain: float) -> None:
        """Play one note of a patch from `sixteenth` for `sixteenths`."""
        duration = sixteenths * self.sixteenth
        for voice, layer_gain, length, parameters in patch.layers(frequency(note), duration, self.rng):
            self.add(voice, sixteenth * self.sixteenth, gain * layer_gain, length, parameters)


def _drums(score: Score, gain: float) -> None:
    spec = score.spec
    kit = drum_kit(spec, score.rng)
    for hit in draw_hits(spec.genre, spec.density, score.bars, score.rng):
        voice, piece_gain, length, parameters = kit[hit.piece]
        accent = 1.0 if hit.sixteenth % 4 else 1.1
        score.add(voice, hit.sixteenth * score.sixteenth, gain * piece_gain * hit.level * accent, length, parameters)


def _chord_sixteenths(spec: Spec) -> int:
    """Return how long a chord lasts: a bar of at most 1.7 s, or half of a longer one; all four are heard within 7 s."""
    return 16 if spec.bpm > 141 else 8


BASS_PATTERNS = {
    "techno": ("..x...x...x...x.", "..xx..xx..xx..xx", "x.xxx.xxx.xxx.xx"),
    "house": ("..x...x...x...x.", "x..x..x...x..x..", "x..x..x.x..x..xx"),
    "hip hop": ("x.......x.......", "x......x..x.....", "x..x...x..x...x."),
    "trap": ("x...............", "x.....x.........", "x.....x...x...x."),
    "drum and bass": ("x.......x.......", "x.....x...x.....", "x..x..x...x.x..x"),
    "rock": ("x.......x.......", "x.x.x.x.x.x.x.x.", "x.xxx.x.x.xxx.x."),
    "funk": ("x.....x...x.....", "x..x..x...x..x..", "x.xx..x.xx.x..x."),
    "reggae": ("x.....x.........", "x..x..x.....x...", "..x.x.x...x.x.x."),
    "ambient": ("x...............", "x.......x.......", "x...x...x...x..."),
    "disco": ("x...x...x...x...", "x.x.x.x.x.x.x.x.", "x.x.x.x.x.x.x.x."),
    "synthwave": ("x...x...x...x...", "x.x.x.x.x.x.x.x.", "xxxxxxxxxxxxxxxx"),
}
BASS_DEFAULT = ("x.......x.......", "x.....x.x.....x.", "x..x..x.x.x.x.x.")


def _bass(score: Score, harmony: Harmony, gain: float, patch: Patch) -> None:
    """Play the genre's pattern: the root of each chord, colours after it, and steps that lead to the next root."""
    spec, rng = score.spec, score.rng
    pattern = BASS_PATTERNS.get(spec.genre, BASS_DEFAULT)[spec.density]
    octaves = spec.genre in ("disco", "synthwave") and spec.density > 0
    colours = [rng.choice((0, 2, 4, 6)) for _ in range(16)]
    span = _chord_sixteenths(spec)
    hits = [step for step in range(16) if pattern[step] == "x" or (step == 14 and "x" not in pattern[12:])]
    for bar in range(score.bars):
        for order, step in enumerate(hits):
            position = 16 * bar + step
            index, place = divmod(position, span)
            degree, following = (harmony.chords[i % len(harmony.chords)] for i in (index, index + 1))
            gap = (hits[(order + 1) % len(hits)] - step) % 16 or 16
            first = order == 0 or hits[order - 1] // span < step // span
            if place + gap >= span and not first:
                move = following - degree + (-1 if following >= degree else 1)
            else:
                move = 0 if first or octaves else colours[step]
            note = harmony.note((degree + move) % 7, 36)
            if note > 48:
                note -= 12
            if octaves and order % 2:
                note += 12
            score.note(patch, note, position, min(gap, 8) * (0.9 if spec.density < 2 else 0.7), gain)


def _walking_bass(score: Score, harmony: Harmony, gain: float, patch: Patch) -> None:
    span = _chord_sixteenths(score.spec)
    for beat in range(4 * score.bars):
        index = 4 * beat // span
        degree = harmony.chords[index % len(harmony.chords)]
        following = harmony.chords[(index + 1) % len(harmony.chords)]
        place = beat % (span // 4)
        move = (0, 2, 4, following - degree + score.rng.choice((-1, 1)))[place if span == 16 else (0, 3)[place]]
        note = harmony.note(degree + move, 36)
        while note > 52:
            note -= 12
        score.note(patch, note, 4 * beat, 3.6, gain)
        if score.spec.density == 2 and beat % 4 == 3:
            score.note(patch, note, 4 * beat + 2.66, 1.2, gain * 0.6)


def _held_chords(score: Score, harmony: Harmony, gain: float, patch: Patch, lowest: int) -> None:
    span = _chord_sixteenths(score.spec)
    for index in range(16 * score.bars // span):
        for note in harmony.chord(index, lowest):
            score.note(patch, note, index * span, span * 0.97, gain)
        root = harmony.note(harmony.chords[index % len(harmony.chords)] % 7, lowest - 12)
        score.note(patch, root, index * span, span * 0.97, gain)


COMPING = {
    0: ("x...............", "x.......x......."),
    1: ("x.....x.........", "x..x......x.....", "x.......x.x.....", "..x...x...x...x."),
    2: ("x..x..x...x..x..", "x.x...x.x.x...x.", "x.x.x.x.x.x.x.x.", "..x..x.x..x..x.x"),
}


def _comping(score: Score, harmony: Harmony, gain: float, patch: Patch) -> None:
    spec = score.spec
    pattern = "..x...x...x...x." if spec.genre == "reggae" else score.rng.choice(COMPING[spec.density])
    span = _chord_sixteenths(spec)
    hits = [step for step in range(16) if pattern[step] == "x"]
    for bar in range(score.bars):
        for order, step in enumerate(hits):
            position = 16 * bar + step
            gap = ((hits[order + 1] if order + 1 < len(hits) else 16) - step) or 16
            for note in harmony.chord(position // span, 55):
                score.note(patch, note, position, gap * 0.9, gain)
            if order == 0 and spec.instrument != "full":
                degree = harmony.chords[(position // span) % len(harmony.chords)]
                score.note(patch, harmony.note(degree % 7, 43), position, gap * 0.9, gain)


def _arpeggio(score: Score, harmony: Harmony, gain: float, patch: Patch) -> None:
    spec, rng = score.spec, score.rng
    step = (4, 2, 1)[spec.density]
    order = rng.choice(((0, 1, 2, 3), (0, 2, 1, 3), (3, 2, 1, 0), (0, 1, 2, 1), (0, 1, 2, 3, 2, 1)))
    span = _chord_sixteenths(spec)
    for count, position in enumerate(range(0, 16 * score.bars, step)):
        degree = harmony.chords[(position // span) % len(harmony.chords)]
        move = (0, 2, 4, 7)[order[(count % (span // step)) % len(order)]]
        score.note(patch, harmony.note(degree % 7 + move, 57), position, step * 0.9, gain)


def _melody(score: Score, harmony: Harmony, gain: float, patch: Patch, lowest: int) -> None:
    """Play a phrase as long as the progression, over and over."""
    spec = score.spec
    step = (4, 2, 2)[spec.density]
    slots = len(harmony.chords) * _chord_sixteenths(spec) // step
    phrase = draw_phrase(harmony.chords, slots, (0.1, 0.25, 0.1)[spec.density], score.rng)
    for count, position in enumerate(range(0, 16 * score.bars, step)):
        slot = count % slots
        degree = phrase[slot]
        if degree is None:
            continue
        length = 1
        while slot + length < slots and phrase[slot + length] is None:
            length += 1
        score.note(patch, harmony.note(degree, lowest), position, step * length * 0.9, gain)


FULL_CHORDS: dict[str, tuple[str, str]] = {
    "techno": ("pad", "glass"),
    "house": ("keys", "piano"),
    "hip hop": ("keys", "rhodes"),
    "trap": ("bell", "fm"),
    "drum and bass": ("pad", "warm"),
    "rock": ("organ", "hammond"),
    "funk": ("keys", "clav"),
    "lo-fi": ("keys", "rhodes"),
    "disco": ("strings", "ensemble"),
    "ambient": ("pad", "choir"),
    "synthwave": ("arp", "saw"),
    "reggae": ("organ", "hammond"),
    "jazz": ("keys", "piano"),
    "breakbeat": ("keys", "wurlitzer"),
    "pop": ("keys", "piano"),
}
FULL_BASS = {"techno": "acid", "trap": "sub", "drum and bass": "reese", "hip hop": "electric", "rock": "electric",
             "funk": "electric", "jazz": "upright", "reggae": "sub", "lo-fi": "electric"}  # fmt: skip


def _full(score: Score, harmony: Harmony, patches: Patches) -> None:
    genre = score.spec.genre
    _drums(score, 0.65)
    bass = FULL_BASS.get(genre, "synth")
    if genre == "jazz":
        _walking_bass(score, harmony, 0.5, patches("walking bass", "upright"))
    else:
        _bass(score, harmony, 0.42, patches("bass", bass))
    kind, variant = FULL_CHORDS[genre]
    patch = patches(kind, variant)
    if kind in ("pad", "strings"):
        _held_chords(score, harmony, 0.18, patch, 57)
    elif kind == "arp":
        _arpeggio(score, harmony, 0.32, patch)
    elif kind == "bell":
        _melody(score, harmony, 0.32, patch, 69)
    else:
        _comping(score, harmony, 0.2, patch)


def compose(spec: Spec, rng: random.Random) -> Events:
    """Return the events of one clip."""
    score = Score(spec, rng)
    harmony = draw_harmony(spec.root, spec.mode, spec.genre, rng)

    def patches(instrument: str, variant: str) -> Patch:
        return draw_patch(instrument, variant, spec.mood, rng)

    kind = spec.instrument
    if kind == "drums":
        _drums(score, 1.0)
    elif kind == "full":
        _full(score, harmony, patches)
    else:
        patch = patches(kind, spec.variant)
        if kind == "bass":
            _bass(score, harmony, 0.7, patch)
        elif kind == "walking bass":
            _walking_bass(score, harmony, 0.8, patch)
        elif kind in ("pad", "strings") or (kind == "organ" and (spec.variant == "church" or spec.density < 2)):
            _held_chords(score, harmony, 0.25, patch, 57 if spec.variant != "cello" else 48)
        elif kind in ("keys", "organ"):
            _comping(score, harmony, 0.25, patch)
        elif kind == "arp":
            _arpeggio(score, harmony, 0.45, patch)
        else:
            _melody(score, harmony, 0.45, patch, 72 if kind == "bell" else 60)
    return dict(score.events)
