"""Drafts and finals: what is made once more on a larger model, when, and what it gives way to."""

import dataclasses
from types import MappingProxyType

import pytest

from audiogen_daemon import messages as m
from audiogen_daemon.session import accept_journal
from tests.session.test_session import ASKER, errors, kinds, play, ready, told

FINISH = (("finish_with", "large"),)


def sketching(**changes):
    """A session with a small and a large model, whose takes shall have finals."""
    session = ready(installed=("tone", "large", "other"), **changes)
    return dataclasses.replace(session, settings=dataclasses.replace(session.settings, finish_with="large"))


def finished(session, take_id, *more):
    """The session after the engine and the finisher are done with a take, and what came of it."""
    session, effects = play(session, m.JobDone(take_id, 10.0, 2.0))
    [take] = [take for take in session.finishing if take.id == take_id]
    session, rest = play(session, m.TakeFinished(take, 10.0, 2.0), *more)
    return session, [*effects, *rest]


def run(effects) -> list[int]:
    return [take.id for effect in effects if isinstance(effect, m.Run) for take in effect.takes]


def recorded(effects) -> list[m.Take]:
    return [effect.take for effect in effects if isinstance(effect, m.Record)]


def test_a_draft_that_is_done_is_made_once_more_on_the_larger_model_from_the_same_seed():
    session, effects = play(sketching(), m.Generate("dusty loop", (("seed", 7), ("seconds", 4))))
    assert [t for t in told(effects) if t[0] == "/take/queued"] == [("/take/queued", 1, 0)]
    draft, final = recorded(effects)
    assert run(effects) == [1]
    session, effects = finished(session, 1)
    assert told(effects) == [("/take/done", 1, 10.0, 2.0), ("/take/final", 1, 2), ("/take/queued", 2, 0)]
    assert run(effects) == [2]
    assert final.settings == dataclasses.replace(draft.settings, model="large", finish_with="")
    assert (draft.settings.model, draft.settings.seed, draft.final, final.draft_of) == ("tone", 7, final.uid, draft.uid)
    session, effects = finished(session, 2)
    assert told(effects) == [("/take/done", 2, 10.0, 2.0)]
    assert (session.finals, session.queue, session.running) == ((), (), None)


def test_finals_wait_behind_every_request_and_keep_their_order():
    session, _ = play(sketching(), m.Generate(), m.Generate(), m.Generate(changes=(("finish_with", "off"),)))
    order = []
    for _ in range(5):
        [running] = session.running.takes
        session, effects = finished(session, running.id)
        order += run(effects)
    assert order == [3, 5, 2, 4]


def test_a_running_final_gives_way_and_is_made_from_the_beginning_afterwards():
    session, _ = play(sketching(), m.Generate())
    session, _ = finished(session, 1)
    session, effects = play(session, m.Generate(changes=(("finish_with", ""),)))
    assert [t for t in told(effects) if t[0] == "/take/queued"] == [("/take/queued", 3, 0)]
    assert m.Stop(2) in effects
    session, effects = play(session, m.JobCancelled(2, 3.0))
    assert [kind for kind in kinds(effects) if kind in (m.Forget, m.SaveStem)] == []
    assert m.Discard(2) in effects
    assert told(effects) == [("/take/queued", 2, 1)]
    assert run(effects) == [3]
    session, effects = finished(session, 3)
    assert run(effects) == [2]


def test_a_running_final_is_asked_to_stop_once():
    session, _ = play(sketching(), m.Generate())
    session, _ = finished(session, 1)
    _, effects = play(session, m.Generate(), m.Generate(), m.Generate())
    assert kinds(effects).count(m.Stop) == 1


def test_a_final_that_was_done_before_it_could_give_way_is_done():
    session, _ = play(sketching(), m.Generate())
    session, _ = finished(session, 1)
    session, _ = play(session, m.Generate(changes=(("finish_with", ""),)))
    session, effects = finished(session, 2)
    assert ("/take/done", 2, 10.0, 2.0) in told(effects)
    assert run(effects) == [3]
    assert session.finals == ()


