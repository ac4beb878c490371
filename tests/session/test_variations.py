"""Takes by number and by letter, and the list of takes for whoever comes late."""

import pytest

from audiogen_daemon import messages as m
from audiogen_daemon.control.addresses import parse
from audiogen_daemon.session import accept_journal
from audiogen_daemon.settings import Settings
from tests.session.test_session import ASKER, errors, kinds, play, ready, told


def made(session, *ids):
    """The session once the running takes of these ids have landed."""
    for number in ids:
        take = session.running.take(number)
        session, _ = play(session, m.JobDone(number, 1.0, 1.0), m.TakeFinished(take, 1.0, 1.0))
        session, _ = play(session, m.StemSaved(take, f"/stems/{number}.wav"))
    return session


@pytest.fixture
def session():
    """Take 1 alone, then 2 to 4 as variations of one request; all have landed, and take 1 was heard last."""
    first, _ = play(ready(), m.Generate())
    session, _ = play(made(first, 1), m.Generate(changes=(("variations", 3), ("loop", 1))))
    return play(made(session, 2, 3, 4), m.TakePlaying(1, 0.1))[0]


def played(session, *arguments):
    session, effects = play(session, parse("/monitor/play", list(arguments), ASKER))
    [effect] = [e for e in effects if isinstance(e, m.PlayStem)]
    return session, effect


@pytest.mark.parametrize(
    ("word", "take"),
    [
        *(("3.B", 3), ("2.B", 3), ("4.b", 3), (" 3 C ", 4), ("2B", 3), ("4.A", 2)),
        *((3, 3), ("3", 3), (3.0, 3), ("3.0", 3), ("1.A", 1)),
    ],
)
def test_a_variation_is_named_by_any_take_of_its_request_and_its_letter(session, word, take):
    _, effect = played(session, word)
    batch = () if take == 1 else (2, 3, 4)
    assert (effect.take, effect.path, effect.batch) == (take, f"/stems/{take}.wav", batch)


def test_a_letter_alone_means_the_request_that_is_heard(session):
    assert played(session, "A")[1].take == 1
    session, _ = play(session, m.MonitorState("speakers"))
    session, _ = played(session, "2.C")
    session, effect = played(session, "B")
    assert effect.take == 3
    session, _ = play(session, m.TakePlaying(4, 0.1))
    assert played(session, "A", 1.0)[1].take == 2


def test_a_letter_alone_means_the_last_request_when_nothing_was_heard(session):
    assert played(play(session, m.TakePlaying(99, 0.1))[0], "A")[1].take == 2


def test_what_was_asked_for_without_a_monitor_was_not_heard(session):
    session, _ = play(session, m.TakePlaying(99, 0.1))
    session, _ = played(session, 1)
    assert played(session, "B")[1].take == 3


def test_a_button_that_is_let_go_plays_nothing():
    assert parse("/monitor/play", ["B", 0.0], None) is None


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("3.D", "variation D of take 3 is not there; there is A (2), B (3), C (4)"),
        ("1.B", "variation B of take 1 is not there; there is A (1)"),
        ("Z", "variation Z of take 1 is not there; there is A (1)"),
        ("9.A", "there is no take 9; the last is 4.C"),
        (9, "take 9 has no stem; the last is 4"),
        ("take", '"take" is no take; send its number, a letter from A on, or both as "7.B"'),
        ("-3.B", '"-3.B" is no take'),
    ],
)
def test_what_is_not_there_is_refused_with_what_is(session, word, reason):
    _, effects = play(session, parse("/monitor/play", [word], ASKER))
    assert reason in errors(effects)[0]


def test_a_variation_that_is_still_made_is_refused_until_it_has_landed():
    session, _ = play(ready(), m.Generate(changes=(("variations", 2),)))
    for word in ("1.A", "1.B"):
        assert (
            "still being made; there is none yet" in errors(play(session, parse("/monitor/play", [word], None))[1])[0]
        )
    session = made(session, 1)
    assert "there is A (1)" in errors(play(session, parse("/monitor/play", ["1.B"], None))[1])[0]
    assert played(session, "2.A")[1].take == 1


def test_variations_are_queued_with_their_letters():
    _, effects = play(ready(), m.Generate(changes=(("variations", 3),)))
    assert told(effects) == [("/take/queued", n, n - 1, "", letter) for n, letter in ((1, "A"), (2, "B"), (3, "C"))]


