"""Timbres: how an instrument variant and a mood become voice parameters."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from training.clip import Spec

Layer = tuple[str, float, float, list[float]]
"""Voice name, gain, length in seconds, parameters."""
Patches = Callable[[str, str], "Patch"]

BRIGHTNESS = {"dark": 0.55, "bright": 1.7, "warm": 0.75, "punchy": 1.2, "clean": 1.0, "dreamy": 0.85, "": 1.0}
LENGTHS = {"punchy": 0.6, "dreamy": 1.5}


@dataclass(frozen=True)
class Tone:
    """The parameters of `voices.harmonic` that do not depend on the note."""

    attack: float = 0.004
    decay: float = 0.5
    sustain: float = 0.6
    release: float = 0.06
    bright: float = 6.0
    amount: float = 0.0
    filter_decay: float = 0.15
    odd: float = 0.0
    slope: float = 1.0
    vibrato: float = 0.0
    damping: float = 0.0
    resonance: float = 0.0
    glide: float = 0.0


@dataclass(frozen=True)
class Patch:
    """One timbre: a harmonic tone, doubled when detuned, and FM operators added to it."""

    tone: Tone | None = None
    detune_cents: float = 0.0
    operators: tuple[tuple[float, float, float, float, float, float], ...] = field(default=())
    """(pitch ratio, gain, decay s, modulator ratio, index, index decay s) of each FM layer."""
    tremolo: float = 0.0

    def layers(self, hertz: float, duration: float, rng: random.Random) -> list[Layer]:
        """Return the events of one note."""
        found: list[Layer] = []
        if self.tone is not None:
            tone = self.tone
            cents = (-self.detune_cents, 0.0, self.detune_cents) if self.detune_cents else (0.0,)
            for offset in cents:
                phase = rng.random() if self.detune_cents else 0.0
                ring = duration + 5 * tone.release
                if tone.sustain < 0.01:
                    ring = min(ring, tone.attack + 6 * tone.decay)
                parameters = [hertz * 2 ** (offset / 1200), duration, tone.attack, tone.decay, tone.sustain,
                              tone.release, tone.bright, tone.amount, tone.filter_decay, tone.odd, tone.slope,
                              tone.vibrato, tone.damping, tone.resonance, tone.glide, phase]  # fmt: skip
                found.append(("harmonic", 1 / len(cents) ** 0.7, ring, parameters))
        for ratio, gain, decay, modulator, index, index_decay in self.operators:
            release = min(0.3, 0.25 * decay)
            ring = min(duration + 5 * release, 6 * decay)
            parameters = [hertz * ratio, duration, decay, modulator, index, index_decay, release, self.tremolo]
            found.append(("fm", gain, ring, parameters))
        return found


def draw_patch(instrument: str, variant: str, mood: str, rng: random.Random) -> Patch:
    """Draw a timbre of an instrument's variant, shaped by the mood."""
    u, shine, long = rng.uniform, BRIGHTNESS[mood], LENGTHS.get(mood, 1.0)
    spread = rng.choice((0.0, 6.0))
    match instrument, variant:
        case "bass", "sub":
            return Patch(Tone(0.005, 1.5 * long, 0.5, 0.06, 1.8 * shine, odd=1, slope=1.8, glide=u(0, 0.6)))
        case "bass", "acid":
            return Patch(
                Tone(0.003, 0.3, 0.5, 0.03, u(2, 4) * shine, u(3, 8), u(0.06, 0.15), slope=0.9, resonance=u(2, 4))
            )
        case "bass", "electric":
            return Patch(
                Tone(0.004, u(0.4, 0.8) * long, 0.25, 0.05, u(4, 6) * shine, u(0, 1.5), 0.1, slope=1.15, damping=0.3)
            )
        case "bass", "reese":
            return Patch(Tone(0.01, 1.0, 0.9, 0.05, u(4, 8) * shine, slope=1.0), detune_cents=u(14, 24))
        case "bass", _:
            return Patch(Tone(0.004, u(0.15, 0.6) * long, u(0.3, 0.7), 0.05, u(2.5, 6) * shine, u(0, 4), u(0.05, 0.25),
                              odd=rng.choice((0, 0, 1))), detune_cents=spread)  # fmt: skip
        case "walking bass", _:
            return Patch(Tone(0.006, 0.55 * long, 0.05, 0.08, 4 * shine, 2, 0.08, slope=1.3, damping=0.5))
        case "pad", "glass":
            return Patch(Tone(u(0.1, 0.3), 2, 0.85, 0.6, u(7, 10) * shine, odd=0.7, slope=1.3, vibrato=0.0008), u(4, 8))
        case "pad", "choir":
            return Patch(
                Tone(u(0.15, 0.35), 2, 0.9, 0.5, u(3.5, 5) * shine, slope=0.7, vibrato=0.004, resonance=2.5), u(5, 9)
            )
        case "pad", _:
            return Patch(
                Tone(u(0.15, 0.5), 2, 0.85, 0.6, u(2.5, 5) * shine, u(-0.3, 0.8), 1.5, slope=1.1, vibrato=0.0008),
                u(6, 12),
            )
        case "strings", "cello":
            return Patch(Tone(u(0.06, 0.12), 1, 0.9, 0.2, u(6, 9) * shine, slope=0.9, vibrato=0.005, resonance=0.6))
        case "strings", _:
            return Patch(Tone(u(0.08, 0.2), 1, 0.9, 0.25, u(5, 9) * shine, 0.2, 0.5, vibrato=0.002), u(5, 10))
        case "organ", "church":
            return Patch(Tone(0.05, 1, 1, 0.3, 14 * shine, slope=0.7), u(2, 4))
        case "organ", _:
            return Patch(Tone(0.006, 1, 1, 0.05, 9 * shine, odd=u(0.1, 0.5), slope=u(0.9, 1.5), vibrato=0.003))
        case "keys", "rhodes":
            tine = (1.0, 0.12 * shine, 0.25, 14.0, 0.6, 0.2)
            return Patch(
                None, 0, ((1.0, 1.0, u(0.8, 1.5) * long, 1.0, u(0.7, 1.4) * shine, u(0.15, 0.4)), tine), u(0, 0.25)
            )
        case "keys", "wurlitzer":
            return Patch(None, 0, ((1.0, 1.0, u(0.5, 0.9) * long, 2.0, u(0.8, 1.5) * shine, u(0.2, 0.4)),), u(0.1, 0.3))
        case "keys", "clav":
            return Patch(
                Tone(
                    0.002,
                    u(0.25, 0.45) * long,
                    0.05,
                    0.03,
                    u(8, 14) * shine,
                    1,
                    0.05,
                    slope=0.75,
                    damping=0.5,
                    resonance=1,
                )
            )
        case "keys", _:
            return Patch(
                Tone(0.003, u(0.7, 1.1) * long, 0.0, 0.1, u(5, 8) * shine, 0.6, 0.12, slope=1.25, damping=0.5),
                u(0, 1.5),
            )
        case "pluck", "guitar":
            return Patch(Tone(0.002, u(0.5, 0.8) * long, 0, 0.1, u(7, 11) * shine, slope=0.9, damping=u(0.8, 1.6)))
        case "pluck", "marimba":
            bar = ((1.0, 1.0, u(0.25, 0.4) * long, 1.0, 0.0, 0.1), (3.93, 0.25 * shine, 0.07, 1.0, 0.0, 0.1))
            return Patch(None, 0, bar)
        case "pluck", _:
            return Patch(Tone(0.002, u(0.25, 0.5) * long, 0, 0.08, u(3, 6) * shine, u(2, 4), u(0.05, 0.12)), spread)
        case "arp", "pluck":
            return Patch(Tone(0.002, u(0.25, 0.4) * long, 0, 0.08, u(6, 12) * shine, damping=u(0.5, 1.2)))
        case "arp", "square":
            return Patch(Tone(0.004, 0.25 * long, 0.3, 0.05, u(5, 9) * shine, u(0, 2), 0.1, odd=1))
        case "arp", _:
            return Patch(Tone(0.004, 0.25 * long, 0.3, 0.05, u(4, 8) * shine, u(1, 3), 0.1), 8.0)
        case "lead", "square":
            return Patch(Tone(0.01, 0.4, 0.7, 0.08, u(6, 10) * shine, u(0, 1), 0.2, odd=1, vibrato=0.003))
        case "lead", "soft":
            return Patch(Tone(0.03, 0.5, 0.8, 0.12, u(2, 3) * shine, slope=1.6, vibrato=0.004, glide=-0.4))
        case "lead", _:
            return Patch(Tone(0.01, 0.4, 0.7, 0.08, u(6, 12) * shine, u(0, 2), 0.2, vibrato=0.003), 9.0)
        case "bell", "music box":
            return Patch(
                None, 0, ((1.0, 1.0, u(0.5, 0.8) * long, 4.0, 0.5 * shine, 0.15), (5.4, 0.15, 0.15, 1.0, 0, 0.1))
            )
        case "bell", "vibraphone":
            return Patch(None, 0, ((1.0, 1.0, u(1.2, 2) * long, 4.0, 0.25 * shine, 0.3),), u(0.2, 0.4))
        case _:
            ratio = rng.choice((1.41, 2.76, 3.5))
            return Patch(None, 0, ((1.0, 1.0, u(0.8, 1.4) * long, ratio, u(1.2, 2.5) * shine, u(0.2, 0.4)),))