def test_a_kept_partial_stem_is_no_reason_to_save_a_final_that_gave_way():
    session, _ = play(sketching(keep_partial=True), m.Generate())
    session, _ = finished(session, 1)
    _, effects = play(session, m.Generate(), m.JobCancelled(2, 3.0))
    assert m.SaveStem not in kinds(effects)


def test_each_variation_has_its_final_and_they_are_made_one_by_one():
    session, effects = play(sketching(), m.Generate(changes=(("variations", 2), ("seed", 5))))
    takes = recorded(effects)
    assert [(t.id, t.settings.seed, t.settings.model) for t in takes] == [
        (1, 5, "tone"),
        (2, 6, "tone"),
        (3, 5, "large"),
        (4, 6, "large"),
    ]
    assert [(t.letter, t.batch) for t in takes] == [("A", (1, 2)), ("B", (1, 2)), ("A", (3, 4)), ("B", (3, 4))]
    assert {t.in_phase for t in takes} == {(1, 2, 3, 4)}
    session, _ = finished(session, 1)
    session, effects = finished(session, 2)
    assert run(effects) == [3]
    session, effects = finished(session, 3)
    assert run(effects) == [4]


def test_what_a_draft_follows_and_goes_on_from_its_final_follows_too():
    source = m.Take(9, "u", sketching().settings, "then")
    changes = (("melody", "tune.wav"), ("bars", 4), ("tempo", 120), ("loop", 1), ("key", "A minor"), *FINISH)
    _, effects = play(ready(installed=("tone", "large")), m.Generate("x", changes))
    draft, final = recorded(effects)
    assert dataclasses.replace(final.settings, model="tone", finish_with="large") == draft.settings
    session, _ = play(sketching(next_take=10), m.StemSaved(source, "/stems/a.wav"))
    _, effects = play(session, m.Continue(9))
    assert [take.continues for take in recorded(effects)] == ["/stems/a.wav"] * 2


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ((("finish_with", "musicgen-medium"),), "run: audiogen-daemon fetch musicgen-medium"),
        ((("finish_with", "other"),), "needs about 9 GB"),
        ((("finish_with", "tone"),), "is the model of the takes themselves"),
        ((("finish_with", "large"), ("seconds", 40)), "outside 0.1 to 30 s of large"),
    ],
)
def test_a_final_that_cannot_be_made_is_named_at_once_and_the_draft_is_made_all_the_same(changes, words):
    warm = (m.ModelInfo("large", 32000, 1, 30.0, 0.1, 0),)
    refused = MappingProxyType({"other": "other needs about 9 GB and the budget is 8 GB"})
    before = ready(installed=("tone", "large", "other"), warm=warm, refused=refused)
    session, effects = play(before, m.Generate(changes=changes, sender=ASKER, address="/generate"))
    [answer] = [e for e in effects if isinstance(e, m.Answer) and e.address == "/error"]
    assert (answer.to, answer.arguments[0]) == (ASKER, "/take/final")
    assert words in answer.arguments[1]
    assert run(effects) == [1]
    session, effects = finished(session, 1)
    assert "/take/final" not in [t[0] for t in told(effects)]
    assert session.next_take == 2


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("musicgen-medium", "run: audiogen-daemon fetch musicgen-medium"),
        ("tone", "is the model of the takes themselves"),
        ("a/b", "no model name"),
    ],
)
def test_a_model_that_can_finish_nothing_is_refused_and_the_setting_stays(value, words):
    before = sketching()
    session, effects = play(before, m.SetValue("finish_with", value))
    assert session == before
    assert words in errors(effects)[0]
    assert 'the value stays "large"' in errors(effects)[0]


@pytest.mark.parametrize("word", ["off", "", "none", 0, False])
def test_finishing_is_switched_off_in_words_and_by_zero(word):
    session, effects = play(sketching(), m.SetValue("finish_with", word))
    assert told(effects) == [("/state/finish_with", "")]
    _, effects = play(session, m.Generate())
    assert len(recorded(effects)) == 1


def test_more_finals_than_may_wait_are_refused_and_the_drafts_are_made():
    session, _ = play(sketching(queue_limit=2), m.Generate(), m.Generate())
    _, effects = play(session, m.Generate())
    assert [len(recorded(effects)), "2 finals wait and 2 are allowed" in errors(effects)[0]] == [1, True]


