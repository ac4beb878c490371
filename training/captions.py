"""Captions as musicians write them: many paraphrases of a clip's attributes, each of them true of its audio."""

from __future__ import annotations

import random

from training.clip import Spec, nearest_eighth

ROOTS: tuple[tuple[str, ...], ...] = (
    ("c",),
    ("c#", "c sharp", "db", "d flat"),
    ("d",),
    ("eb", "e flat", "d#", "d sharp"),
    ("e",),
    ("f",),
    ("f#", "f sharp", "gb", "g flat"),
    ("g",),
    ("ab", "a flat", "g#", "g sharp"),
    ("a",),
    ("bb", "b flat", "a#", "a sharp"),
    ("b",),
)
MODES = {
    "major": ("major", "major", "major", "maj", "ionian"),
    "minor": ("minor", "minor", "minor", "min", "m", "natural minor", "aeolian"),
    "dorian": ("dorian", "dorian", "dorian mode"),
}
GENRES: dict[str, tuple[str, ...]] = {
    "techno": ("techno", "techno", "minimal techno", "detroit techno", "berlin techno", "hard techno", "rave", "warehouse techno"),
    "house": ("house", "house", "deep house", "tech house", "chicago house", "club", "garage house"),
    "hip hop": ("hip hop", "hip hop", "hiphop", "boom bap", "boombap", "rap", "old school hip hop", "90s hip hop", "r and b"),
    "trap": ("trap", "trap", "drill", "atlanta trap", "modern rap", "phonk"),
    "drum and bass": ("drum and bass", "drum and bass", "dnb", "d and b", "jungle", "drum n bass", "liquid dnb", "drum bass"),
    "rock": ("rock", "rock", "indie rock", "punk rock", "punk", "alternative", "hard rock", "metal", "blues rock"),
    "funk": ("funk", "funk", "funky", "soul", "groovy", "neo soul", "motown", "rnb"),
    "lo-fi": ("lo fi", "lofi", "chillhop", "lo fi hip hop", "lofi hip hop", "chill", "dusty", "study beats", "vinyl"),
    "disco": ("disco", "disco", "nu disco", "70s", "french house", "seventies disco"),
    "ambient": ("ambient", "ambient", "chillout", "atmospheric", "cinematic", "soundscape", "meditation", "film score"),
    "synthwave": ("synthwave", "synthwave", "retrowave", "80s", "outrun", "eighties", "new wave", "synth pop", "electro"),
    "reggae": ("reggae", "dub", "one drop reggae", "roots reggae", "ska", "dancehall", "reggae dub"),
    "jazz": ("jazz", "jazz", "swing", "jazzy", "bebop", "cool jazz", "smoky jazz", "bossa"),
    "breakbeat": ("breakbeat", "breaks", "big beat", "amen break", "breakbeats", "breakcore", "uk garage"),
    "pop": ("pop", "pop", "dance pop", "radio pop", "edm", "dance", "indie pop", "gospel", "country"),
}
FOUR_ON_THE_FLOOR = ("techno", "house", "disco", "synthwave")
MOODS: dict[str, tuple[str, ...]] = {
    "dark": ("dark", "moody", "gloomy", "brooding", "deep", "muffled", "ominous"),
    "bright": ("bright", "shiny", "crisp", "sparkling", "brilliant", "sunny", "airy"),
    "warm": ("warm", "mellow", "soft", "smooth", "cozy", "analog", "vintage"),
    "dreamy": ("dreamy", "ethereal", "spacey", "reverb", "roomy", "wet", "hazy", "floating", "washed out"),
    "punchy": ("punchy", "hard", "tight", "snappy", "aggressive", "hitting", "powerful", "heavy"),
    "clean": ("clean", "dry", "pure", "plain", "clear"),
}
DENSITIES = (
    ("sparse", "minimal", "simple", "stripped down", "slow moving", "laid back", "relaxed", "calm"),
    (),
    ("busy", "dense", "complex", "intricate", "energetic", "driving", "fast", "rolling"),
)
PRAISE = ("nice", "cool", "great", "good", "classic", "modern", "catchy", "beautiful", "emotional", "sad", "happy", "epic",
          "weird", "old", "new", "big", "fat", "thick", "lush", "deep", "sweet", "fresh", "gentle", "melodic")  # fmt: skip

