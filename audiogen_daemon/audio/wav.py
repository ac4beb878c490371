"""A WAV file is a list of chunks; this writes and finds them, and turns float samples into what they hold."""

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np
from numpy.typing import NDArray

from audiogen_daemon.audio.ring import PCM

Encoding = Literal["pcm24", "float32"]

_BLOCK = 1 << 16
_LIMIT = (1 << 32) - (1 << 20)  # bytes; RIFF sizes have 32 bits


@dataclass(frozen=True)
class Chunk:
    """Where one chunk's payload lies: `size` bytes at `offset`."""

    name: str
    offset: int
    size: int


def chunk(name: bytes, payload: bytes) -> bytes:
    """Return a chunk with its header, padded to an even length."""
    return name + struct.pack("<I", len(payload)) + payload + b"\0" * (len(payload) & 1)


def to_pcm24(pcm: PCM, dither: np.random.Generator) -> bytes:
    """Return samples as little-endian 24-bit integers, full scale 2**23, with triangular dither of ±1 step.

    Source: Lipshitz, Wannamaker, Vanderkooy, "Quantization and dither", JAES 40(5), 1992.
    """
    noise = dither.random(pcm.shape, dtype=np.float32) - dither.random(pcm.shape, dtype=np.float32)
    return _packed(pcm.astype(np.float64) * 2**23 + noise)


def _packed(steps: NDArray[np.float64]) -> bytes:
    whole = np.clip(np.round(steps), -(2**23), 2**23 - 1).astype("<i4")
    return whole.reshape(-1, 1).view(np.uint8)[:, :3].tobytes()


def write_wav(
    file: BinaryIO, pcm: PCM, rate: int, encoding: Encoding, before: bytes = b"", after: bytes = b"", seed: int = 0
) -> None:
    """Write a whole WAV file.

    Args:
        pcm: (samples, channels). before, after: chunks in front of `fmt ` and behind `data`.
        seed: of the dither, so that the same take gives the same bytes.

    Raises:
        ValueError: more than 4 GB.
    """
    samples, channels = pcm.shape
    width = 3 if encoding == "pcm24" else 4
    size = samples * channels * width
    file.write(_head(samples, channels, rate, encoding, before, len(after)))
    dither = np.random.default_rng(seed)
    for start in range(0, samples, _BLOCK):
        block = pcm[start : start + _BLOCK]
        file.write(to_pcm24(block, dither) if encoding == "pcm24" else block.astype("<f4").tobytes())
    file.write(b"\0" * (size & 1) + after)


def _head(samples: int, channels: int, rate: int, encoding: Encoding, before: bytes = b"", after: int = 0) -> bytes:
    """Return all that stands in front of the samples; `after`: bytes behind them."""
    width = 3 if encoding == "pcm24" else 4
    size = samples * channels * width
    if size > _LIMIT:
        raise ValueError(f"{samples} samples of {channels} channels are {size} bytes; a WAV file holds {_LIMIT}")
    kind = 1 if encoding == "pcm24" else 3
    header = struct.pack("<HHIIHH", kind, channels, rate, rate * channels * width, channels * width, 8 * width)
    if encoding == "float32":
        form = chunk(b"fmt ", header + b"\0\0") + chunk(b"fact", struct.pack("<I", samples))
    else:
        form = chunk(b"fmt ", header)
    data = b"data" + struct.pack("<I", size)
    total = 4 + len(before) + len(form) + len(data) + size + (size & 1) + after
    return b"RIFF" + struct.pack("<I", total) + b"WAVE" + before + form + data


class GrowingWav:
    """A 24-bit WAV file that is written while its samples come in; it is whole once `finish` has returned.

    There is no dither: what an input of 24 bits or fewer gave is kept bit by bit.
    """

    def __init__(self, file: BinaryIO, rate: int, channels: int) -> None:
        self.samples = 0
        self._file, self._rate, self._channels = file, rate, channels
        file.write(_head(0, channels, rate, "pcm24"))

    def write(self, pcm: PCM) -> None:
        """Append samples (samples, channels)."""
        self._file.write(_packed(pcm.astype(np.float64) * 2**23))
        self.samples += len(pcm)

    def finish(self) -> None:
        """Say in front of the samples how many there are."""
        self._file.write(b"\0" * (self.samples * self._channels * 3 & 1))
        self._file.seek(0)
        self._file.write(_head(self.samples, self._channels, self._rate, "pcm24"))


def find_chunks(file: BinaryIO) -> Iterator[Chunk]:
    """Yield the chunks of a RIFF or RF64 file in their order; a chunk that runs past the end is not yielded.

    Raises:
        ValueError: it is not a WAV file.
    """
    end = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if len(head) < 12 or head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        raise ValueError("not a WAV file: it does not begin with RIFF and WAVE")
    offset = 12
    while offset + 8 <= end:
        file.seek(offset)
        name, size = struct.unpack("<4sI", file.read(8))
        if head[:4] == b"RF64" and name == b"data" and size == 0xFFFFFFFF:
            size = end - offset - 8  # its true size stands in another chunk
        if offset + 8 + size > end:
            return
        yield Chunk(name.decode("latin-1"), offset + 8, size)
        offset += 8 + size + (size & 1)


def is_whole(path: Path) -> bool:
    """Whether the file is sound that can be read now: a WAV file with all of its data, or one that begins like FLAC,
    AIFF, Ogg or MP3."""
    with path.open("rb") as file:
        head = file.read(12)
        if head[:4] in (b"fLaC", b"OggS") or (head[:4] == b"FORM" and head[8:] in (b"AIFF", b"AIFC")):
            return True
        if head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1:2] >= b"\xe0"):
            return True
        try:
            return {"fmt ", "data"} <= {found.name for found in find_chunks(file)}
        except ValueError:
            return False