def test_a_draft_that_is_cancelled_or_fails_takes_its_final_along_unheard():
    session, _ = play(sketching(), m.Generate(), m.Generate())
    session, effects = play(session, m.Cancel(3))
    assert (m.Forget(4) in effects, told(effects)) == (True, [("/take/cancelled", 3)])
    session, effects = play(session, m.JobFailed(1, "request", "no such tune"))
    assert (m.Forget(2) in effects, told(effects)) == (True, [("/take/failed", 1, "request", "no such tune")])
    assert (session.finals, session.running) == ((), None)


def test_a_waiting_and_a_running_final_can_be_cancelled():
    session, _ = play(sketching(), m.Generate(), m.Generate())
    session, _ = finished(session, 1)
    session, effects = play(session, m.Cancel(2))
    assert effects == [m.Forget(2), m.Notify("/take/cancelled", (2,))]
    session, _ = finished(session, 3)
    session, effects = play(session, m.Cancel(4))
    assert effects == [m.Stop(4)]
    session, effects = play(session, m.JobCancelled(4, 1.0))
    assert (m.Forget(4) in effects, told(effects)) == (True, [("/take/cancelled", 4)])
    assert session.finals == ()


def test_a_final_that_gives_way_can_still_be_cancelled():
    session, _ = play(sketching(), m.Generate())
    session, _ = finished(session, 1)
    session, effects = play(session, m.Generate(changes=(("finish_with", ""),)), m.Cancel(2), m.JobCancelled(2, 1.0))
    assert ("/take/cancelled", 2) in told(effects)
    assert (session.finals, run(effects)) == ((), [3])


def test_cancel_alone_means_what_was_asked_for_and_a_final_only_when_there_is_nothing_else():
    session, _ = play(sketching(), m.Generate())
    session, _ = finished(session, 1)
    assert play(session, m.Cancel())[1] == [m.Stop(2)]
    session, effects = play(session, m.Generate(), m.Cancel())
    assert ("/take/cancelled", 3) in told(effects)
    _, effects = play(session, m.JobCancelled(2, 1.0))
    assert run(effects) == [2]


def test_cancel_all_ends_drafts_and_finals_once_each():
    session, _ = play(sketching(), m.Generate(), m.Generate(), m.Generate())
    session, _ = finished(session, 1)
    session, effects = play(session, m.CancelAll(), m.JobCancelled(3, 0.0))
    assert sorted(t[1] for t in told(effects) if t[0] == "/take/cancelled") == [2, 3, 5]
    assert {e.take for e in effects if isinstance(e, m.Forget)} == {2, 3, 4, 5, 6}
    assert (session.queue, session.finals, session.running) == ((), (), None)


def test_a_final_that_gives_way_is_ended_by_cancel_all():
    session, _ = play(sketching(), m.Generate())
    session, _ = finished(session, 1)
    session, effects = play(session, m.Generate(), m.CancelAll(), m.JobCancelled(2, 1.0))
    assert sorted(t[1] for t in told(effects) if t[0] == "/take/cancelled") == [2, 3]
    assert (session.finals, session.running) == ((), None)


def test_a_jam_has_no_finals_and_a_running_one_gives_way_to_it():
    session, _ = play(sketching(), m.Generate())
    session, _ = finished(session, 1)
    session, effects = play(session, m.JamStart("endless"))
    assert kinds(effects) == [m.Stop, m.RunJam, m.Notify, m.Answer]
    assert effects[1].take.settings.finish_with == ""
    jam = session.jam.id
    session, effects = play(session, m.JobCancelled(2, 1.0))
    assert run(effects) == []
    session, effects = play(session, m.JamKeep())
    assert session.finals != ()
    session, effects = play(session, m.JamStop(), m.JobCancelled(jam, 5.0))
    assert run(effects) == [2]


def test_a_daemon_that_stops_does_not_wait_for_a_final_and_leaves_it_in_the_journal():
    session, _ = play(sketching(), m.Generate())
    session, _ = finished(session, 1)
    session, effects = play(session, m.Drain())
    assert effects == [m.Stop(2)]
    session, effects = play(session, m.JobCancelled(2, 1.0))
    assert (session.running, m.Forget in kinds(effects), run(effects)) == (None, False, [])