NAMES: dict[tuple[str, str], tuple[str, ...]] = {
    ("drums", ""): ("drums", "drum loop", "beat", "drum beat", "groove", "drum pattern", "rhythm", "percussion", "drum groove",
                    "kick and snare", "kick snare and hats", "drum machine", "breakbeat loop", "beats", "percussion loop"),
    ("drums", "acoustic"): ("acoustic drums", "live drums", "drum kit", "acoustic drum kit", "real drums", "drummer"),
    ("drums", "electronic"): ("electronic drums", "909 drums", "909", "tr 909", "synth drums", "drum machine", "909 beat"),
    ("drums", "808"): ("808 drums", "808 beat", "tr 808", "808 drum machine", "808 kick and snare", "808 drum loop"),
    ("bass", ""): ("bass", "bassline", "bass line", "bass loop", "basslines", "bass groove", "low end", "bass riff"),
    ("bass", "synth"): ("synth bass", "analog bass", "moog bass", "synth bassline", "bass synth"),
    ("bass", "sub"): ("sub bass", "808 bass", "808", "808s", "subbass", "deep sub bass", "sub bassline"),
    ("bass", "acid"): ("acid bass", "303 bass", "303", "acid line", "tb 303", "acid bassline", "squelchy acid bass"),
    ("bass", "electric"): ("electric bass", "bass guitar", "fingered bass", "picked bass guitar", "electric bass guitar"),
    ("bass", "reese"): ("reese bass", "reese", "growling bass", "wobble bass", "detuned bass"),
    ("walking bass", ""): ("walking bass", "walking bassline", "walking bass line", "upright bass", "double bass",
                           "upright walking bass", "acoustic bass", "contrabass", "jazz bass"),
    ("pad", ""): ("pad", "synth pad", "pads", "pad chords", "ambient pad", "atmosphere", "synth chords", "drone", "texture"),
    ("pad", "warm"): ("warm pad", "analog pad", "soft pad", "juno pad", "warm synth pad"),
    ("pad", "glass"): ("glass pad", "glassy pad", "shimmer pad", "crystal pad", "digital pad"),
    ("pad", "choir"): ("choir", "choir pad", "voices", "vocal pad", "aahs", "choir aahs", "vox pad"),
    ("keys", ""): ("keys", "keyboard", "keyboard chords", "chords", "electric piano", "keys loop", "chord progression"),
    ("keys", "rhodes"): ("rhodes", "rhodes chords", "fender rhodes", "electric piano", "rhodes piano", "rhodes keys", "rhodes loop"),
    ("keys", "wurlitzer"): ("wurlitzer", "wurli", "wurlitzer chords", "wurly", "electric piano", "wurlitzer piano"),
    ("keys", "piano"): ("piano", "piano chords", "acoustic piano", "grand piano", "upright piano", "piano loop", "felt piano"),
    ("keys", "clav"): ("clav", "clavinet", "clavinet riff", "clavi", "funky clav", "harpsichord"),
    ("pluck", ""): ("pluck", "plucks", "plucked melody", "pluck melody", "plucked synth", "plucky melody", "plucked strings"),
    ("pluck", "synth"): ("synth pluck", "pluck synth", "synth plucks", "edm pluck"),
    ("pluck", "guitar"): ("guitar", "acoustic guitar", "nylon guitar", "guitar melody", "guitar loop", "guitar picking", "harp",
                          "classical guitar", "ukulele", "banjo", "kalimba"),
    ("pluck", "marimba"): ("marimba", "marimba melody", "xylophone", "mallets", "wooden mallets", "balafon"),
    ("arp", ""): ("arp", "arpeggio", "arpeggiator", "arpeggiated synth", "synth arp", "arpeggios", "synth sequence", "sequencer"),
    ("arp", "saw"): ("saw arp", "sawtooth arp", "supersaw arp", "trance arp"),
    ("arp", "square"): ("square arp", "chiptune arp", "8 bit arp", "chiptune", "video game arp"),
    ("arp", "pluck"): ("plucked arp", "pluck arp", "plucky arpeggio"),
    ("lead", ""): ("lead", "synth lead", "lead melody", "lead line", "synth melody", "melody", "topline", "solo", "hook", "synth solo"),
    ("lead", "saw"): ("saw lead", "sawtooth lead", "supersaw lead", "supersaw", "trance lead"),
    ("lead", "square"): ("square lead", "square wave lead", "chiptune lead", "8 bit melody", "chiptune melody"),
    ("lead", "soft"): ("soft lead", "sine lead", "flute", "whistle", "flute melody", "theremin", "g funk lead", "saxophone", "trumpet"),
    ("bell", ""): ("bells", "bell melody", "bell", "bell loop", "chimes", "bell synth"),
    ("bell", "fm"): ("fm bells", "fm bell", "dx7 bells", "digital bells", "tubular bells", "church bells", "synth bells"),
    ("bell", "music box"): ("music box", "music box melody", "celesta", "glockenspiel", "toy piano", "lullaby"),
    ("bell", "vibraphone"): ("vibraphone", "vibes", "vibraphone melody", "vibraphones"),
    ("strings", ""): ("strings", "string chords", "string section", "orchestral strings", "orchestra", "string pad"),
    ("strings", "ensemble"): ("string ensemble", "violins", "strings ensemble", "symphonic strings", "violin section"),
    ("strings", "cello"): ("cello", "cellos", "cello chords", "low strings", "violas", "bowed cello"),
    ("organ", ""): ("organ", "organ chords", "organ loop", "keyboard organ"),
    ("organ", "hammond"): ("hammond", "hammond organ", "b3 organ", "drawbar organ", "jazz organ", "rock organ", "farfisa"),
    ("organ", "church"): ("church organ", "pipe organ", "cathedral organ", "accordion", "harmonium"),
    ("full", ""): ("track", "full loop", "song", "full track", "instrumental", "full mix", "band", "full band",
                   "with drums bass and chords", "drums bass and keys", "full beat", "music", "tune", "backing track", "jam",
                   "drums and bass with chords", "production", "whole song", "loop with drums and bass"),
}  # fmt: skip
LEADS = ("", "", "", "", "a", "a", "an", "some", "make me a", "give me a", "play a", "create a", "i want a", "please make some",
         "generate a", "make", "the sound of", "we need a")  # fmt: skip
