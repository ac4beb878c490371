"""The rules, as values in and values out."""

import dataclasses

import pytest

from audiogen_daemon import messages as m
from audiogen_daemon.session import Now, Session, accept_journal, step
from audiogen_daemon.settings import Settings

ASKER = m.Peer("127.0.0.1", 5000)
NOW = Now(100.0, "2026-01-01T00:00:00+00:00")


def ready(**changes) -> Session:
    settings = Settings(model="tone", prompt="warm rhodes")
    session = Session(entropy=b"e" * 16, settings=settings, engine="ready", installed=("tone", "starter"))
    return dataclasses.replace(session, **changes)


def play(session: Session, *messages, at: float = 100.0) -> tuple[Session, list]:
    effects = []
    for message in messages:
        session, more = step(session, message, Now(at, NOW.wall))
        effects += more
    return session, effects


def told(effects) -> list[tuple]:
    return [(e.address, *e.arguments) for e in effects if isinstance(e, m.Notify | m.Answer)]


def kinds(effects) -> list[type]:
    return [type(e) for e in effects]


def errors(effects) -> list[str]:
    return [e.arguments[1] for e in effects if isinstance(e, m.Notify | m.Answer) and e.address == "/error"]


def test_generate_is_recorded_announced_and_run():
    session, effects = play(ready(), m.Generate("dusty loop", (("seconds", 4),)))
    assert kinds(effects) == [m.Record, m.Answer, m.Run]
    assert told(effects) == [("/take/queued", 1, 0)]
    [take] = effects[2].takes
    assert (take.settings.prompt, take.settings.seconds) == ("dusty loop", 4.0)
    assert take.settings.seed >= 0
    assert session.settings.prompt == "warm rhodes"


def test_takes_run_one_after_the_other():
    session, effects = play(ready(), m.Generate(), m.Generate(), m.Generate())
    assert told(effects) == [("/take/queued", 1, 0), ("/take/queued", 2, 1), ("/take/queued", 3, 2)]
    session, effects = play(session, m.JobDone(1, 10.0, 2.0))
    assert kinds(effects) == [m.Finish, m.Run]
    assert effects[1].takes[0].id == 2


def test_a_take_is_done_when_it_is_finished_and_says_what_was_found():
    session, effects = play(ready(), m.Generate(changes=(("loop", 1),)), m.JobDone(1, 10.5, 2.0))
    assert "/take/done" not in [t[0] for t in told(effects)]
    findings = (("tempo", 119.5), ("seam", 0.04))
    event = m.TakeFinished(session.finishing[0], 10.0, 2.0, (), findings)
    session, effects = play(session, event, event)
    assert kinds(effects) == [m.PlayLoop, m.SaveStem, m.Notify]
    assert effects[1].findings == findings
    assert told(effects) == [("/take/done", 1, 10.0, 2.0, "tempo", 119.5, "seam", 0.04)]
    assert session.finishing == ()


def test_of_looped_variations_the_one_that_is_heard_goes_over_into_its_loop():
    session, _ = play(ready(), m.Generate(changes=(("loop", 1), ("variations", 2))))
    session, _ = play(session, m.JobDone(1, 10.0, 2.0), m.JobDone(2, 10.0, 2.0))
    first, second = session.finishing
    session, effects = play(session, m.TakeFinished(second, 10.0, 2.0), m.TakeFinished(first, 10.0, 2.0))
    assert [effect.take.id for effect in effects if isinstance(effect, m.PlayLoop)] == [1]


def test_a_take_that_is_being_finished_cannot_be_cancelled_and_says_why():
    session, _ = play(ready(), m.Generate(), m.JobDone(1, 10.0, 2.0))
    assert errors(play(session, m.Cancel(1))[1]) == ["take 1 has been made and is being finished; it lands in a moment"]


def test_takes_wait_for_the_engine():
    session, effects = play(ready(engine="starting"), m.Generate())
    assert m.Run not in kinds(effects)
    _, effects = play(session, m.EngineState("ready"))
    assert m.Run in kinds(effects)


def test_seeds_differ_between_takes_and_a_fixed_seed_stays():
    _, effects = play(ready(), m.Generate(), m.Generate())
    seeds = [e.take.settings.seed for e in effects if isinstance(e, m.Record)]
    assert len(set(seeds)) == 2
    _, effects = play(ready(), m.Generate(changes=(("seed", 0),)))
    assert effects[0].take.settings.seed == 0


