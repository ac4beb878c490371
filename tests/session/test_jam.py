"""The rules of a jam and of mixed prompts."""

import pytest

from audiogen_daemon import messages as m
from tests.session.test_session import errors, kinds, play, ready, told


def jamming(**changes):
    return play(ready(presets=("a", "b", "c", "d"), **changes), m.JamStart("endless"))


def test_a_jam_starts_follows_what_is_set_and_stops():
    session, effects = jamming()
    assert kinds(effects) == [m.RunJam, m.Notify, m.Answer]
    jam = effects[0].take.id
    session, effects = play(session, m.SetValue("temperature", 0.5), m.SetValue("seconds", 4))
    [steer] = [e for e in effects if isinstance(e, m.Steer)]
    assert (steer.take, steer.settings.temperature) == (jam, 0.5)
    session, effects = play(session, m.SetValue("prompt", "darker"))
    assert effects[-1].settings.prompt == "darker"
    session, effects = play(session, m.JamStop())
    assert effects == [m.Stop(jam)]
    session, effects = play(session, m.JobCancelled(jam, 9.0))
    assert session.jam is None
    assert ("/jam/stopped", jam) in told(effects)


def test_what_cancels_a_take_ends_the_jam_too():
    session, effects = jamming()
    jam = effects[0].take.id
    for command in (m.Cancel(), m.Cancel(jam), m.CancelAll()):
        assert play(session, command)[1] == [m.Stop(jam)]


def test_a_take_that_waits_is_cancelled_by_its_id_while_a_jam_plays():
    session, _ = jamming()
    session, _ = play(session, m.Generate())
    take = session.queue[0].id
    assert ("/take/cancelled", take) in told(play(session, m.Cancel(take))[1])


def test_starting_a_jam_that_plays_changes_its_prompt():
    session, _ = jamming()
    session, effects = play(session, m.JamStart("brighter"))
    assert kinds(effects) == [m.Answer, m.Steer]
    assert session.jam.settings.prompt == "brighter"


def test_the_prompt_that_a_jam_starts_with_is_everybodys_from_then_on():
    session, effects = play(ready(), m.JamStart("endless"))
    assert ("/state/prompt", "endless") in told(effects)
    session, effects = play(session, m.JamStart("brighter"))
    assert ("/state/prompt", "brighter") in told(effects)
    assert session.settings.prompt == "brighter"
    assert session.prompted == session.next_take


def test_takes_wait_while_a_jam_plays_and_a_jam_waits_for_takes():
    session, _ = jamming()
    session, effects = play(session, m.Generate())
    assert m.Run not in kinds(effects)
    jam = session.jam.id
    _, effects = play(session, m.JobCancelled(jam, 1.0))
    assert m.Run in kinds(effects)
    session, _ = play(ready(), m.Generate())
    assert "takes are being made" in errors(play(session, m.JamStart())[1])[0]


def test_a_jam_that_has_not_sounded_cannot_be_kept():
    session, _ = play(jamming()[0], m.TakeAudible(1, 0.1), m.TransportTempo(120))
    session, effects = play(session, m.JobCancelled(session.jam.id, 1.0), m.JamStart(), m.JamKeep(2))
    assert errors(effects) == ["the jam has made no sound yet; wait for /take/audible"]
    assert m.KeepJam not in kinds(effects)


def test_the_end_of_a_jam_is_kept_as_a_take_of_so_many_bars():
    session, effects = jamming()
    session, _ = play(session, m.TakeAudible(effects[0].take.id, 0.1))
    session, effects = play(session, m.JamKeep(2))
    assert "need a tempo" in errors(effects)[0]
    session, _ = play(session, m.TransportTempo(120))
    for bars in (0, 400):
        assert errors(play(session, m.JamKeep(bars))[1]) == [f"{bars} is outside 0.25 to 256 bars"]
    session, effects = play(session, m.JamKeep(2))
    keep = effects[0]
    assert (keep.jam, keep.take.settings.length) == (session.jam.id, 4.0)
    assert keep.take.id != keep.jam


def test_a_jam_goes_on_from_its_end_after_the_engine_died():
    session, effects = jamming()
    first = effects[0].take.id
    session, _ = play(session, m.EngineState("restarting", "died"), m.EngineState("starting"))
    session, effects = play(session, m.EngineState("ready"))
    [run] = [e for e in effects if isinstance(e, m.RunJam)]
    assert run.after == first
    assert run.take.id != first
    assert run.take.settings.prompt == "endless"


def test_without_a_jam_there_is_nothing_to_stop_or_keep():
    for command in (m.JamStop(), m.JamKeep(4)):
        assert "no jam is playing" in errors(play(ready(), command)[1])[0]


def test_prompts_are_mixed_by_weight_in_takes_and_jams():
    session, _ = jamming()
    session, effects = play(session, m.MorphPrompt(1, "dark techno"), m.MorphWeights((0.25, 0.75)))
    assert session.settings.morph == (("a", 0.25), ("dark techno", 0.75))
    assert isinstance(effects[-1], m.Steer)
    session, _ = play(session, m.MorphWeights((0.0, 0.0)))
    assert session.settings.morph == ()