SUFFIXES = ("", "", "", "", "", "loop", "loop", "riff", "part", "sample", "pattern", "stem", "music", "sound", "for my track")
TEMPO_WORDS = ((78, ("slow", "slow tempo", "downtempo")), (112, ("mid tempo", "medium tempo", "moderate")), (999, ("fast", "uptempo", "up tempo", "high tempo")))


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
    return rng.choice(("{} {}", "{} {}", "in {} {}", "in {} {}", "in the key of {} {}", "key of {} {}", "key {} {}")).format(root, mode)


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
    forms = ("{} bpm", "{} bpm", "{} bpm", "{}bpm", "at {} bpm", "at {} bpm", "{} beats per minute", "tempo {}", "{}", "bpm {}")
    return rng.choice(forms).format(bpm)


def name_phrase(spec: Spec, rng: random.Random) -> tuple[str, bool]:
    """Return the instrument in words and whether the genre must be said beside it."""
    plain = NAMES[spec.instrument, ""]
    exact = NAMES.get((spec.instrument, spec.variant), plain)
    return rng.choice(exact if rng.random() < 0.55 else plain), spec.instrument in ("drums", "full")


def caption(spec: Spec, rng: random.Random, complete: bool = False) -> str:
    """Return one paraphrase of a clip's attributes.

    Attributes are left out at random, sometimes all of them, and words that say nothing of the sound are thrown in, so
    that a short, long or odd prompt still works. With `complete`, tempo is always given, and for pitched instruments key.
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
        words.insert(rng.choice((0, len(words))), rng.choice(("four on the floor", "four to the floor", "4 on the floor")))
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
    if spec.instrument != "drums" and (complete or rng.random() < 0.85):
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
