"""Are a checkpoint's files the ones that were published? Compared by SHA-256 with the folder's SHA256SUMS."""

import hashlib
from pathlib import Path

from audiogen_daemon.models.reading import CheckpointError

QUICK_BYTES = 256_000_000
"""Files up to this size are checked whenever a model is loaded; larger ones once, when they are fetched."""


def check_integrity(path: Path, largest: int = QUICK_BYTES) -> int:
    """Compare files with the folder's SHA256SUMS, if it has one; the number of files compared.

    Args:
        largest: bytes above which a file is passed over.

    Raises:
        CheckpointError: names the file that is missing or differs.
    """
    sums = path / "SHA256SUMS"
    if not sums.exists():
        return 0
    checked = 0
    for line in sums.read_text(encoding="utf-8").splitlines():
        if not line.strip():
            continue
        wanted, _, name = line.partition(" ")
        name = name.strip().lstrip("*")
        if Path(name).name != name:
            raise CheckpointError(f"{sums}: {name!r} is not a file name in this folder")
        if not (path / name).exists():
            raise CheckpointError(f"{path / name}: missing, but listed in SHA256SUMS; fetch the model again")
        if (path / name).stat().st_size > largest:
            continue
        if _sha256(path / name) != wanted.lower():
            raise CheckpointError(f"{path / name}: differs from its SHA256SUMS entry; damaged, fetch the model again")
        checked += 1
    return checked


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
