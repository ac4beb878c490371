"""The words that captions are put together from: synonyms for every attribute of a clip."""

from __future__ import annotations


def _list(text: str) -> tuple[str, ...]:
    """Split a comma-separated list; an entry may repeat to be drawn more often."""
    return tuple(text.split(", "))


ROOTS: tuple[tuple[str, ...], ...] = (
    _list("c"),
    _list("c#, c sharp, db, d flat"),
    _list("d"),
    _list("eb, e flat, d#, d sharp"),
    _list("e"),
    _list("f"),
    _list("f#, f sharp, gb, g flat"),
    _list("g"),
    _list("ab, a flat, g#, g sharp"),
    _list("a"),
    _list("bb, b flat, a#, a sharp"),
    _list("b"),
)
MODES: dict[str, tuple[str, ...]] = {
    "major": _list("major, major, major, maj, ionian"),
    "minor": _list("minor, minor, minor, min, m, natural minor, aeolian"),
    "dorian": _list("dorian, dorian, dorian mode"),
}
GENRES: dict[str, tuple[str, ...]] = {
    "techno": _list(
        "techno, techno, minimal techno, detroit techno, berlin techno, hard techno, rave, warehouse techno"
    ),
    "house": _list("house, house, deep house, tech house, chicago house, club, garage house"),
    "hip hop": _list("hip hop, hip hop, hiphop, boom bap, boombap, rap, old school hip hop, 90s hip hop, r and b"),
    "trap": _list("trap, trap, drill, atlanta trap, modern rap, phonk"),
    "drum and bass": _list("drum and bass, drum and bass, dnb, d and b, jungle, drum n bass, liquid dnb, drum bass"),
    "rock": _list("rock, rock, indie rock, punk rock, punk, alternative, hard rock, metal, blues rock"),
    "funk": _list("funk, funk, funky, soul, groovy, neo soul, motown, rnb"),
    "lo-fi": _list("lo fi, lofi, chillhop, lo fi hip hop, lofi hip hop, chill, dusty, study beats, vinyl"),
    "disco": _list("disco, disco, nu disco, 70s, french house, seventies disco"),
    "ambient": _list("ambient, ambient, chillout, atmospheric, cinematic, soundscape, meditation, film score"),
    "synthwave": _list("synthwave, synthwave, retrowave, 80s, outrun, eighties, new wave, synth pop, electro"),
    "reggae": _list("reggae, dub, one drop reggae, roots reggae, ska, dancehall, reggae dub"),
    "jazz": _list("jazz, jazz, swing, jazzy, bebop, cool jazz, smoky jazz, bossa"),
    "breakbeat": _list("breakbeat, breaks, big beat, amen break, breakbeats, breakcore, uk garage"),
    "pop": _list("pop, pop, dance pop, radio pop, edm, dance, indie pop, gospel, country"),
}
MOODS: dict[str, tuple[str, ...]] = {
    "dark": _list("dark, moody, gloomy, brooding, deep, muffled, ominous"),
    "bright": _list("bright, shiny, crisp, sparkling, brilliant, sunny, airy"),
    "warm": _list("warm, mellow, soft, smooth, cozy, analog, vintage"),
    "dreamy": _list("dreamy, ethereal, spacey, reverb, roomy, wet, hazy, floating, washed out"),
    "punchy": _list("punchy, hard, tight, snappy, aggressive, hitting, powerful, heavy"),
    "clean": _list("clean, dry, pure, plain, clear"),
}
NAMES: dict[tuple[str, str], tuple[str, ...]] = {
    ("drums", ""): _list(
        "drums, drum loop, beat, drum beat, groove, drum pattern, rhythm, percussion, drum groove, kick and "
        "snare, kick snare and hats, drum machine, breakbeat loop, beats, percussion loop"
    ),
    ("drums", "acoustic"): _list("acoustic drums, live drums, drum kit, acoustic drum kit, real drums, drummer"),
    ("drums", "electronic"): _list("electronic drums, 909 drums, 909, tr 909, synth drums, drum machine, 909 beat"),
    ("drums", "808"): _list("808 drums, 808 beat, tr 808, 808 drum machine, 808 kick and snare, 808 drum loop"),
    ("bass", ""): _list("bass, bassline, bass line, bass loop, basslines, bass groove, low end, bass riff"),
    ("bass", "synth"): _list("synth bass, analog bass, moog bass, synth bassline, bass synth"),
    ("bass", "sub"): _list("sub bass, 808 bass, 808, 808s, subbass, deep sub bass, sub bassline"),
    ("bass", "acid"): _list("acid bass, 303 bass, 303, acid line, tb 303, acid bassline, squelchy acid bass"),
    ("bass", "electric"): _list("electric bass, bass guitar, fingered bass, picked bass guitar, electric bass guitar"),
    ("bass", "reese"): _list("reese bass, reese, growling bass, wobble bass, detuned bass"),
    ("walking bass", ""): _list(
        "walking bass, walking bassline, walking bass line, upright bass, double bass, upright walking bass, "
        "acoustic bass, contrabass, jazz bass"
    ),
    ("pad", ""): _list("pad, synth pad, pads, pad chords, ambient pad, atmosphere, synth chords, drone, texture"),
    ("pad", "warm"): _list("warm pad, analog pad, soft pad, juno pad, warm synth pad"),
    ("pad", "glass"): _list("glass pad, glassy pad, shimmer pad, crystal pad, digital pad"),
    ("pad", "choir"): _list("choir, choir pad, voices, vocal pad, aahs, choir aahs, vox pad"),
    ("keys", ""): _list("keys, keyboard, keyboard chords, chords, electric piano, keys loop, chord progression"),
    ("keys", "rhodes"): _list(
        "rhodes, rhodes chords, fender rhodes, electric piano, rhodes piano, rhodes keys, rhodes loop"
    ),
    ("keys", "wurlitzer"): _list("wurlitzer, wurli, wurlitzer chords, wurly, electric piano, wurlitzer piano"),
    ("keys", "piano"): _list("piano, piano chords, acoustic piano, grand piano, upright piano, piano loop, felt piano"),
    ("keys", "clav"): _list("clav, clavinet, clavinet riff, clavi, funky clav, harpsichord"),
    ("pluck", ""): _list("pluck, plucks, plucked melody, pluck melody, plucked synth, plucky melody, plucked strings"),
    ("pluck", "synth"): _list("synth pluck, pluck synth, synth plucks, edm pluck"),
    ("pluck", "guitar"): _list(
        "guitar, acoustic guitar, nylon guitar, guitar melody, guitar loop, guitar picking, harp, classical "
        "guitar, ukulele, banjo, kalimba"
    ),
    ("pluck", "marimba"): _list("marimba, marimba melody, xylophone, mallets, wooden mallets, balafon"),
    ("arp", ""): _list(
        "arp, arpeggio, arpeggiator, arpeggiated synth, synth arp, arpeggios, synth sequence, sequencer"
    ),
    ("arp", "saw"): _list("saw arp, sawtooth arp, supersaw arp, trance arp"),
    ("arp", "square"): _list("square arp, chiptune arp, 8 bit arp, chiptune, video game arp"),
    ("arp", "pluck"): _list("plucked arp, pluck arp, plucky arpeggio"),
    ("lead", ""): _list(
        "lead, synth lead, lead melody, lead line, synth melody, melody, topline, solo, hook, synth solo"
    ),
    ("lead", "saw"): _list("saw lead, sawtooth lead, supersaw lead, supersaw, trance lead"),
    ("lead", "square"): _list("square lead, square wave lead, chiptune lead, 8 bit melody, chiptune melody"),
    ("lead", "soft"): _list(
        "soft lead, sine lead, flute, whistle, flute melody, theremin, g funk lead, saxophone, trumpet"
    ),
    ("bell", ""): _list("bells, bell melody, bell, bell loop, chimes, bell synth"),
    ("bell", "fm"): _list("fm bells, fm bell, dx7 bells, digital bells, tubular bells, church bells, synth bells"),
    ("bell", "music box"): _list("music box, music box melody, celesta, glockenspiel, toy piano, lullaby"),
    ("bell", "vibraphone"): _list("vibraphone, vibes, vibraphone melody, vibraphones"),
    ("strings", ""): _list("strings, string chords, string section, orchestral strings, orchestra, string pad"),
    ("strings", "ensemble"): _list("string ensemble, violins, strings ensemble, symphonic strings, violin section"),
    ("strings", "cello"): _list("cello, cellos, cello chords, low strings, violas, bowed cello"),
    ("organ", ""): _list("organ, organ chords, organ loop, keyboard organ"),
    ("organ", "hammond"): _list("hammond, hammond organ, b3 organ, drawbar organ, jazz organ, rock organ, farfisa"),
    ("organ", "church"): _list("church organ, pipe organ, cathedral organ, accordion, harmonium"),
    ("full", ""): _list(
        "track, full loop, song, full track, instrumental, full mix, band, full band, with drums bass and "
        "chords, drums bass and keys, full beat, music, tune, backing track, jam, drums and bass with chords, "
        "production, whole song, loop with drums and bass"
    ),
}
"""By instrument and variant; the entry without a variant fits all of the instrument's variants."""
DENSITIES: tuple[tuple[str, ...], ...] = (
    _list("sparse, minimal, simple, stripped down, slow moving, laid back, relaxed, calm"),
    (),
    _list("busy, dense, complex, intricate, energetic, driving, fast, rolling"),
)
PRAISE = _list(
    "nice, cool, great, good, classic, modern, catchy, beautiful, emotional, sad, happy, epic, weird, old, "
    "new, big, fat, thick, lush, deep, sweet, fresh, gentle, melodic"
)
LEADS = (
    "",
    "",
    "",
    "",
    *_list(
        "a, a, an, some, make me a, give me a, play a, create a, i want a, please make some, generate a, make, "
        "the sound of, we need a"
    ),
)
SUFFIXES = ("", "", "", "", "", *_list("loop, loop, riff, part, sample, pattern, stem, music, sound, for my track"))
TEMPO_WORDS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (78, _list("slow, slow tempo, downtempo")),
    (112, _list("mid tempo, medium tempo, moderate")),
    (999, _list("fast, uptempo, up tempo, high tempo")),
)
"""Words for tempi below each limit."""