def test_variations_are_takes_with_neighbouring_seeds():
    _session, effects = play(ready(), m.Generate(changes=(("variations", 3), ("seed", 2**32 - 1))))
    takes = [e.take for e in effects if isinstance(e, m.Record)]
    assert [t.settings.seed for t in takes] == [2**32 - 1, 0, 1]
    assert all(t.batch == (1, 2, 3) for t in takes)
    assert len({t.uid for t in takes}) == 3
    [run] = [e for e in effects if isinstance(e, m.Run)]
    assert run.takes == tuple(takes)


def test_variations_end_one_by_one_and_the_next_request_waits_for_the_last():
    session, _ = play(ready(), m.Generate(changes=(("variations", 3),)), m.Generate())
    session, effects = play(session, m.Cancel(2), m.JobCancelled(2, 1.0), m.JobDone(1, 1.0, 1.0))
    assert m.Run not in kinds(effects)
    session, effects = play(session, m.JobDone(3, 1.0, 1.0))
    assert [e.takes[0].id for e in effects if isinstance(e, m.Run)] == [4]


def test_cancel_stops_all_variations_of_the_running_request():
    session, _ = play(ready(), m.Generate(changes=(("variations", 2),)))
    assert play(session, m.Cancel())[1] == [m.Stop(1), m.Stop(2)]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (m.Generate(""), "prompt is empty"),
        (m.Generate(changes=(("seconds", 1e9),)), "outside 0.1 to 600"),
        (m.Generate(changes=(("bars", 4),)), "need a tempo"),
        (m.Generate(changes=(("model", "musicgen-small"),)), "audiogen-daemon fetch musicgen-small"),
        (m.Generate(changes=(("tempratur", 1),)), "did you mean temperature?"),
        (m.Cancel(), "nothing to cancel"),
        (m.Cancel(9), "take 9 is neither running nor waiting"),
        (m.Continue(), "no take has been finished"),
        (m.MonitorPlay(3), "no take has been finished"),
        (m.MonitorGain(40), "outside -120 to 12"),
        (m.UnloadModel("tone"), "tone is not warm"),
        (m.LoadModel("nothing"), "run: audiogen-daemon fetch nothing"),
        (m.PresetPrompt(3), "preset 3 is outside"),
        (m.Subscribe(80), "port 80 is outside 1024 to 65535"),
        (m.Subscribe(9000, "tablet.local"), '"tablet.local" is no address; send it as 192.168.1.20'),
        (m.Subscribe(9000, "\u2028"), "is no address"),
        (m.Subscribe(9000, "224.0.0.251"), "is no single host's address"),
        (m.Invalid("unknown address /x"), "unknown address /x"),
    ],
)
def test_what_is_asked_wrongly_changes_nothing_and_is_answered(message, words):
    before = ready()
    asked = dataclasses.replace(message, sender=ASKER, address="/asked")
    after, effects = step(before, asked, NOW)
    assert after == before
    [answer] = effects
    assert (answer.to, answer.address, answer.arguments[0]) == (ASKER, "/error", "/asked")
    assert words in answer.arguments[1]


def test_a_refused_value_says_what_stays():
    _, effects = play(ready(), m.SetValue("temperature", 3.5))
    assert errors(effects) == ['3.5 is outside 0 to 2, or "model"; the value stays "model"']


def test_the_queue_is_bounded():
    session, effects = play(ready(queue_limit=2, engine="starting"), m.Generate(), m.Generate(), m.Generate())
    assert len(session.queue) == 2
    assert errors(effects) == ["2 takes wait already and 2 are allowed; cancel some or wait"]


def test_a_take_longer_than_the_model_is_refused_by_its_limit():
    info = m.ModelInfo("tone", 32000, 1, 30.0, 0.1, 0)
    _, effects = play(ready(warm=(info,)), m.Generate(changes=(("seconds", 45),)))
    assert "45 s is outside 0.1 to 30 s of tone" in errors(effects)[0]


def test_cancelling_a_waiting_take_removes_it():
    session, _ = play(ready(), m.Generate(), m.Generate())
    session, effects = play(session, m.Cancel(2))
    assert effects == [m.Forget(2), m.Notify("/take/cancelled", (2,))]
    assert session.queue == ()


