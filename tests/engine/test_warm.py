"""The warm set keeps to its budget, whatever is asked for in whatever order."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiogen_daemon.engine.warm import Warm, WarmSet
from audiogen_daemon.errors import JobError

SIZES = {"small": 3, "medium": 6, "large": 12, "starter": 1}


def warm_set(budget: int, *pinned: str):
    dropped: list[str] = []
    loaded: list[str] = []

    def load(name: str) -> Warm[str]:
        loaded.append(name)
        return Warm(name.upper(), SIZES[name])

    return WarmSet(budget, pinned, load, SIZES.__getitem__, dropped.append), loaded, dropped


def test_a_model_is_loaded_once_and_stays_while_there_is_room():
    models, loaded, dropped = warm_set(10)
    assert [models.get(n) for n in ("small", "starter", "small")] == ["SMALL", "STARTER", "SMALL"]
    assert (loaded, dropped, models.memory) == (["small", "starter"], [], 4)


def test_the_least_recently_used_one_goes_first_and_no_more_than_needed():
    models, _, dropped = warm_set(10)
    for name in ("small", "medium", "small", "starter"):
        models.get(name)
    models.get("medium")
    assert dropped == []
    models, _, dropped = warm_set(9)
    for name in ("small", "medium", "small", "starter"):
        models.get(name)
    assert dropped == ["medium"]


def test_pinned_models_stay_and_the_error_says_who_holds_the_memory():
    models, _, dropped = warm_set(8, "small")
    models.get("small")
    with pytest.raises(JobError, match=r"held by pinned models \(small\)"):
        models.get("medium")
    assert dropped == []


def test_a_model_larger_than_the_budget_is_refused_with_the_cure():
    models, loaded, _ = warm_set(10)
    with pytest.raises(JobError, match=r"engine\.memory_gb") as caught:
        models.get("large")
    assert caught.value.code == "memory"
    assert loaded == []


def test_the_model_used_last_stays_for_a_larger_one_that_fits_beside_it():
    models, _, dropped = warm_set(9)
    for name in ("starter", "small", "medium"):
        models.get(name)
    assert (dropped, models.names) == (["starter"], ["small", "medium"])


def test_what_cannot_be_loaded_is_known_before_anything_is_dropped():
    models, loaded, dropped = warm_set(8, "small")
    for name in ("small", "starter"):
        models.get(name)
    for name, words in (("medium", "held by pinned models"), ("large", "play a smaller model")):
        with pytest.raises(JobError, match=words):
            models.check(name)
    models.check("small")
    assert (loaded, dropped) == (["small", "starter"], [])


def test_a_dropped_model_can_come_back():
    models, loaded, dropped = warm_set(10)
    models.get("small")
    models.drop("small")
    models.drop("small")
    models.get("small")
    assert (loaded, dropped) == (["small", "small"], ["small"])


@given(st.lists(st.sampled_from(sorted(SIZES)), max_size=30), st.integers(1, 20))
def test_the_budget_is_never_exceeded(names, budget):
    models, _, _ = warm_set(budget)
    for name in names:
        if SIZES[name] <= budget:
            assert models.get(name) == name.upper()
            assert models.names[-1] == name
        assert models.memory <= budget
