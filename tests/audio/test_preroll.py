"""Prerolls are long enough for what the model's speed leaves to wait for, and no longer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiogen_daemon.audio.preroll import ENDLESS, Pace, Policy, needed


def first_sound(total: float, speed: float, chunk: float, estimate: float) -> tuple[float, float]:
    """Make a take in steady chunks; return when it began to sound and the least that lay buffered before the end."""
    pace = Pace(total, estimate, margin=chunk)
    made, began, least = 0.0, None, total
    while made < total - 1e-9:
        now = (made + chunk) / speed
        if began is not None:
            least = min(least, made - (now - began))
        made = min(total, made + chunk)
        pace.feed(chunk, now)
        if began is None and pace.ready(0.0):
            began = now
    return (total / speed if began is None else began), least


@given(st.floats(2, 60), st.floats(0.1, 20), st.floats(0.05, 1.0))
def test_a_take_made_at_a_steady_speed_never_starves(total: float, speed: float, chunk: float) -> None:
    _, least = first_sound(total, speed, chunk, speed)
    assert least >= -1e-6


def test_a_fast_model_is_heard_with_its_first_chunk() -> None:
    began, _ = first_sound(30, 3.0, 0.2, 3.0)
    assert began == pytest.approx(0.2 / 3)


def test_a_slow_model_is_heard_as_soon_as_it_will_last() -> None:
    began, least = first_sound(10, 0.5, 0.2, 0.5)
    assert 10 < began < 11.5
    assert least < 0.7


@pytest.mark.parametrize("estimate", [0.2, 4.0])
def test_a_wrong_estimate_gives_way_to_the_measured_speed(estimate: float) -> None:
    pace = Pace(60.0, estimate, 0.2)
    for index in range(40):
        pace.feed(0.25, 0.5 * (index + 1))
    assert pace.speed == pytest.approx(0.5, rel=0.4)


@pytest.mark.parametrize("policy", ["auto", "complete"])
def test_a_take_without_an_end_is_heard_at_once_or_with_few_gaps_where_the_model_is_slow(policy: Policy) -> None:
    for speed, expected in ((0.9, False), (1.5, True)):
        pace = Pace(None, speed, 0.2, policy)
        assert not pace.ready(0.0)
        pace.feed(0.5, 0.0)
        assert pace.ready(0.0) is expected
    slow = Pace(None, 0.5, 0.2, policy)
    for index in range(16):
        slow.feed(0.25, 0.5 * (index + 1))
        assert slow.ready(0.0) is (slow.fed >= ENDLESS)
    assert not slow.ready(3.0)


def test_the_policies_begin_at_once_or_not_before_the_end() -> None:
    at_once, at_the_end = Pace(10, 0.1, 0.2, "immediate"), Pace(10, 9.0, 0.2, "complete")
    assert not at_once.ready(0.0)
    for pace in (at_once, at_the_end):
        pace.feed(0.1, 0.0)
    assert at_once.ready(0.0)
    assert not at_the_end.ready(0.0)


def test_no_more_than_the_whole_take_is_ever_needed() -> None:
    assert needed(3.0, 0.01, 0.5) == 3.0
    assert needed(3.0, 0.0, 0.5) == 3.0
