"""Recording the input: how long, from when on, and what is said of it."""

import pytest

from audiogen_daemon import messages as m
from audiogen_daemon.transport import Grid
from tests.session.test_session import ASKER, errors, play, ready, told


def playing(tempo: float = 90.0, beats: int = 3):
    """A session whose DAW began to play a bar at 100 s; its settings have another tempo since."""
    words = (m.TransportTempo(tempo), m.TransportSignature(beats, 4), m.TransportPlaying(True), m.TransportBeat(0.0))
    return play(ready(), *words, m.SetValue("tempo", 120))[0]


def order(session, *messages, at: float = 100.0) -> m.StartRecording:
    effects = play(session, *messages, at=at)[1]
    assert errors(effects) == []
    [found] = [effect for effect in effects if isinstance(effect, m.StartRecording)]
    return found


def test_bars_last_as_the_settings_have_them_while_the_daw_stands():
    words = (m.SetValue("tempo", 92), m.SetValue("signature", "7/8"))
    assert order(ready(), *words, m.RecordInput(4.0)) == m.StartRecording(4.0, 4 * 7 * 0.5 * 60 / 92)


def test_while_the_daw_plays_its_bars_count_and_are_waited_for():
    found = order(playing(), m.RecordInput(2.0), at=101.0)
    assert (found.bars, found.seconds) == (2.0, 2 * 3 * 60 / 90)
    assert found.grid == Grid(100.0, 60 / 90, 3 * 60 / 90, 110.0)


def test_a_daw_that_has_fallen_silent_is_not_waited_for():
    assert order(playing(), m.RecordInput(2.0), at=120.0) == m.StartRecording(2.0, 2 * 3 * 60 / 120)


@pytest.mark.parametrize(
    ("words", "bars", "seconds"),
    [
        ((m.SetValue("tempo", 60), m.SetValue("bars", 8)), 8.0, 32.0),
        ((m.SetValue("tempo", 60),), 4.0, 16.0),
        ((m.SetValue("seconds", 7),), 0.0, 7.0),
    ],
)
def test_without_a_number_the_bars_that_are_set_count_or_four_or_seconds(words, bars, seconds):
    assert order(ready(), *words, m.RecordInput()) == m.StartRecording(bars, seconds)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((m.RecordInput(4.0),), "4 bars need a tempo; send /set/tempo"),
        ((m.SetValue("tempo", 60), m.RecordInput(0.0)), "0 is outside 0.25 to 256 bars"),
        ((m.SetValue("tempo", 60), m.SetValue("bars", 8), m.RecordInput(400.0)), "400 is outside 0.25 to 256 bars"),
        ((m.RecordInput(1.0),), "1 bar needs a tempo; send /set/tempo"),
        ((m.SetValue("tempo", 60), m.RecordInput(300.0)), "0.25 to 256"),
        ((m.SetValue("tempo", 30), m.RecordInput(200.0)), "200 bars at 30 bpm last 1600 s, more than 600 s"),
        ((m.RecordInput(), m.RecordInput()), "recorded already"),
        ((m.RecordStop(),), "nothing is being recorded"),
    ],
)
def test_what_cannot_be_recorded_is_refused_with_its_cure(words, reason):
    assert reason in errors(play(ready(), *words)[1])[-1]


def test_whoever_asked_and_everybody_hear_how_it_goes():
    session, _ = play(ready(), m.RecordInput(sender=ASKER, address="/record"))
    events = (
        m.RecordingWaiting(1.5),
        m.RecordingStarted("recording_001.wav", 8.0),
        m.RecordingProgress(4.0, -12.0),
        m.RecordingDone("recording_001.wav", 8.0, "/stems/in/recording_001.wav", "it clips"),
    )
    session, effects = play(session, *events)
    assert {effect.to for effect in effects} == {ASKER}
    assert all(effect.all_peers for effect in effects)
    assert told(effects) == [
        ("/record/waiting", 1.5),
        ("/record/started", "recording_001.wav", 8.0),
        ("/record/progress", 4.0, -12.0),
        ("/record/done", "recording_001.wav", 8.0, "/stems/in/recording_001.wav"),
        ("/error", "/record", "recording_001.wav: it clips"),
    ]
    assert session.recording is None


@pytest.mark.parametrize(
    ("end", "word"),
    [
        (m.RecordingCancelled(), ("/record/cancelled",)),
        (m.RecordingFailed("no input"), ("/error", "/record", "no input")),
    ],
)
def test_after_any_end_the_next_recording_can_begin(end, word):
    session, effects = play(ready(), m.RecordInput(), m.RecordStop(), end)
    assert effects[1:-1] == [m.EndRecording()]
    assert told(effects)[-1] == word
    order(session, m.RecordInput())


def test_status_says_whether_the_input_is_recorded():
    session, _ = play(ready(), m.RecordInput())
    for state, expected in ((session, 1), (ready(), 0)):
        [reply] = play(state, m.Status())[1]
        assert isinstance(reply, m.AnswerStatus)
        assert dict(reply.facts)["recording"] == expected
