"""Accepted means made: every accepted take stands here until its stem has landed, through any crash."""

import contextlib
import dataclasses
import json
import logging
import os
import sqlite3
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audiogen_daemon.errors import CommandError
from audiogen_daemon.messages import Take
from audiogen_daemon.settings import Settings

log = logging.getLogger(__name__)

HISTORY = 1000
"""Finished takes remembered, so that /continue and /again still know them after a restart."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS takes (
    id INTEGER PRIMARY KEY,
    take TEXT NOT NULL,      -- JSON of messages.Take
    state TEXT NOT NULL,     -- pending, done, ended (cancelled or failed)
    path TEXT NOT NULL       -- where its stem is
);
"""


class Journal:
    """The table of takes in the state folder: sqlite3 with a write-ahead log, each write synced to disk.

    A file that is damaged is put aside. Not thread-safe: one thread at a time uses it.

    Raises:
        CommandError: it cannot be opened or written; why, and the cure.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            try:
                self._db = _opened(path)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError as error:
                _put_aside(path, error)
                self._db = _opened(path)
        except sqlite3.Error as error:
            cure = "check the folder's rights and the space on its disk, or choose another: --set daemon.state=DIR"
            raise CommandError(f"the journal {path} cannot be opened ({error}); {cure}") from error

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def record(self, takes: Sequence[Take]) -> None:
        """Write accepted takes, all or none; on disk when this returns."""
        rows = [(take.id, json.dumps(dataclasses.asdict(take))) for take in takes]
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany("INSERT INTO takes VALUES (?, ?, 'pending', '')", rows)

    def done(self, take_id: int, path: Path) -> None:
        """The stem has landed; an earlier one of that name is no longer there."""
        self._db.execute("UPDATE takes SET state = 'ended' WHERE state = 'done' AND path = ?", (_plain(path),))
        self._db.execute("UPDATE takes SET state = 'done', path = ? WHERE id = ?", (_plain(path), take_id))
        self._db.execute("DELETE FROM takes WHERE state != 'pending' AND id <= ?", (take_id - HISTORY,))

    def moved(self, old: Path, new: Path) -> None:
        """A stem that landed has another name."""
        self._db.execute("UPDATE takes SET path = ? WHERE state = 'done' AND path = ?", (_plain(new), _plain(old)))

    def ended(self, take_id: int) -> None:
        """The take was cancelled or failed: it will not be made. A stem that landed stays known."""
        self._db.execute("UPDATE takes SET state = 'ended' WHERE id = ? AND state = 'pending'", (take_id,))

    def pending(self) -> list[Take]:
        """Return all that is still to be made, oldest first."""
        rows = self._db.execute("SELECT take FROM takes WHERE state = 'pending' ORDER BY id").fetchall()
        return [_take(text) for (text,) in rows]

    def finished(self) -> list[tuple[Take, str]]:
        """Return (take, path) of stems that landed, oldest first."""
        rows = self._db.execute("SELECT take, path FROM takes WHERE state = 'done' ORDER BY id").fetchall()
        return [(_take(text), os.fsdecode(path)) for text, path in rows]

    def next_id(self) -> int:
        """Return an id that no take ever had."""
        (highest,) = self._db.execute("SELECT COALESCE(MAX(id), 0) FROM takes").fetchone()
        return int(highest) + 1


def _opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.executescript(_SCHEMA)
        db.execute("SELECT take, state, path FROM takes").fetchall()
    except BaseException:
        db.close()
        raise
    return db


def _put_aside(path: Path, error: sqlite3.DatabaseError) -> None:
    """Keep a damaged journal for who can read it; without this the daemon would never start again."""
    aside = path.with_name(f"{path.name}.damaged-{time.time_ns()}")
    log.error("the journal is damaged (%s), begun anew; accepted takes that waited are in %s", error, aside)
    for ending in ("", "-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))


def _plain(path: Path) -> str | bytes:
    """Return a path as sqlite3 keeps it: as bytes where it is no UTF-8."""
    encoded = os.fsencode(path)
    try:
        return encoded.decode()
    except UnicodeDecodeError:
        return encoded


def _take(text: str) -> Take:
    values: dict[str, Any] = json.loads(text)
    return Take(**{**values, "settings": settings_from(values["settings"]), "batch": tuple(values["batch"])})


def settings_from(values: dict[str, Any]) -> Settings:
    """Return Settings from their JSON form; keys of another version are left out."""
    known = {f.name for f in dataclasses.fields(Settings)}
    kept: dict[str, Any] = {k: _frozen(v) for k, v in values.items() if k in known}
    return Settings(**kept)


def _frozen(value: Any) -> Any:
    """JSON knows lists alone; settings hold tuples."""
    return tuple(_frozen(v) for v in value) if isinstance(value, list) else value
