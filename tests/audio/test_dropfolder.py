"""The drop folder announces what happens in it, once, whoever does it."""

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiogen_daemon.audio.dropfolder import (
    DropFolder,
    FolderBack,
    FolderEvent,
    FolderGone,
    Landed,
    Removed,
    Renamed,
    Unreadable,
)


class Events:
    """Collects events, and waits for one with a deadline."""

    def __init__(self) -> None:
        self.all: list[FolderEvent] = []
        self.changed = threading.Condition()

    def __call__(self, event: FolderEvent) -> None:
        with self.changed:
            self.all.append(event)
            self.changed.notify_all()

    def wait(self, event: FolderEvent, seconds: float = 10.0) -> None:
        with self.changed:
            assert self.changed.wait_for(lambda: event in self.all, seconds), f"no {event}, but {self.all}"


Watch = Callable[..., tuple[Path, Events]]


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Watch]:
    watchers: list[DropFolder] = []

    def begin(rescan: float = 60.0, present: tuple[str, ...] = (), patience: float = 60.0) -> tuple[Path, Events]:
        folder, events = tmp_path / "stems", Events()
        folder.mkdir()
        for name in present:
            sound(folder / name)
        watcher = DropFolder(folder, events, settle=0.05, rescan=rescan, patience=patience)
        watcher.start()
        watchers.append(watcher)
        return folder, events

    yield begin
    for watcher in watchers:
        watcher.close()


def sound(path: Path, samples: int = 1000) -> Path:
    soundfile.write(path, np.zeros((samples, 1), np.float32), 48000, subtype="PCM_24")
    return path


def test_a_stem_that_appears_under_its_name_lands_once(watch: Watch) -> None:
    folder, events = watch()
    part = sound(folder.parent / "x.wav").rename(folder / ".a.wav.1.part")
    part.rename(folder / "a.wav")
    events.wait(Landed(folder / "a.wav"))
    sound(folder / "b.wav")
    events.wait(Landed(folder / "b.wav"))
    assert events.all.count(Landed(folder / "a.wav")) == 1


def test_a_file_moved_in_from_elsewhere_lands(watch: Watch, tmp_path: Path) -> None:
    folder, events = watch()
    sound(tmp_path / "foreign.wav").rename(folder / "foreign Ü 🎹.wav")
    events.wait(Landed(folder / "foreign Ü 🎹.wav"))


def test_a_file_that_is_still_written_lands_when_it_is_whole(watch: Watch, tmp_path: Path) -> None:
    folder, events = watch()
    whole = sound(tmp_path / "whole.wav", 48000).read_bytes()
    with (folder / "slow.wav").open("wb") as file:
        for start in range(0, len(whole), 30_000):
            file.write(whole[start : start + 30_000])
            file.flush()
            sound(folder / f"meanwhile{start}.wav")
            events.wait(Landed(folder / f"meanwhile{start}.wav"))
            if start + 30_000 < len(whole):
                assert Landed(folder / "slow.wav") not in events.all
    events.wait(Landed(folder / "slow.wav"))


def test_removing_and_renaming_are_followed(watch: Watch) -> None:
    folder, events = watch(present=("a.wav", "b.wav"))
    (folder / "a.wav").unlink()
    events.wait(Removed(folder / "a.wav"))
    (folder / "b.wav").rename(folder / "c.wav")
    events.wait(Renamed(folder / "b.wav", folder / "c.wav"))
    assert not any(isinstance(event, Landed) for event in events.all)


def test_what_is_renamed_as_soon_as_it_is_there_is_followed_too(tmp_path: Path) -> None:
    events = Events()
    watcher = DropFolder(tmp_path, events)
    sound(tmp_path / "a.wav")
    watcher._look(0.0)
    (tmp_path / "a.wav").rename(tmp_path / "b.wav")
    watcher._look(0.1)
    watcher._look(9.0)
    assert events.all == [Renamed(tmp_path / "a.wav", tmp_path / "b.wav")]