def test_a_prompt_that_is_mixed_can_be_exchanged_while_it_is_heard():
    session, _ = jamming()
    session, effects = play(session, m.MorphWeights((0.5, 0.5)), m.MorphPrompt(1, "dark techno"))
    assert effects[-1].settings.morph == (("a", 0.5), ("dark techno", 0.5))


def test_each_weight_has_a_fader_of_its_own():
    session, effects = play(ready(presets=("a", "b", "c", "d")), m.MorphWeight(3, 0.5), m.MorphWeight(0, 1.0))
    assert session.settings.morph == (("a", 1.0), ("d", 0.5))
    assert told(effects)[-2:] == [("/state/morph", 1.0, 0.0, 0.0, 0.5), ("/state/morph/0", 1.0)]
    assert "weight 1.5 is outside 0 to 1" in errors(play(session, m.MorphWeight(1, 1.5))[1])[0]
    assert play(session, m.MorphWeights((0, 0)))[0].settings.morph == ()


def test_the_state_tells_what_is_mixed():
    session, _ = play(ready(presets=("a", "b", "c", "d")), m.MorphPrompt(2, "dark"), m.MorphWeights((0.25, 0, 1)))
    said = told(play(session, m.GetState())[1])
    assert ("/state/morph", 0.25, 0, 1, 0.0) in said
    assert ("/state/morph/2", 1) in said
    assert [line[1:] for line in said if line[0] == "/state/morph/prompt"] == [
        (0, "a"),
        (1, "b"),
        (2, "dark"),
        (3, "d"),
    ]
    assert ("/state/gain", 0.0) in said


def test_wrong_slots_and_weights_are_refused():
    for command in (m.MorphPrompt(4), m.MorphWeights((2.0, 0.0)), m.MorphWeights((float("nan"), 1.0))):
        assert errors(play(ready(), command)[1])
    assert errors(play(ready(), m.MorphWeights((2.0, 0.3)))[1]) == ["2 0.3: not 2 to 4 weights of 0 to 1"]


DEAD = m.EngineState("restarting", "engine exited with signal 9 (SIGKILL)")
BACK = (m.EngineState("starting"), m.EngineState("ready"))


@pytest.mark.parametrize("command", [m.JamStop(), m.Cancel(), m.Cancel(1), m.CancelAll()])
@pytest.mark.parametrize("until", [(DEAD,), (DEAD, m.EngineState("starting"))])
def test_a_jam_that_is_stopped_while_its_engine_comes_back_ends_at_once_and_stays_so(command, until):
    session, effects = play(jamming()[0], *until, command)
    assert told(effects)[-2:] == [("/take/cancelled", 1), ("/jam/stopped", 1)]
    assert [m.Stop(1), m.Discard(1)] == [e for e in effects if isinstance(e, m.Stop | m.Discard)]
    session, effects = play(session, *BACK)
    assert session.jam is None
    assert m.RunJam not in kinds(effects)
    assert "no jam is playing" in errors(play(session, m.JamStop())[1])[0]
    session, effects = play(session, m.JamStart())
    assert m.RunJam in kinds(effects)


@pytest.mark.parametrize("command", [m.JamStop(), m.Cancel(), m.Cancel(1), m.CancelAll()])
@pytest.mark.parametrize("state", ["restarting", "down"])
def test_a_jam_whose_engine_dies_after_it_was_stopped_ends_once_instead_of_going_on(command, state):
    session, effects = play(jamming()[0], command, m.EngineState(state, "died"))
    said = told(effects)
    assert [line for line in said if line[0] in ("/take/cancelled", "/jam/stopped")] == [
        ("/take/cancelled", 1),
        ("/jam/stopped", 1),
    ]
    assert "/jam/start" not in [line[1] for line in said]
    session, effects = play(session, *BACK)
    assert m.RunJam not in kinds(effects)
    session, effects = play(session, m.JamStart("another"), m.EngineState("restarting", "died"), *BACK)
    assert len([e for e in effects if isinstance(e, m.RunJam)]) == 2


def test_a_jam_is_not_started_anew_before_the_one_that_is_stopped_has_ended():
    session, _ = play(jamming()[0], m.JamStop())
    session, effects = play(session, m.JamStart("another"))
    assert errors(effects) == ["the jam is being stopped; wait for /jam/stopped, then send /jam/start again"]
    assert session.settings.prompt == "endless"
    session, effects = play(session, m.JobCancelled(1, 1.0), m.JamStart("another"))
    assert m.RunJam in kinds(effects)


def test_takes_that_waited_for_a_jam_are_made_when_it_was_stopped_while_its_engine_came_back():
    session, _ = play(jamming()[0], m.Generate(), DEAD, m.JamStop())
    _, effects = play(session, *BACK)
    assert [e.takes[0].id for e in effects if isinstance(e, m.Run)] == [2]