def test_cancelling_the_running_take_stops_it_and_the_next_one_plays():
    session, _ = play(ready(), m.Generate(), m.Generate())
    session, effects = play(session, m.Cancel())
    assert effects == [m.Stop(1)]
    session, effects = play(session, m.JobCancelled(1, 3.0))
    assert kinds(effects) == [m.Discard, m.Forget, m.Notify, m.Run]
    assert told(effects) == [("/take/cancelled", 1)]


def test_a_cancelled_take_is_kept_when_the_config_says_so():
    session, _ = play(ready(keep_partial=True), m.Generate())
    _, effects = play(session, m.Cancel(), m.JobCancelled(1, 3.0))
    [saved] = [e for e in effects if isinstance(e, m.SaveStem)]
    assert saved.partial
    assert m.Forget not in kinds(effects)


def test_cancel_all_ends_every_take_once():
    session, _ = play(ready(), *[m.Generate()] * 4)
    session, effects = play(session, m.CancelAll(), m.JobCancelled(1, 0.0))
    assert sorted(t[1] for t in told(effects) if t[0] == "/take/cancelled") == [1, 2, 3, 4]
    assert (session.queue, session.running) == ((), None)


def test_a_take_that_finished_before_the_cancel_arrived_is_done_once():
    session, _ = play(ready(), m.Generate())
    session, effects = play(session, m.Cancel(), m.JobDone(1, 1.0, 1.0), m.JobCancelled(1, 1.0))
    effects += play(session, m.TakeFinished(session.finishing[0], 1.0, 1.0))[1]
    ends = [t for t in told(effects) if t[0] in ("/take/done", "/take/cancelled", "/take/failed")]
    assert ends == [("/take/done", 1, 1.0, 1.0)]


def test_progress_is_limited_to_ten_a_second_and_ends_at_one():
    session, _ = play(ready(), m.Generate())
    heard = []
    for number in range(1, 101):
        session, effects = play(session, m.JobProgress(1, number, 100), at=100 + number * 0.01)
        heard += told(effects)
    assert len(heard) <= 11
    assert heard[-1][:3] == ("/take/progress", 1, 1.0)
    fractions = [h[2] for h in heard]
    assert fractions == sorted(fractions)


def test_the_time_that_is_left_follows_the_steps_and_not_what_went_before_them():
    session, _ = play(ready(), m.Generate(), at=100.0)
    session, effects = play(session, m.JobProgress(1, 1, 500), at=107.0)  # the model was loaded meanwhile
    assert told(effects) == []
    left = []
    for number in range(2, 501):
        session, effects = play(session, m.JobProgress(1, number, 500), at=107.0 + (number - 1) * 0.02)
        left += [(number, t[3]) for t in told(effects)]
    assert len(left) > 50
    for number, eta in left:
        assert eta == pytest.approx((500 - number) * 0.02)


def test_a_take_of_one_step_is_told_as_done():
    session, _ = play(ready(), m.Generate())
    assert told(play(session, m.JobProgress(1, 1, 1))[1]) == [("/take/progress", 1, 1.0, 0.0)]


def test_the_death_of_the_engine_fails_the_running_take_and_keeps_the_queue():
    session, _ = play(ready(), m.Generate(), m.Generate())
    session, effects = play(session, m.EngineState("restarting", "engine exited with signal 9 (SIGKILL)"))
    assert ("/take/failed", 1, "engine", "engine exited with signal 9 (SIGKILL)") in told(effects)
    assert errors(effects) == [
        'engine exited with signal 9 (SIGKILL) during take 1 "warm rhodes"; restarting, 1 take still queued'
    ]
    session, effects = play(session, m.EngineState("starting"), m.EngineState("ready"))
    assert [e.takes[0].id for e in effects if isinstance(e, m.Run)] == [2]


def test_an_engine_that_stays_down_fails_what_waits_and_refuses_more():
    session, _ = play(ready(), m.Generate(), m.Generate())
    session, effects = play(session, m.EngineState("down", "died"))
    assert [t[1] for t in told(effects) if t[0] == "/take/failed"] == [1, 2]
    _, effects = play(session, m.Generate())
    assert "the engine is down (died); /model/load starts it again" in errors(effects)[0]


