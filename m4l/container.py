"""The .amxd file: little-endian chunks outside, and inside the frozen patcher with its scripts, big-endian.

A frozen device carries its script, so that Max never has to look for it. Every byte follows from the contents.
"""

import struct
from dataclasses import dataclass

AUDIO_EFFECT = b"aaaa"
FROZEN_WITH_FILES = 7
HEADER = 16
IS_DEVICE = 17
WRITTEN = 2_082_844_800 + 1_767_225_600
"""Seconds since 1904 that stand in every file entry: 2026-01-01, always, so that a rebuild gives the same bytes."""


@dataclass(frozen=True)
class File:
    """One file inside the device. kind: Max's four letters, such as JSON or TEXT."""

    name: str
    kind: bytes
    data: bytes
    flag: int = 0


def audio_effect(patcher: File, scripts: tuple[File, ...]) -> bytes:
    """Return the bytes of a frozen audio effect; the patcher comes first and is the device."""
    payload = _frozen((patcher, *scripts))
    chunks = ((b"ampf", AUDIO_EFFECT), (b"meta", struct.pack("<I", FROZEN_WITH_FILES)), (b"ptch", payload))
    return b"".join(tag + struct.pack("<I", len(data)) + data for tag, data in chunks)


def _frozen(files: tuple[File, ...]) -> bytes:
    body, entries = b"", b""
    for file in files:
        entries += _entry(file, HEADER + len(body))
        body += file.data
    footer = _chunk(b"dlst", entries)
    return b"mx@c" + struct.pack(">IQ", HEADER, HEADER + len(body)) + body + footer


def _entry(file: File, offset: int) -> bytes:
    name = file.name.encode() + b"\0"
    name += b"\0" * (-len(name) % 4)
    numbers = ((b"sz32", len(file.data)), (b"of32", offset), (b"vers", 0), (b"flag", file.flag), (b"mdat", WRITTEN))
    fields = _chunk(b"type", file.kind) + _chunk(b"fnam", name)
    return _chunk(b"dire", fields + b"".join(_chunk(tag, struct.pack(">I", value)) for tag, value in numbers))


def _chunk(tag: bytes, data: bytes) -> bytes:
    return tag + struct.pack(">I", 8 + len(data)) + data
