"""The DAW's clock reaches the monitor and the settings, from OSC or from Link, and only from the one that is asked."""

import dataclasses

import pytest

from audiogen_daemon import messages as m
from audiogen_daemon.session import Now, Session, step
from audiogen_daemon.settings import Settings
from audiogen_daemon.transport import Grid


def play(session: Session, *messages: m.Message, at: float = 100.0) -> tuple[Session, list[m.Effect]]:
    effects: list[m.Effect] = []
    for message in messages:
        session, more = step(session, message, Now(at, ""))
        effects += more
    return session, effects


def grids(effects: list[m.Effect]) -> list[Grid | None]:
    return [effect.grid for effect in effects if isinstance(effect, m.SetGrid)]


def started(at: float = 100.0) -> tuple[Session, list[m.Effect]]:
    session = Session(entropy=b"e" * 16, settings=Settings(launch="bar"))
    words = (m.TransportTempo(120.0), m.TransportSignature(3, 4), m.TransportPlaying(True), m.TransportBeat(0.0))
    return play(session, *words, at=at)


def test_the_monitor_hears_where_bars_fall_once_the_daw_plays_and_when_it_stops():
    session, effects = started()
    assert [(g.origin, g.beat, g.bar) for g in grids(effects)] == [(100.0, 0.5, 1.5)]
    session, effects = play(session, m.TransportBeat(2.0), at=101.0)
    assert grids(effects) == []
    _, effects = play(session, m.TransportPlaying(False), at=102.0)
    assert grids(effects) == [None]


def test_the_monitor_hears_of_jumps_tempo_and_signature():
    session, _ = started()
    for message in (m.TransportBeat(2.5), m.TransportTempo(90.0), m.TransportSignature(7, 8)):
        session, effects = play(session, message, at=101.0)
        assert len(grids(effects)) == 1


def test_a_clock_that_goes_on_is_kept_fresh_without_a_message_per_beat():
    session, _ = started()
    told = 0
    for i in range(600):
        session, effects = play(session, m.TransportBeat(i / 10), at=100.0 + i / 20)
        told += len(grids(effects))
    assert 3 <= told <= 10
    assert session.grid.until > 130.0


def test_a_message_counts_from_when_it_was_received():
    session, _ = started()
    session, _ = play(session, m.TransportBeat(10.0, received=104.0), at=104.3)
    assert session.transport.beat_at(104.0) == pytest.approx(10.0)


def test_what_no_clock_can_say_is_refused_and_changes_nothing():
    session, _ = started()
    for message in (m.TransportBeat(1e30), m.TransportBeat(-1e30), m.TransportTempo(0.001), m.TransportSignature(0, 4)):
        after, effects = play(session, message, at=101.0)
        assert after == session
        assert [effect.address for effect in effects] == ["/error"]


def test_playing_and_stopping_wait_for_what_launch_says():
    session, _ = started()
    take = m.Take(1, "uid", Settings(), "", batch=(1, 2))
    session, _ = play(session, m.StemSaved(take, "/stems/x.wav"))
    assert play(session, m.MonitorPlay())[1] == [m.PlayStem(1, "/stems/x.wav", "bar", (1, 2))]
    assert play(session, m.MonitorStop())[1] == [m.Silence("bar")]


def linked() -> Session:
    return Session(entropy=b"e" * 16, link=True)


def test_link_sets_tempo_and_bars_while_others_are_there():
    session, effects = play(linked(), m.LinkHeard(137.49988, 8.0, 1, 100.0))
    assert session.settings.tempo == 137.5
    grid = grids(effects)[0]
    assert grid.next(100.0, "bar") == pytest.approx(100.0, abs=1e-6)
    assert grid.bar == pytest.approx(4 * 60 / 137.49988)
    session, effects = play(session, m.LinkHeard(137.49988, 9.0, 0, 100.5))
    assert grids(effects) == [None]


def test_link_alone_leaves_the_tempo_to_the_musician():
    session, effects = play(linked(), m.LinkHeard(120.0, 8.0, 0, 100.0))
    assert (session.settings.tempo, effects) == (0.0, [])
    session, _ = play(session, m.LinkHeard(120.0, 9.0, 1, 100.5))
    assert session.settings.tempo == 120.0


def test_link_does_not_undo_a_tempo_that_was_set_for_takes():
    session, _ = play(linked(), m.LinkHeard(120.0, 8.0, 1, 100.0))
    session, _ = play(session, m.SetValue("tempo", 90.0), m.LinkHeard(120.0, 8.1, 1, 100.05))
    assert session.settings.tempo == 90.0
    session, _ = play(session, m.LinkHeard(121.0, 8.2, 1, 100.1))
    assert session.settings.tempo == 121.0


def test_a_tempo_of_link_that_no_take_can_have_is_told_once():
    session, effects = play(linked(), m.LinkHeard(20.0, 8.0, 1, 100.0), m.LinkHeard(20.0, 8.1, 1, 100.3))
    assert [e.arguments for e in effects if isinstance(e, m.Notify)] == [
        ("/set/tempo", "Link: 20 is outside 30 to 300 bpm (0 switches it off)")
    ]
    assert session.grid is not None


def test_osc_does_not_disturb_link_but_still_tells_the_signature():
    session, _ = play(linked(), m.LinkHeard(120.0, 8.0, 1, 100.0))
    words = (m.TransportBeat(77.3), m.TransportPlaying(False), m.TransportTempo(99.0))
    after, effects = play(session, *words)
    assert (after.transport, grids(effects)) == (session.transport, [])
    after, effects = play(after, m.TransportSignature(3, 4))
    assert grids(effects)[0].bar == pytest.approx(1.5)


def test_without_link_osc_is_followed():
    session, effects = play(linked(), m.LinkMissing("no Ableton Link; install it"))
    assert effects == [m.Notify("/error", ("/transport", "no Ableton Link; install it"))]
    assert dataclasses.replace(session, link=False) == session