def test_finals_of_an_earlier_daemon_are_made_after_its_drafts_and_after_what_is_asked_now():
    _, effects = play(sketching(), m.Generate(), m.Generate())
    journal = tuple(recorded(effects))
    session = accept_journal(sketching(engine="starting", next_take=5), journal[1:])  # the first draft has landed
    session, _ = play(session, m.Generate(changes=(("finish_with", ""),)), m.EngineState("ready"))
    order = [take.id for take in session.running.takes]
    while session.running:
        session, effects = finished(session, session.running.takes[0].id)
        order += run(effects)
    assert order == [3, 5, 2, 4]


def test_takes_that_there_are_are_told_with_the_finals_of_the_drafts_that_are_done():
    session, _ = play(sketching(), m.Generate(), m.Generate())
    session, _ = finished(session, 1)
    _, effects = play(session, m.ListTakes(9))
    assert [t[1:3] for t in told(effects)] == [(1, "done"), (2, "queued"), (3, "started")]


def test_the_death_of_the_engine_fails_the_running_final_and_keeps_those_that_wait():
    session, _ = play(sketching(), m.Generate(), m.Generate())
    session, _ = finished(session, 1)
    session, _ = finished(session, 3)
    session, effects = play(session, m.EngineState("restarting", "signal 9"))
    assert ("/take/failed", 2, "engine", "signal 9") in told(effects)
    session, effects = play(session, m.EngineState("ready"))
    assert run(effects) == [4]
    _, effects = play(session, m.EngineState("down", "died"))
    assert ("/take/failed", 4, "engine", "died") in told(effects)


def test_a_final_is_not_heard_on_its_own_and_its_speed_does_not_count_for_what_is():
    session, _ = play(sketching(), m.Generate(changes=(("loop", 1),)))
    session, effects = finished(session, 1)
    assert m.PlayLoop in kinds(effects)
    session, _ = play(session, m.JobDone(2, 10.0, 0.1))
    assert session.speed == 2.0
    _, effects = play(session, m.TakeFinished(session.finishing[0], 10.0, 0.1))
    assert m.PlayLoop not in kinds(effects)


def test_the_last_take_is_the_last_that_was_asked_for_and_a_final_is_heard_by_its_number():
    session, effects = play(sketching(), m.Generate("x", (("loop", 1),)))
    draft, final = recorded(effects)
    session, _ = play(session, m.StemSaved(draft, "/s/a.wav"), m.StemSaved(final, "/s/a_large.wav"))
    [first] = play(session, m.MonitorPlay())[1]
    [second] = play(session, m.MonitorPlay(2))[1]
    assert (first.path, second.path) == ("/s/a.wav", "/s/a_large.wav")
    assert first.batch == second.batch == (1, 2)  # so that they swap in phase
    again = recorded(play(session, m.Again(2))[1])
    assert [take.settings.model for take in again] == ["large"]


def test_what_the_engine_refuses_is_known_until_it_says_otherwise():
    session, _ = play(sketching(), m.RefusedModels((("large", "large needs about 9 GB"),)))
    _, effects = play(session, m.Generate())
    assert "needs about 9 GB" in errors(effects)[0]
    session, _ = play(session, m.RefusedModels(()))
    assert errors(play(session, m.Generate())[1]) == []


def test_variations_of_which_one_was_cancelled_keep_their_seeds():
    session, _ = play(ready(engine="starting"), m.Generate(changes=(("variations", 3), ("seed", 5))), m.Cancel(2))
    session, effects = play(session, m.EngineState("ready"))
    assert run(effects) == [1]
    _, effects = play(session, m.JobDone(1, 1.0, 1.0))
    assert run(effects) == [3]


def test_whoever_comes_late_hears_which_take_a_final_makes_once_more():
    session, _ = finished(play(sketching(), m.Generate("dusty loop", (("seconds", 4),)))[0], 1)
    assert told(play(session, m.ListTakes(count=16, sender=ASKER))[1]) == [
        ("/takes/reply", 1, "done", "A", "tone", "dusty loop", ""),
        ("/takes/reply", 2, "started", "A", "large", "dusty loop", "", 1),
    ]
