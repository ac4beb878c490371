"""The drop folder is watched: what lands in it, leaves it or changes its name is announced, whoever did it.

The truth is what a scan finds; events of the operating system only say when to scan. So every platform's quirks, lost
events and network disks end the same way, and nothing is announced twice.
"""

import contextlib
import stat
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver

from audiogen_daemon.audio.wav import is_whole

_BURST = 0.02  # seconds
FOLLOWED = "in"
"""The folder inside the drop folder for sound whose melody or style is followed."""

SOUND_ENDINGS = frozenset({".wav", ".flac", ".aif", ".aiff"})
INPUT_ENDINGS = SOUND_ENDINGS | {".mp3", ".ogg"}
"""Stems are never of the other kinds, but what is followed may be."""


@dataclass(frozen=True)
class Landed:
    """A sound file is in the folder, whole."""

    path: Path


@dataclass(frozen=True)
class Unreadable:
    """A file that is named like sound is in the folder, and is none that can be read."""

    path: Path


@dataclass(frozen=True)
class Removed:
    """A sound file that was there is gone."""

    path: Path


@dataclass(frozen=True)
class Renamed:
    """A sound file has another name within the folder."""

    old: Path
    new: Path


@dataclass(frozen=True)
class FolderGone:
    """The folder itself is not there; its files are not announced one by one."""

    path: Path


@dataclass(frozen=True)
class FolderBack:
    """The folder is there again, and may be written to."""

    path: Path


FolderEvent = Landed | Unreadable | Removed | Renamed | FolderGone | FolderBack


@dataclass(frozen=True)
class Entry:
    """What tells one state of a file from another."""

    inode: int
    size: int
    modified: int


def scan(folder: Path, endings: frozenset[str] = SOUND_ENDINGS) -> dict[str, Entry]:
    """Return the sound files in a folder by name; hidden ones and everything else are left out, such as pipes, on which
    a reader would wait for ever, and links that lead nowhere.

    Raises:
        OSError: the folder is not there or may not be read.
    """
    found = {}
    for path in folder.iterdir():
        if path.name.startswith(".") or path.suffix.lower() not in endings:
            continue
        with contextlib.suppress(OSError):
            status = path.stat()
            if stat.S_ISREG(status.st_mode):
                found[path.name] = Entry(status.st_ino, status.st_size, status.st_mtime_ns)
    return found


@dataclass(frozen=True)
class Difference:
    """What changed between two scans: names, and (old, new) pairs of names."""

    removed: list[str]
    renamed: list[tuple[str, str]]
    fresh: list[str]


def compare(known: Mapping[str, Entry], found: Mapping[str, Entry]) -> Difference:
    """Tell what happened: a new name for what vanished under another one is a rename."""
    vanished = {entry: name for name, entry in known.items() if name not in found}
    renamed = []
    fresh = []
    for name, entry in found.items():
        if name not in known:
            old = vanished.pop(entry, None)
            if old is None:
                fresh.append(name)
            else:
                renamed.append((old, name))
        elif known[name] != entry:
            fresh.append(name)
    return Difference(sorted(vanished.values()), renamed, fresh)


class DropFolder:
    """Watches one folder, not those inside it.

    Files that are there at the start are known, not announced. A file is announced when it has kept its size and time
    for `settle` seconds and can be read as sound.

    Args:
        on_event: called from the watcher's own thread.
        settle: seconds. rescan: seconds between scans when the operating system says nothing.
        patience: seconds that a file may stay as it is without being whole until that is said.
        endings: of the files that are watched.
    """

    def __init__(
        self,
        folder: Path,
        on_event: Callable[[FolderEvent], None],
        settle: float = 0.2,
        rescan: float = 3.0,
        patience: float = 2.0,
        endings: frozenset[str] = SOUND_ENDINGS,
    ) -> None:
        self._folder = folder
        self._on_event = on_event
        self._settle = settle
        self._rescan = rescan
        self._patience = patience
        self._endings = endings
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._observer: BaseObserver | None = None
        self._identity: tuple[int, int] | None = None
        self._known: dict[str, Entry] = {}
        self._settling: dict[str, tuple[Entry, float]] = {}
        self._unreadable: dict[str, Entry] = {}
        self._there = True

    def start(self) -> None:
        """Take note of what is there and begin to watch; a folder that is missing is waited for."""
        with contextlib.suppress(OSError):
            self._known = {
                name: entry for name, entry in scan(self._folder, self._endings).items() if self._readable(name)
            }
        self._thread = threading.Thread(target=self._run, name="dropfolder", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(5.0)
            self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._watch()
            self._look(time.monotonic())
            young = any(time.monotonic() - since < self._settle for _, since in self._settling.values())
            self._wake.wait(self._settle if young else self._rescan)
            # A burst of events is one look.
            self._closing.wait(_BURST)
            self._wake.clear()
        self._unwatch()

    def _look(self, now: float) -> None:
        try:
            found = scan(self._folder, self._endings)
        except OSError:
            if self._there:
                self._there = False
                self._settling.clear()
                self._on_event(FolderGone(self._folder))
            return
        if not self._there:
            self._there = True
            self._on_event(FolderBack(self._folder))
        self._follow_unannounced(found)
        difference = compare(self._known, found)
        for name in difference.removed:
            del self._known[name]
            self._on_event(Removed(self._folder / name))
        for old, new in difference.renamed:
            del self._known[old]
            self._known[new] = found[new]
            self._on_event(Renamed(self._folder / old, self._folder / new))
        before, self._settling = self._settling, {}
        for name in difference.fresh:
            entry, since = before.get(name, (found[name], now))
            if entry != found[name]:
                entry, since = found[name], now
            if now - since >= self._settle and self._readable(name):
                self._known[name] = entry
                self._on_event(Landed(self._folder / name))
            else:
                self._settling[name] = (entry, since)
                if now - since >= self._patience and self._unreadable.get(name) != entry:
                    self._unreadable[name] = entry
                    self._on_event(Unreadable(self._folder / name))
        self._unreadable = {name: entry for name, entry in self._unreadable.items() if name in self._settling}

    def _follow_unannounced(self, found: Mapping[str, Entry]) -> None:
        """Take what got another name before its first was announced as known by that: whoever saved it told it."""
        settling = {name: entry for name, (entry, _) in self._settling.items() if name not in self._known}
        for old, new in compare(settling, {name: found[name] for name in found if name not in self._known}).renamed:
            if self._readable(new):
                self._known[old] = found[new]

    def _readable(self, name: str) -> bool:
        try:
            return is_whole(self._folder / name)
        except OSError:
            return False

    def _watch(self) -> None:
        """Watch the folder that is there now: one that was made anew under the same name is another one."""
        try:
            status = self._folder.stat()
        except OSError:
            self._unwatch()
            return
        identity = (status.st_dev, status.st_ino)
        if self._observer is not None and identity == self._identity and self._observer.is_alive():
            return
        self._unwatch()
        observer = Observer()
        # Without events (a full inotify table, a network disk) the scans go on by themselves.
        with contextlib.suppress(OSError):
            observer.schedule(_Waker(self._wake), str(self._folder.resolve()))  # a link itself tells nothing
            observer.start()
            self._observer, self._identity = observer, identity

    def _unwatch(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join(5.0)
            self._observer = None


class _Waker(FileSystemEventHandler):
    """Turns any event that may change a scan's result into a wake-up."""

    def __init__(self, wake: threading.Event) -> None:
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type not in ("opened", "closed_no_write"):
            self._wake.set()
