"""Drum patterns: sixteen sixteenths a bar, one string per piece, a few variants per genre.

In a pattern `x` is a full hit, `o` a softer one, `-` a ghost and `.` a rest.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

REST = "................"
LEVELS = {"x": 1.0, "o": 0.65, "-": 0.35, ".": 0.0}
FOUR = "x...x...x...x..."
BACKBEAT = "....x.......x..."
HALF_TIME = "........x......."
GHOSTED = "....x..-.-..x..-"
OFFBEATS = "..x...x...x...x."
EIGHTH_HATS = "x.o.x.o.x.o.x.o."
SIXTEENTH_HATS = "x-o-x-o-x-o-x-o-"
QUARTER_HATS = "o...o...o...o..."


@dataclass(frozen=True)
class Groove:
    """A genre's drums: alternatives for the kick, the backbeat, and hats by density (sparse, normal, busy).

    `swing` moves every second sixteenth later, in sixteenths (negative: earlier).
    """

    kicks: tuple[str, ...]
    backs: tuple[tuple[str, str], ...]
    hats: tuple[str, str, str]
    extras: tuple[tuple[str, str], ...] = ()
    swing: float = 0.0


GROOVES: dict[str, Groove] = {
    "techno": Groove(
        (FOUR, "x...x...x...x.-."), (("clap", BACKBEAT), ("clap", REST)),
        (REST, QUARTER_HATS, SIXTEENTH_HATS),
        (("open", OFFBEATS), ("rim", "...x..x....x..x.")),
    ),
    "house": Groove(
        (FOUR,), (("clap", BACKBEAT),), (REST, "x...x...x...x...", SIXTEENTH_HATS),
        (("open", OFFBEATS), ("shaker", "o-o-o-o-o-o-o-o-")),
    ),
    "hip hop": Groove(
        ("x......x..x.....", "x.-....x..x.....", "x..x......x....."), (("snare", BACKBEAT),),
        (QUARTER_HATS, EIGHTH_HATS, "x.o-x.o.x-o.x.o-"), swing=0.22,
    ),
    "trap": Groove(
        ("x.....x...x.....", "x..x......x...x.", "x.....x.......x."), (("clap", HALF_TIME), ("snare", HALF_TIME)),
        ("x...x...x...x...", "x.x.x.x.x.x.x.x.", "x.x.x.xxx.x.xxxx"), (("rim", "...x......x....."),),
    ),
    "drum and bass": Groove(
        ("x.........x.....", "x..x......x....."), (("snare", BACKBEAT), ("snare", "....x..-.-..x...")),
        (QUARTER_HATS, EIGHTH_HATS, SIXTEENTH_HATS), (("ride", "x...x...x...x..."),),
    ),
    "rock": Groove(
        ("x.......x.......", "x.......x.x.....", "x.....x.x......."), (("snare", BACKBEAT),),
        (QUARTER_HATS, EIGHTH_HATS, "x.x.x.x.x.x.x.x."), (("crash", "x..............."),),
    ),
    "funk": Groove(
        ("x.x...x...x.....", "x.....x.x.x....x", "x..x..x...x....."),
        (("snare", GHOSTED), ("snare", "....x..-....x...")),
        (EIGHTH_HATS, "x-o-x-o-x-o-x-o-", "xoxoxoxoxoxoxoxo"), (("open", "..............x."),),
    ),
    "lo-fi": Groove(
        ("x......x..x.....", "x.........x.....", "x.....-...x....."), (("snare", BACKBEAT), ("rim", BACKBEAT)),
        (QUARTER_HATS, EIGHTH_HATS, "o.o-o.o.o-o.o.o-"), (("shaker", "..o...o...o...o."),), 0.28,
    ),
    "disco": Groove(
        (FOUR,), (("snare", BACKBEAT),), (REST, QUARTER_HATS, SIXTEENTH_HATS),
        (("open", OFFBEATS), ("conga", "..x..x....x..xx.")),
    ),
    "ambient": Groove(
        ("x...............", "x.........o....."), (("rim", "............o..."), ("tom", "......o....o....")),
        (REST, "..o...o...o...o.", "o.-.o.-.o.-.o.-."), (("shaker", "..-...-...-...-."),),
    ),
    "synthwave": Groove(
        (FOUR, "x.......x......."), (("snare", BACKBEAT),), (QUARTER_HATS, EIGHTH_HATS, SIXTEENTH_HATS),
        (("tom", "..............xx"),),
    ),
    "reggae": Groove(
        ("........x.......", "x.......x......."), (("rim", "........x......."), ("rim", "....x.......x...")),
        ("..o...o...o...o.", EIGHTH_HATS, "x.o-x.o-x.o-x.o-"), (("conga", "......x.......x."),), 0.15,
    ),
    "jazz": Groove(
        ("o...............", "o.......o......."), (("hat", BACKBEAT),), (REST, REST, REST),
        (("ride", "x...x..ox...x..o"), ("snare", ".......-......-.")), -0.33,
    ),
    "breakbeat": Groove(
        ("x.x.......xx....", "x.x.......x.....", "x..x..x...x....."),
        (("snare", GHOSTED), ("snare", "....x.......x.x.")),
        (QUARTER_HATS, EIGHTH_HATS, SIXTEENTH_HATS), (("ride", EIGHTH_HATS),),
    ),
    "pop": Groove(
        ("x.....x.x.......", "x...x...x...x...", "x......xx......."), (("snare", BACKBEAT), ("clap", BACKBEAT)),
        (QUARTER_HATS, EIGHTH_HATS, SIXTEENTH_HATS), (("shaker", "o-o-o-o-o-o-o-o-"),),
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Hit:
    """One drum hit: the piece, its place in sixteenths from the clip's first bar line, and its level 0..1."""

    piece: str
    sixteenth: float
    level: float


def draw_hits(genre: str, density: int, bars: int, rng: random.Random) -> list[Hit]:
    """Lay out `bars` bars of a genre's drums, with a small fill at the end of every fourth bar."""
    groove = GROOVES[genre]
    rows = [("kick", rng.choice(groove.kicks)), rng.choice(groove.backs), ("hat", groove.hats[density])]
    if genre == "jazz":
        rows.append(groove.extras[0])
        rows += groove.extras[1:] if density == 2 else ()
    elif groove.extras and (density == 2 or (density == 1 and rng.random() < 0.7)):
        rows.append(groove.extras[0])
        if density == 2 and rng.random() < 0.6:
            rows += groove.extras[1:]
    fill = rng.choice(("............x.xx", "..........x.x.x.", "............xxxx", REST))
    hits = []
    for bar in range(bars):
        for piece, pattern in rows:
            filled = bar % 4 == 3 and density > 0 and piece == "snare"
            for step, mark in enumerate(fill if filled else pattern):
                if LEVELS[mark]:
                    moved = step + (groove.swing if step % 2 else 0.0)
                    hits.append(Hit(piece, 16 * bar + moved, LEVELS[mark]))
    return hits
