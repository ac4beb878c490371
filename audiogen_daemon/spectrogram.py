"""A picture of a sound: its spectrogram as a PNG, so that a take can be looked at."""

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from audiogen_daemon.audio.ring import PCM

WIDTH, HEIGHT = 1000, 320
RANGE_DB = 80.0
LOWEST = 40.0
"""Hz at the bottom of the picture; the scale is logarithmic."""
_COLOURS = np.array([(8, 8, 20), (60, 20, 90), (190, 50, 80), (250, 160, 60), (255, 250, 200)], np.float64)


def draw(pcm: PCM, rate: int, path: Path) -> None:
    """Write the spectrogram of (samples, channels), time to the right, 40 Hz to half the rate upwards."""
    mono = pcm.mean(axis=1)
    size = 2048
    padded = np.pad(mono, size // 2)
    starts = np.linspace(0, max(len(padded) - size, 0), WIDTH).astype(int)
    frames = np.stack([padded[s : s + size] for s in starts]) * np.hanning(size)
    power = np.abs(np.fft.rfft(frames))
    bins = np.geomspace(LOWEST, rate / 2, HEIGHT) / (rate / size)
    rows = power[:, np.clip(bins.astype(int), 0, size // 2)]
    level = 20 * np.log10(rows / max(float(power.max()), 1e-9) + 1e-9)
    place = np.clip(1 + level / RANGE_DB, 0, 1).T[::-1] * (len(_COLOURS) - 1)
    low = np.minimum(place.astype(int), len(_COLOURS) - 2)
    blend = (place - low)[..., None]
    path.write_bytes(_png((_COLOURS[low] * (1 - blend) + _COLOURS[low + 1] * blend).astype(np.uint8)))


def _png(pixels: NDArray[np.uint8]) -> bytes:
    """Return (rows, columns, 3) as a PNG file. Source: W3C, Portable Network Graphics (third edition), section 5."""
    rows, columns, _ = pixels.shape

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = np.concatenate([np.zeros((rows, 1), np.uint8), pixels.reshape(rows, -1)], axis=1).tobytes()
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
