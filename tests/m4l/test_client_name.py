"""Whoever names a request finds its takes by that name, and a restarted daemon is told from the old one."""

import pytest

from audiogen_daemon import messages as m
from audiogen_daemon.control.addresses import parse
from audiogen_daemon.session import Now, Session, remember, step
from audiogen_daemon.settings import Settings

NOW = Now(1.0, "2026-01-01T00:00:00+00:00")


def answers(session, address, *arguments):
    command = parse(address, list(arguments), m.Peer("127.0.0.1", 4000))
    _, effects = step(session, command, NOW)
    return [(e.address, *e.arguments) for e in effects if isinstance(e, m.Answer)]


@pytest.fixture
def session():
    return Session(entropy=b"one", engine="starting")


def test_every_take_of_a_named_request_is_queued_under_its_name(session):
    said = answers(session, "/generate", "warm rhodes", "client", "live-1/1", "variations", 2)

    assert said == [("/take/queued", 1, 0, "live-1/1", "A"), ("/take/queued", 2, 1, "live-1/1", "B")]


def test_a_name_needs_no_prompt_beside_it(session):
    assert answers(session, "/generate", "client", "tablet", "seed", 5) == [("/take/queued", 1, 0, "tablet")]


def test_an_unnamed_request_is_queued_as_before(session):
    assert answers(session, "/generate", "warm rhodes") == [("/take/queued", 1, 0)]


@pytest.mark.parametrize("name", ["", "x" * 65, "two\nlines"])
def test_a_name_that_cannot_be_repeated_is_refused(session, name):
    ((address, path, reason, *_),) = answers(session, "/generate", "warm rhodes", "client", name)

    assert (address, path) == ("/error", "/generate")
    assert "1 to 64 printable characters" in reason


def test_whoever_missed_a_stem_asks_for_it_once_more(session):
    take = m.Take(7, "7" * 32, Settings(), NOW.wall)
    after = remember(session, take, "/stems/ä 7.wav")

    assert answers(after, "/stem", 7) == [("/stem/saved", 7, "/stems/ä 7.wav")]
    ((address, path, reason),) = answers(after, "/stem", 8)
    assert (address, path, reason) == ("/error", "/stem", "take 8 has no stem; the last is 7")


def test_status_tells_one_run_of_the_daemon_from_the_next():
    def daemon(entropy):
        _, (reply,) = step(Session(entropy=entropy), parse("/status", [], m.Peer("127.0.0.1", 4000)), NOW)
        return dict(reply.facts)["daemon"]

    assert daemon(b"one") == daemon(b"one")
    assert daemon(b"one") != daemon(b"two")