def test_journalled_takes_come_first():
    old = m.Take(7, "u", Settings(model="tone", seed=1), "then")
    session = accept_journal(ready(engine="starting", next_take=8), (old,))
    session, _ = play(session, m.Generate())
    _, effects = play(session, m.EngineState("ready"))
    assert [e.takes[0].id for e in effects if isinstance(e, m.Run)] == [7]


def test_nothing_starts_while_the_daemon_stops_and_what_is_asked_is_kept():
    _session, effects = play(ready(), m.Drain(), m.Generate())
    assert m.Record in kinds(effects)
    assert m.Run not in kinds(effects)


def test_the_daw_sets_tempo_and_signature():
    session, effects = play(ready(), m.TransportTempo(93.5), m.TransportSignature(7, 8))
    assert (session.settings.tempo, session.settings.signature) == (93.5, (7, 8))
    assert told(effects) == [("/state/tempo", 93.5), ("/state/signature", "7/8")]
    assert play(session, m.TransportTempo(93.5))[1] == []


def test_tags_and_presets_change_the_prompt():
    session, _ = play(ready(presets=("a loop",)), m.PresetPrompt(0), m.AddTag("dusty"), m.AddTag("slow"))
    assert session.settings.prompt == "a loop, dusty, slow"


def test_status_tells_names_and_values():
    facts = status_of(ready())
    assert (facts["engine"], facts["queued"], facts["model"]) == ("ready", 0, "tone")
    assert facts["jam"] == 0
    assert "engine_reason" not in facts
    down = status_of(play(ready(), m.EngineState("down", "three quick deaths"))[0])
    assert (down["engine"], down["engine_reason"]) == ("down", "three quick deaths")


def status_of(session) -> dict[str, object]:
    [reply] = play(session, m.Status(sender=ASKER))[1]
    assert isinstance(reply, m.AnswerStatus)
    assert reply.to == ASKER
    return dict(reply.facts)


def test_status_tells_what_each_warm_model_and_mlx_hold():
    session, _ = play(
        ready(),
        m.ModelReady(m.ModelInfo("one", 32000, 1, 30.0, 0.1, 1_500_000, precision="float16 speed")),
        m.ModelReady(m.ModelInfo("two", 32000, 1, 30.0, 0.1, 40_250_000, precision="float16 speed")),
        m.EngineMemory(active=50_000_000, cache=7_000_000),
        m.InstalledModels(("one", "other")),
    )
    facts = status_of(session)
    assert dict(zip(str(facts["warm"]).split(","), str(facts["warm_mb"]).split(","), strict=True)) == {
        "one": "1.5",
        "two": "40.2",
    }
    assert (facts["memory_mb"], facts["mlx_active_mb"], facts["mlx_cache_mb"]) == (41.75, 50.0, 7.0)
    assert told(play(session, m.ListModels())[1]) == [
        ("/models/reply", "one", "warm", 1.5, "float16 speed"),
        ("/models/reply", "other", "installed", 0.0, ""),
    ]
    dead, _ = play(session, m.EngineState("restarting", "engine exited with signal 9"))
    assert (status_of(dead)["mlx_active_mb"], status_of(dead)["warm_mb"]) == (0.0, "")


def test_every_setting_is_answered():
    _, effects = play(ready(), m.GetState())
    assert ("/state/signature", "4/4") in told(effects)
    assert ("/state/guidance", "model") in told(effects)
    _, effects = play(ready(), m.GetValue("seconds"))
    assert told(effects) == [("/get/seconds", 10.0)]


def test_a_models_name_with_a_slip_is_guessed_and_another_is_to_be_fetched():
    slip = errors(play(ready(), m.SetValue("model", "starte"))[1])[0]
    assert "did you mean starter? Otherwise run: audiogen-daemon fetch starte" in slip
    other = errors(play(ready(), m.SetValue("model", "musicgen-small"))[1])[0]
    assert "(here: tone, starter); run: audiogen-daemon fetch musicgen-small" in other


def test_a_take_that_was_cancelled_is_not_made_after_its_engine_died():
    session, effects = play(ready(), m.Generate(), m.Cancel(), m.EngineState("restarting", "died"))
    assert m.Forget(1) in effects
    _, effects = play(session, m.EngineState("starting"), m.EngineState("ready"))
    assert m.Run not in kinds(effects)
