"""The drop folder and the two inboxes in it: what lands there is announced, made again, or offered to be followed."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from audiogen_daemon import messages as m
from audiogen_daemon.audio.dropfolder import (
    FOLLOWED,
    INPUT_ENDINGS,
    DropFolder,
    FolderBack,
    FolderEvent,
    FolderGone,
    Landed,
    Removed,
    Renamed,
    Unreadable,
)
from audiogen_daemon.engine import hearing

AGAIN = "again"
"""The folder inside the drop folder: a stem of ours that lands there is made once more, and stays where it is."""

Tell = Callable[[m.Message], None]


def watchers(folder: Path, tell: Tell) -> list[DropFolder]:
    """Return watchers, yet to be started, of the drop folder and its inboxes, which are made where they are not there.

    tell: called from the watchers' threads.
    """
    _make_inboxes(folder)
    return [
        DropFolder(folder, lambda event: _stem(event, tell)),
        DropFolder(folder / AGAIN, lambda event: _to_make_again(event, tell)),
        DropFolder(folder / FOLLOWED, lambda event: _to_follow(event, tell), endings=INPUT_ENDINGS),
    ]


def _make_inboxes(folder: Path) -> None:
    for name in (AGAIN, FOLLOWED):
        with contextlib.suppress(OSError):
            (folder / name).mkdir(exist_ok=True)


def _stem(event: FolderEvent, tell: Tell) -> None:
    match event:
        case Landed(path):
            tell(m.FileLanded(str(path)))
        case Removed(path):
            tell(m.FileRemoved(str(path)))
        case Renamed(old, new):
            tell(m.FileRenamed(str(old), str(new)))
        case FolderGone(path):
            tell(m.FolderState(str(path), False))
        case FolderBack(path):
            _make_inboxes(path)
            tell(m.FolderState(str(path), True))


def _to_make_again(event: FolderEvent, tell: Tell) -> None:
    match event:
        case Landed(path):
            tell(m.Again(path=str(path), address="/again"))
        case Unreadable(path):
            reason = f"{path.name} is damaged or no sound; save it again, and drop it once more"
            tell(m.FileUnusable("/again", reason))


def _to_follow(event: FolderEvent, tell: Tell) -> None:
    match event:
        case Landed(path):
            tell(_heard(path))
        case Unreadable(path):
            heard = _heard(path)
            tell(_cut_short(heard) if isinstance(heard, m.InputLanded) else heard)
        case Removed(path):
            tell(m.InputRemoved(path.name))
        case Renamed(old, new):
            tell(m.InputRemoved(old.name))
            tell(_heard(new))


def _heard(path: Path) -> m.InputLanded | m.FileUnusable:
    try:
        if not path.resolve().is_relative_to(path.parent.parent.resolve()):
            where = "is a link that leads out of the drop folder; copy the sound itself into the in folder"
            return m.FileUnusable("/input/landed", f"{path.name} {where}")
        return m.InputLanded(path.name, hearing.seconds_of(path))
    except (OSError, ValueError) as error:
        return m.FileUnusable("/input/landed", str(error))


def _cut_short(heard: m.InputLanded) -> m.FileUnusable:
    return m.FileUnusable("/input/landed", f"{heard.name} is cut short after {heard.seconds:.3g} s; save it again")
