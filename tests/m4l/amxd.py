"""Reads .amxd files strictly and independently of the builder: every length must come out even."""

import json
import struct
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Entry:
    """One file of a frozen device."""

    name: str
    kind: str
    flag: int
    modified: int
    data: bytes


@dataclass(frozen=True)
class Device:
    """kind: four letters, aaaa for an audio effect. version: what stands in `meta`, None when there is none."""

    kind: str
    version: int | None
    files: tuple[Entry, ...]

    @property
    def patcher(self) -> dict[str, Any]:
        first = self.files[0].data
        assert first.endswith(b"\0"), "the patcher must end with a NUL"
        patcher: dict[str, Any] = json.loads(first[:-1].decode("utf-8"))["patcher"]
        return patcher

    def file(self, name: str) -> bytes:
        (found,) = [entry.data for entry in self.files if entry.name == name]
        return found


def read(data: bytes) -> Device:
    chunks = _outer(data)
    tags = [tag for tag, _ in chunks]
    assert tags in (["ampf", "meta", "ptch"], ["ampf", "ptch"]), tags
    inside = dict(chunks)
    version = struct.unpack("<I", inside["meta"])[0] if "meta" in inside else None
    assert len(inside["ampf"]) == 4
    return Device(inside["ampf"].decode("ascii"), version, _frozen(inside["ptch"]))


def _outer(data: bytes) -> list[tuple[str, bytes]]:
    chunks, at = [], 0
    while at < len(data):
        tag, size = struct.unpack_from("<4sI", data, at)
        assert at + 8 + size <= len(data), f"{tag!r} claims {size} of {len(data) - at - 8} bytes"
        chunks.append((tag.decode("ascii"), data[at + 8 : at + 8 + size]))
        at += 8 + size
    return chunks


def _frozen(payload: bytes) -> tuple[Entry, ...]:
    magic, header, footer = struct.unpack_from(">4sIQ", payload, 0)
    assert (magic, header) == (b"mx@c", 16)
    ((tag, listing),) = _inner(payload[footer:])
    assert tag == "dlst"
    entries, expected = [], header
    for tag, entry in _inner(listing):
        assert tag == "dire"
        fields = dict(_inner(entry))
        assert list(fields) == ["type", "fnam", "sz32", "of32", "vers", "flag", "mdat"]
        size, offset, version, flag, modified = (
            struct.unpack(">I", fields[name])[0] for name in ("sz32", "of32", "vers", "flag", "mdat")
        )
        assert (offset, version) == (expected, 0), "files lie back to back"
        assert len(fields["fnam"]) % 4 == 0
        assert fields["fnam"].endswith(b"\0")
        expected += size
        name = fields["fnam"].rstrip(b"\0").decode("utf-8")
        kind = fields["type"].decode("ascii")
        entries.append(Entry(name, kind, flag, modified, payload[offset : offset + size]))
    assert expected == footer, "the footer follows the last file"
    return tuple(entries)


def _inner(data: bytes) -> list[tuple[str, bytes]]:
    chunks, at = [], 0
    while at < len(data):
        tag, size = struct.unpack_from(">4sI", data, at)
        assert size >= 8
        assert at + size <= len(data), f"{tag!r} claims {size} of {len(data) - at} bytes"
        chunks.append((tag.decode("ascii"), data[at + 8 : at + size]))
        at += size
    return chunks