def test_a_folder_that_is_a_link_is_watched_as_well(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    events = Events()
    with DropFolder(tmp_path / "link", events, rescan=60.0):
        first = sound(tmp_path / "link" / "a.wav")  # the first scan may have seen it
        events.wait(Landed(first))
        events.wait(Landed(sound(tmp_path / "link" / "b.wav")))


def test_hidden_files_and_what_is_not_sound_are_ignored(watch: Watch) -> None:
    folder, events = watch()
    sound(folder / ".hidden.wav")
    (folder / "notes.txt").write_text("x")
    (folder / "not-sound.wav").write_text("this is no RIFF file")
    sound(folder / "last.wav")
    events.wait(Landed(folder / "last.wav"))
    assert events.all == [Landed(folder / "last.wav")]


def test_pipes_and_links_that_lead_nowhere_stop_nothing(watch: Watch) -> None:
    folder, events = watch(rescan=0.1)
    os.mkfifo(folder / "pipe.wav")
    (folder / "ring.wav").symlink_to(folder / "ring.wav")
    (folder / "gone.wav").symlink_to(folder / "nowhere.wav")
    (folder / "folder.wav").mkdir()
    events.wait(Landed(sound(folder / "a.wav")))
    odd = folder / os.fsdecode(b"\xff\n.wav")
    sound(folder.parent / "x.wav").rename(odd)
    events.wait(Landed(odd))
    assert len(events.all) == 2


def test_a_file_that_is_no_sound_is_named_once_and_lands_when_it_is_mended(watch: Watch) -> None:
    folder, events = watch(rescan=0.05, patience=0.2)
    (folder / "broken.wav").write_bytes(b"RIFF\x10\0\0\0WAVE nonsense")
    events.wait(Unreadable(folder / "broken.wav"))
    for name in ("one", "two", "three"):
        sound(folder / f"{name}.wav")
        events.wait(Landed(folder / f"{name}.wav"))
    assert events.all.count(Unreadable(folder / "broken.wav")) == 1

    (folder / "broken.wav").write_bytes(b"RIFF\x10\0\0\0WAVE again")
    events.wait(Landed(sound(folder / "four.wav")))
    deadline = time.monotonic() + 10
    while events.all.count(Unreadable(folder / "broken.wav")) < 2 and time.monotonic() < deadline:
        events.wait(Landed(sound(folder / f"{time.monotonic_ns()}.wav")))
    assert events.all.count(Unreadable(folder / "broken.wav")) == 2
    sound(folder / "broken.wav")
    events.wait(Landed(folder / "broken.wav"))


def test_a_file_replaced_in_place_lands_again(watch: Watch) -> None:
    folder, events = watch(present=("a.wav",))
    sound(folder / "a.wav", 2000)
    events.wait(Landed(folder / "a.wav"))


def test_the_folder_may_go_and_come_back(watch: Watch) -> None:
    folder, events = watch(rescan=0.1, present=("a.wav",))
    shutil.rmtree(folder)
    events.wait(FolderGone(folder))
    folder.mkdir()
    events.wait(FolderBack(folder))
    events.wait(Removed(folder / "a.wav"))
    sound(folder / "b.wav")
    events.wait(Landed(folder / "b.wav"))


def test_what_no_event_told_is_found_by_the_next_scan(watch: Watch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audiogen_daemon.audio.dropfolder._Waker.on_any_event", lambda self, event: None)
    folder, events = watch(rescan=0.1)
    sound(folder / "quiet.wav")
    events.wait(Landed(folder / "quiet.wav"))


def test_closing_is_quick(watch: Watch) -> None:
    folder, events = watch()
    sound(folder / "a.wav")
    events.wait(Landed(folder / "a.wav"))
    watcher = DropFolder(folder, events)
    watcher.start()
    begun = time.monotonic()
    watcher.close()
    assert time.monotonic() - begun < 1.0
