"""Drum loops and pads whose tempo is known, for the tests of beats, loops and finishing."""

import numpy as np

RATE = 32000


def drums(tempo: float, seconds: float, seed: int = 0, delay: float = 0.0, rate: int = RATE) -> np.ndarray:
    """Kick, snare and hats in sixteenths, the first kick after `delay` seconds, each hit a few milliseconds off."""
    dice = np.random.default_rng(seed)
    grid, hit = 60 / tempo / 4, rate // 4
    out = np.zeros(round(seconds * rate) + 2 * hit)
    time = np.arange(hit) / rate
    kicks = dice.random(16) < [1, 0, 0, 0.1, 0.1, 0, 0.3, 0, 0.6, 0, 0.3, 0, 0.1, 0.2, 0.2, 0.1]
    snares = np.isin(np.arange(16), (4, 12))
    hats = dice.random(16) < [0.9, 0.2, 0.9, 0.2] * 4
    for place in range(int((seconds - delay) / grid) + 1):
        start = round((delay + place * grid + (dice.normal(0, 0.002) if place else 0)) * rate)
        sound = np.zeros(hit)
        if kicks[place % 16]:
            sound += 0.8 * np.sin(2 * np.pi * (55 * time + 0.75 * (1 - np.exp(-40 * time)))) * np.exp(-12 * time)
        if snares[place % 16]:
            sound += 0.4 * dice.standard_normal(hit) * np.exp(-25 * time)
        if hats[place % 16]:
            sound += 0.15 * dice.standard_normal(hit) * np.exp(-120 * time)
        out[start : start + hit] += sound
    return 0.7 * out[: round(seconds * rate), None].astype(np.float32)


def pad(seconds: float, seed: int = 0, rate: int = RATE) -> np.ndarray:
    """Six partials that swell slowly, and a little noise."""
    dice = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    out = 0.01 * dice.standard_normal(len(time))
    for hertz in dice.uniform(100, 900, 6):
        swell = 1 + 0.5 * np.sin(2 * np.pi * dice.uniform(0.1, 0.6) * time)
        out += dice.uniform(0.05, 0.15) * swell * np.sin(2 * np.pi * hertz * time + dice.uniform(0, 6))
    return out[:, None].astype(np.float32)


def marked(kicks: list[float], bars: int, tempo: float = 120.0, rate: int = RATE) -> np.ndarray:
    """Bars with a hat on each eighth and a kick on each quarter, as loud as the list says for the quarters of a bar."""
    dice = np.random.default_rng(0)
    beat = round(60 / tempo * rate)
    time = np.arange(beat) / rate
    kick = np.sin(2 * np.pi * 55 * time + 1.5) * np.exp(-14 * time)
    hat = 0.1 * dice.standard_normal(beat // 2) * np.exp(-120 * time[: beat // 2])
    bar = np.concatenate([level * kick + np.tile(hat, 2) for level in kicks])
    return np.tile(bar, bars)[:, None].astype(np.float32)
