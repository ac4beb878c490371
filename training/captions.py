"""Captions as musicians write them: many paraphrases of a clip's attributes, each of them true of its audio."""

from __future__ import annotations

import random

from training.clip import Spec, nearest_eighth
from training.words import DENSITIES, GENRES, LEADS, MODES, MOODS, NAMES, PRAISE, ROOTS, SUFFIXES, TEMPO_WORDS

FOUR_ON_THE_FLOOR = ("techno", "house", "disco", "synthwave")


def root_name(root: int, rng: random.Random) -> str:
    """Return one of the ways to write a pitch class."""
    return rng.choice(ROOTS[root])


def key_phrase(spec: Spec, rng: random.Random, complete: bool) -> str:
    """Return the key in words; the mode is sometimes left out unless `complete`."""
    root = root_name(spec.root, rng)
    if rng.random() < 0.07 and not complete:
        return f"in {root}" if root != "a" else "in the key of a"
    mode = rng.choice(MODES[spec.mode])
    if spec.mode != "dorian" and len(root) == 1 and root != "f" and rng.random() < 0.12:
        return root + rng.choice(("m", "min") if spec.mode == "minor" else ("maj",))
    return rng.choice(
        ("{} {}", "{} {}", "in {} {}", "in {} {}", "in the key of {} {}", "key of {} {}", "key {} {}")
    ).format(root, mode)


def stated_bpm(spec: Spec, rng: random.Random) -> int:
    """Return a whole tempo that lies nearest to the clip's own grid tempo; mostly the very nearest."""
    exact = round(spec.bpm)
    if rng.random() < 0.5:
        return exact
    near = [bpm for bpm in range(exact - 6, exact + 9) if nearest_eighth(bpm) == spec.eighth]
    return rng.choice(near)


def tempo_phrase(spec: Spec, rng: random.Random) -> str:
    """Return the tempo in words."""
    if rng.random() < 0.08:
        return rng.choice(next(words for limit, words in TEMPO_WORDS if spec.bpm < limit))
    bpm = stated_bpm(spec, rng)
    forms = (
        "{} bpm",
        "{} bpm",
        "{} bpm",
        "{}bpm",
        "at {} bpm",
        "at {} bpm",
        "{} beats per minute",
        "tempo {}",
        "{}",
        "bpm {}",
    )
    return rng.choice(forms).format(bpm)


def name_phrase(spec: Spec, rng: random.Random) -> tuple[str, bool]:
    """Return the instrument in words and whether the genre must be said beside it."""
    plain = NAMES[spec.instrument, ""]
    exact = NAMES.get((spec.instrument, spec.variant), plain)
    return rng.choice(exact if rng.random() < 0.55 else plain), spec.instrument in ("drums", "full")


def caption(spec: Spec, rng: random.Random, complete: bool = False) -> str:
    """Return one paraphrase of a clip's attributes.

    Attributes are left out at random, sometimes all of them, and words that say nothing of the sound are thrown in, so
    that a short, long or odd prompt still works. With `complete`, tempo and, for pitched instruments, key are given.
    """
    if not complete and rng.random() < 0.02:
        return rng.choice(("", "", "music", "something", "loop", "a loop", "anything"))
    name, wants_genre = name_phrase(spec, rng)
    words = [name]
    genre = rng.choice(GENRES[spec.genre])
    if spec.instrument == "walking bass" and spec.genre == "jazz":
        wants_genre = rng.random() < 0.5
    if rng.random() < (0.92 if wants_genre else 0.45) or (complete and wants_genre):
        if rng.random() < 0.03 and not complete:
            words = [genre]
        elif rng.random() < 0.85:
            words.insert(0, genre)
        else:
            words.append(rng.choice((genre, f"for {genre}", f"{genre} style", f"in {genre} style")))
    drums = spec.instrument in ("drums", "full")
    if drums and spec.genre in FOUR_ON_THE_FLOOR and rng.random() < 0.25:
        words.insert(
            rng.choice((0, len(words))), rng.choice(("four on the floor", "four to the floor", "4 on the floor"))
        )
    adjectives = [rng.choice(MOODS[spec.mood])] if spec.mood and rng.random() < 0.6 else []
    if DENSITIES[spec.density] and rng.random() < 0.45:
        adjectives.append(rng.choice(DENSITIES[spec.density]))
    if rng.random() < 0.2:
        adjectives.append(rng.choice(PRAISE))
    rng.shuffle(adjectives)
    words = [*adjectives, *words] if rng.random() < 0.85 else [*words, "with", *adjectives, "sound"]
    words = [rng.choice(LEADS), *words, rng.choice(SUFFIXES)]
    tail = []
    if complete or rng.random() < 0.72:
        tail.append(tempo_phrase(spec, rng) if not complete else f"{round(spec.bpm)} bpm")
    if spec.instrument != "drums" and (complete or rng.random() < 0.9):
        tail.append(key_phrase(spec, rng, complete))
    elif spec.instrument == "drums" and not complete and rng.random() < 0.06:
        tail.append(f"in {root_name(rng.randrange(12), rng)} {rng.choice(('minor', 'major'))}")
    rng.shuffle(tail)
    if complete or rng.random() < 0.85:
        words += tail
    else:
        words = [*tail, *words]
    return " ".join(" ".join(words).split())


def phrases() -> list[str]:
    """Return every phrase that captions are put together from."""
    found: list[str] = []
    for table in (ROOTS, MODES.values(), GENRES.values(), MOODS.values(), DENSITIES, NAMES.values()):
        found += [phrase for entry in table for phrase in entry]
    found += [*PRAISE, *LEADS, *SUFFIXES]
    found += [phrase for _, entry in TEMPO_WORDS for phrase in entry]
    return [*found, "in the key of at bpm beats per minute tempo for style with sound music something loop anything",
            "four 4 on to the floor"]  # fmt: skip