def drum_kit(spec: Spec, rng: random.Random) -> dict[str, Layer]:
    """Draw the pieces of a kit as (voice, gain, length, parameters), shaped by genre, variant and mood."""
    u, shine = rng.uniform, BRIGHTNESS[spec.mood]
    variant = spec.variant
    if spec.instrument == "full":
        acoustic = ("rock", "funk", "jazz", "reggae", "disco", "breakbeat", "drum and bass")
        variant = "acoustic" if spec.genre in acoustic else "808" if spec.genre == "trap" else "electronic"
    punch = 1.4 if spec.mood == "punchy" else 1.0
    if variant == "808":
        kick = [u(42, 52), u(80, 140), u(0.02, 0.04), u(0.35, 0.6), u(0.02, 0.1), u(1.2, 2.2) * punch]
        snare = [u(180, 220), u(0.08, 0.12), u(0.08, 0.14), u(0.5, 0.65), u(1500, 2500) * shine]
        hat_metal, hat_decay = 0.8, u(0.02, 0.035)
    elif variant == "acoustic":
        kick = [u(52, 64), u(90, 150), u(0.012, 0.02), u(0.1, 0.18), u(0.1, 0.3), u(1, 1.6) * punch]
        snare = [u(175, 230), u(0.06, 0.12), u(0.12, 0.2), u(0.55, 0.75), u(900, 1800) * shine]
        hat_metal, hat_decay = u(0.3, 0.5), u(0.03, 0.05)
    else:
        kick = [u(46, 56), u(150, 280), u(0.02, 0.04), u(0.16, 0.3), u(0.05, 0.2), u(1.2, 2.5) * punch]
        snare = [u(170, 220), u(0.05, 0.1), u(0.08, 0.15), u(0.5, 0.7), u(1200, 2500) * shine]
        hat_metal, hat_decay = u(0.4, 0.8), u(0.015, 0.03)
    cut = min(u(6000, 8500) * (0.8 + 0.2 * shine), 9500.0)
    base = u(500, 800)
    return {
        "kick": ("kick", 0.9, min(5 * kick[3], 1.5), kick),
        "snare": ("snare", 0.75, 0.7, snare),
        "clap": ("clap", 0.7, 0.5, [u(700, 1100), u(3000, 7000), u(0.07, 0.16)]),
        "hat": ("cymbal", 0.32, 0.2, [hat_decay, base, cut, hat_metal, 0.0005]),
        "open": ("cymbal", 0.3, 0.7, [u(0.1, 0.2), base, cut, hat_metal, 0.0005]),
        "ride": ("cymbal", 0.25, 1.0, [u(0.2, 0.35), u(330, 450), 4000.0, 0.75, 0.0005]),
        "crash": ("cymbal", 0.35, 2.0, [u(0.4, 0.6), base, 3500.0, 0.3, 0.002]),
        "shaker": ("cymbal", 0.25, 0.2, [u(0.03, 0.05), base, 6500.0, 0.0, 0.02]),
        "rim": ("tom", 0.55, 0.15, [u(700, 1000), u(0.015, 0.03), 0.3]),
        "tom": ("tom", 0.6, 0.8, [u(85, 160), u(0.12, 0.2), 0.4]),
        "conga": ("tom", 0.5, 0.5, [u(190, 330), u(0.08, 0.13), 0.3]),
    }
