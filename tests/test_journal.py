"""The journal keeps accepted takes until their stems have landed."""

import os
from pathlib import Path

import pytest

from audiogen_daemon.errors import CommandError
from audiogen_daemon.journal import HISTORY, Journal
from audiogen_daemon.messages import Take
from audiogen_daemon.settings import Settings


def take(number: int) -> Take:
    settings = Settings(prompt=f"take {number}", seed=number, signature=(7, 8), temperature=0.5)
    return Take(number, f"uid{number}", settings, "2026-01-01T00:00:00+00:00", batch=(number, number + 1))


@pytest.fixture
def path(tmp_path) -> Path:
    return tmp_path / "state" / "journal.sqlite3"


def test_accepted_takes_come_back_as_they_were(path):
    journal = Journal(path)
    journal.record([take(1), take(2)])
    journal.close()
    assert Journal(path).pending() == [take(1), take(2)]


def test_landed_and_ended_takes_are_not_made_again(path):
    journal = Journal(path)
    journal.record([take(n) for n in (1, 2, 3)])
    journal.done(1, Path("/stems/a.wav"))
    journal.ended(2)
    assert journal.pending() == [take(3)]
    assert journal.finished() == [(take(1), "/stems/a.wav")]


def test_a_landed_take_cannot_be_ended(path):
    journal = Journal(path)
    journal.record([take(1)])
    journal.done(1, Path("/stems/a.wav"))
    journal.ended(1)
    assert journal.finished() == [(take(1), "/stems/a.wav")]


@pytest.mark.parametrize("name", [b"/stems/b.wav", b"/stems/\xff\n.wav"])
def test_a_stem_with_another_name_is_known_by_it_also_later(path, name):
    journal = Journal(path)
    journal.record([take(1)])
    journal.done(1, Path("/stems/a.wav"))
    journal.moved(Path("/stems/a.wav"), Path(os.fsdecode(name)))
    journal.close()
    assert Journal(path).finished() == [(take(1), os.fsdecode(name))]


def test_a_name_given_again_belongs_to_the_later_take(path):
    journal = Journal(path)
    journal.record([take(1), take(2)])
    journal.done(1, Path("/stems/a.wav"))
    journal.done(2, Path("/stems/a.wav"))
    assert journal.finished() == [(take(2), "/stems/a.wav")]


@pytest.mark.parametrize("damage", [b"no journal at all" * 500, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_journal_is_put_aside_and_begun_anew(path, damage, caplog):
    path.parent.mkdir()
    path.write_bytes(damage)
    journal = Journal(path)
    journal.record([take(1)])
    assert journal.pending() == [take(1)]
    [aside] = path.parent.glob("*.damaged-*")
    assert aside.read_bytes() == damage
    assert "the journal is damaged" in caplog.text


def test_a_journal_that_cannot_be_opened_is_named_with_the_cure(path):
    path.mkdir(parents=True)
    with pytest.raises(CommandError, match=r"sqlite3 cannot be opened \(unable to open database file\); check"):
        Journal(path)


def test_ids_are_never_used_twice(path):
    journal = Journal(path)
    journal.record([take(7)])
    journal.ended(7)
    assert journal.next_id() == 8


def test_history_is_bounded_and_pending_takes_are_not(path):
    journal = Journal(path)
    journal.record([take(n) for n in range(1, HISTORY + 12)])
    for n in range(2, HISTORY + 12):
        journal.done(n, Path(f"{n}.wav"))
    assert len(journal.finished()) == HISTORY
    assert journal.pending() == [take(1)]