def test_whoever_comes_late_hears_of_every_take_in_order(session):
    session, _ = play(session, m.Generate("x" * 300, (("variations", 2),)), m.Generate("later"))
    session, _ = play(session, m.JobDone(5, 1.0, 1.0))
    rows = told(play(session, parse("/takes", [], ASKER))[1])
    prompt = "warm rhodes"
    assert rows == [
        ("/takes/reply", 1, "saved", "A", "tone", prompt, "/stems/1.wav"),
        ("/takes/reply", 2, "saved", "A", "tone", prompt, "/stems/2.wav"),
        ("/takes/reply", 3, "saved", "B", "tone", prompt, "/stems/3.wav"),
        ("/takes/reply", 4, "saved", "C", "tone", prompt, "/stems/4.wav"),
        ("/takes/reply", 5, "done", "A", "tone", "x" * 200, ""),
        ("/takes/reply", 6, "started", "B", "tone", "x" * 200, ""),
        ("/takes/reply", 7, "queued", "A", "tone", "later", ""),
    ]
    assert told(play(session, parse("/takes", [2], ASKER))[1]) == rows[-2:]
    assert len(told(play(session, parse("/takes", [1.0], ASKER))[1])) == 7


def test_a_take_is_done_until_it_is_saved_and_held_while_the_drop_folder_refuses_it():
    def row(*events):
        nonlocal session
        session, _ = play(session, *events)
        [row] = told(play(session, parse("/takes", [], ASKER))[1])
        return row[2], row[-1]

    session, _ = play(ready(), m.Generate())
    take = session.running.take(1)
    assert row(m.JobDone(1, 1.0, 1.0)) == ("done", "")
    assert row(m.TakeFinished(take, 1.0, 1.0)) == ("done", "")
    assert row(m.StemHeld(take, "/stems is gone")) == ("held", "")
    refused = errors(play(session, parse("/monitor/play", ["1.A"], None))[1])[0]
    assert "variation A of take 1 is held until the drop folder takes it" in refused
    assert row(m.StemSaved(take, "/stems/1.wav")) == ("saved", "/stems/1.wav")


def test_a_take_that_an_earlier_daemon_held_is_told_too():
    held = m.Take(7, "u", Settings(model="tone", prompt="old", seed=1), "then")
    session = accept_journal(ready(engine="starting", next_take=8), (), (held,))
    [row] = told(play(session, parse("/takes", [], ASKER))[1])
    assert row[1:3] == (7, "held")
    assert m.Run not in kinds(play(session, m.EngineState("ready"))[1])


def test_takes_are_asked_for_in_a_number_that_fits():
    assert "0 takes are outside 1 to 100" in parse("/takes", ["0"], None).reason
    assert told(play(ready(), parse("/takes", [], ASKER))[1]) == []


@pytest.mark.parametrize("word", ["/monitor/play", "/continue", "/again", "/stem"])
@pytest.mark.parametrize("before", [(), (1,)])
@pytest.mark.parametrize(
    ("landing", "reason"),
    [
        ("finishing", "has been made and is being finished; it lands in a moment"),
        ("done", "has been made and lands in a moment"),
        ("held", "is held until the drop folder takes it"),
    ],
)
def test_of_a_take_that_is_made_and_has_no_stem_yet_is_said_where_it_is(word, before, landing, reason):
    session = ready()
    for number in before:
        session = made(play(session, m.Generate())[0], number)
    session, _ = play(session, m.Generate())
    [take] = session.running.takes
    session, _ = play(session, m.JobDone(take.id, 1.0, 1.0))
    if landing != "finishing":
        session, _ = play(session, m.TakeFinished(take, 1.0, 1.0))
    if landing == "held":
        session, _ = play(session, m.StemHeld(take, "/stems is gone"))
    for address in (word, "/cancel"):
        assert errors(play(session, parse(address, [take.id], ASKER))[1]) == [f"take {take.id} {reason}"]
    letter = errors(play(session, parse("/monitor/play", [f"{take.id}.A"], ASKER))[1])[0]
    assert letter.startswith(f"variation A of take {take.id} {reason}; there is none yet")
    if not before and landing != "finishing":
        assert errors(play(session, parse(word, [], ASKER))[1]) == [f"take {take.id} {reason}"]


def test_a_take_that_nothing_could_keep_is_not_told_as_held():
    session, _ = play(ready(), m.Generate())
    take = session.running.take(1)
    session, effects = play(session, m.JobDone(1, 1.0, 1.0), m.TakeFinished(take, 1.0, 1.0))
    session, effects = play(session, m.StemUnsaved(take, "the disk is full", "it is made again"))
    assert errors(effects) == ["take 1 is not saved: the disk is full; it is made again"]
    assert told(play(session, parse("/takes", [], ASKER))[1]) == []
