"""Sound generators in torch: a row of parameters per event in, a row of samples out.

Every generator takes `(events, parameters)` float32 and a length in samples and returns `(events, length)` float32 at
32 kHz. Phases are accumulated in float64 as fractions of a cycle, so that a long high note stays clean.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from training.clip import SAMPLE_RATE

HARMONICS = 20
NYQUIST_GUARD = 14_500.0
Voice = Callable[[Tensor, int], Tensor]


def _times(length: int, like: Tensor) -> Tensor:
    return torch.arange(length, device=like.device, dtype=torch.float32)[None] / SAMPLE_RATE


def _cycles(frequency: Tensor, length: int) -> Tensor:
    index = torch.arange(length, device=frequency.device, dtype=torch.float64)[None]
    cycles = frequency[:, None].double() / SAMPLE_RATE * index
    return (cycles - cycles.floor()).float()


def _noise(rows: Tensor, length: int) -> Tensor:
    return torch.randn(rows.shape[0], length, device=rows.device)


def _band(samples: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """Filter each row to its own band (fourth-order slopes) in the frequency domain."""
    spectrum = torch.fft.rfft(samples)
    frequencies = torch.fft.rfftfreq(samples.shape[-1], 1 / SAMPLE_RATE).to(samples.device)[None]
    gain = torch.rsqrt(1 + (low[:, None] / (frequencies + 1)) ** 8) * torch.rsqrt(
        1 + (frequencies / high[:, None]) ** 8
    )
    return torch.fft.irfft(spectrum * gain, n=samples.shape[-1])


def kick(p: Tensor, length: int) -> Tensor:
    """A sine that falls in pitch. Parameters: hertz, sweep hertz, sweep s, decay s, click level, drive."""
    t = _times(length, p)
    base, sweep, fall, decay, click, drive = p[:, :6, None].unbind(1)
    phase = 2 * math.pi * (base * t + sweep * fall * (1 - torch.exp(-t / fall)))
    body = torch.sin(phase) * torch.exp(-t / decay) + click * _noise(p, length) * torch.exp(-t / 0.003)
    return torch.tanh(drive * body) / torch.tanh(drive)


def snare(p: Tensor, length: int) -> Tensor:
    """Two modes and a noise burst. Parameters: hertz, tone decay s, noise decay s, noise share, low cut hertz."""
    t = _times(length, p)
    base, tone_decay, noise_decay, share, _ = p[:, :5, None].unbind(1)
    noise = _band(_noise(p, length), p[:, 4], torch.full_like(p[:, 4], 13_000.0))
    tone = torch.sin(2 * math.pi * base * t + 3 * (1 - torch.exp(-t / 0.02)))
    tone = tone + 0.6 * torch.sin(2 * math.pi * base * 1.83 * t)
    return 0.7 * (1 - share) * tone * torch.exp(-t / tone_decay) + 0.6 * share * noise * torch.exp(-t / noise_decay)


def clap(p: Tensor, length: int) -> Tensor:
    """Three quick bursts and a tail of band-passed noise. Parameters: low hertz, high hertz, tail s."""
    t = _times(length, p)
    envelope = torch.exp(-(t - 0.033).clamp(min=0) / p[:, 2:3]) * (t >= 0.033)
    for burst in range(3):
        envelope = envelope + torch.exp(-(t - burst * 0.011).clamp(min=0) / 0.006) * (t >= burst * 0.011)
    return 0.5 * _band(_noise(p, length), p[:, 0], p[:, 1]) * envelope


def cymbal(p: Tensor, length: int) -> Tensor:
    """Square partials and noise above a cut: hats, rides, shakers.

    Parameters: decay s, hertz, low cut hertz, share of metal, attack s.
    """
    t = _times(length, p)
    decay, base, _, metal, attack = p[:, :5, None].unbind(1)
    partials = torch.zeros(p.shape[0], length, device=p.device)
    for ratio in (2.0, 3.0, 4.16, 5.43, 6.79, 8.21):
        partials = partials + torch.sign(torch.sin(2 * math.pi * base * ratio * t))
    mixed = partials / 6 * metal + 0.7 * _noise(p, length) * (1 - metal)
    return _band(mixed, p[:, 2], torch.full_like(p[:, 2], 14_000.0)) * torch.exp(-t / decay) * (t / attack).clamp(max=1)


def tom(p: Tensor, length: int) -> Tensor:
    """A drum head with a small fall in pitch: toms, congas, rims. Parameters: hertz, decay s, bend."""
    t = _times(length, p)
    base, decay, bend = p[:, :3, None].unbind(1)
    return torch.sin(2 * math.pi * base * (t + bend * 0.03 * (1 - torch.exp(-t / 0.03)))) * torch.exp(-t / decay)


def harmonic(p: Tensor, length: int) -> Tensor:
    """A filtered sum of up to 20 harmonics with an ADSR envelope.

    Parameters: hertz, duration s, attack s, decay s, sustain, release s, brightness (cut-off over pitch), filter
    envelope amount, filter envelope s, missing even harmonics 0..1, spectral slope, vibrato depth, damping, resonance,
    glide, start phase in cycles. Harmonics above 14.5 kHz are left out, so nothing aliases.
    """
    t = _times(length, p)
    (hertz, duration, attack, decay, sustain, release, bright, amount, filter_decay, odd, slope, vibrato, damping,
     resonance, glide, phase) = p[:, :16, None].unbind(1)  # fmt: skip
    cycles = _cycles(p[:, 0], length) + phase + hertz * vibrato * torch.sin(2 * math.pi * 5 * t) / (2 * math.pi * 5)
    cycles = cycles + hertz * glide * 0.04 * (1 - torch.exp(-t / 0.04))
    angle = 2 * math.pi * cycles
    two_cos, previous, current = 2 * torch.cos(angle), torch.zeros_like(angle), torch.sin(angle)
    relative = 1 / (bright * (1 + amount * torch.exp(-t / filter_decay)))
    dull, fade = torch.exp(-t * damping), torch.ones_like(angle)
    total = torch.zeros_like(angle)
    for order in range(1, HARMONICS + 1):
        weight = torch.exp(-slope * math.log(order)) * (hertz * order < NYQUIST_GUARD)
        if order % 2 == 0:
            weight = weight * (1 - odd)
        x = order * relative
        gain = torch.rsqrt(1 + (x**2) ** 2) * (1 + resonance / (1 + (5 * (x - 1)) ** 2))
        total = total + weight * gain * fade * current
        previous, current = current, two_cos * current - previous
        fade = fade * dull
    envelope = (t / attack).clamp(max=1) * (sustain + (1 - sustain) * torch.exp(-(t - attack).clamp(min=0) / decay))
    return total * envelope * torch.exp(-(t - duration).clamp(min=0) / release)


def fm(p: Tensor, length: int) -> Tensor:
    """A two-operator tone. Parameters: hertz, duration s, decay s, ratio, index, index decay s, release s, tremolo."""
    t = _times(length, p)
    _, duration, decay, _, index, index_decay, release, tremolo = p[:, :8, None].unbind(1)
    carrier, modulator = _cycles(p[:, 0], length), _cycles(p[:, 0] * p[:, 3], length)
    envelope = (t / 0.003).clamp(max=1) * torch.exp(-t / decay) * torch.exp(-(t - duration).clamp(min=0) / release)
    envelope = envelope * (1 + tremolo * torch.sin(2 * math.pi * 5.3 * t))
    inner = index * torch.exp(-t / index_decay) * torch.sin(2 * math.pi * modulator)
    return envelope * torch.sin(2 * math.pi * carrier + inner)


VOICES: dict[str, Voice] = {
    "kick": kick,
    "snare": snare,
    "clap": clap,
    "cymbal": cymbal,
    "tom": tom,
    "harmonic": harmonic,
    "fm": fm,
}
