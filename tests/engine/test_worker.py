"""What is said to a busy engine is obeyed, however many words come between two steps."""

from audiogen_daemon import messages as m
from audiogen_daemon.settings import Settings
from tests.engine.engine_process import running_engine

STEP = 0.05
"""Seconds: long enough for all that follows to arrive within one step."""


def take(number: int, prompt: str = "loop") -> m.Take:
    return m.Take(number, f"uid{number}", Settings(model="tone", prompt=prompt, seconds=600.0, seed=1), "")


def test_a_jam_that_is_stopped_before_the_take_ahead_of_it_has_ended_does_not_play_on(tmp_path):
    with running_engine(tmp_path, tone_pace=STEP) as engine:
        engine.send(m.Run((take(1),)))
        engine.wait(m.JobProgress)
        for message in (m.Stop(1), m.RunJam(take(2)), m.Stop(2)):
            engine.send(message)
        assert engine.wait(m.JobCancelled).take == 1
        while not isinstance(heard := engine.wait(object), m.JobCancelled):
            assert not (isinstance(heard, m.JobProgress) and heard.step > 3), "the jam plays on"
        assert heard.take == 2
