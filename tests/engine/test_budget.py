"""The real engine keeps to its memory budget: who goes first, who stays, and what it says when nothing helps."""

import pytest

from audiogen_daemon import messages as m
from audiogen_daemon.models import registry
from audiogen_daemon.models.bits import PRESETS
from tests.engine.engine_process import running_engine
from tests.models.reference.tiny_musicgen import MONO, changed, write_checkpoint

WIDE = changed(MONO, "decoder.hidden_size", 64)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Three models of one size."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("one", "two", "three"):
        write_checkpoint(folder / name, WIDE)
    return folder


def gigabytes(models, count: float) -> float:
    return count * registry.memory("one", models, "float32") / 1e9


def test_the_least_recently_used_model_goes_first(models):
    with running_engine(models, memory_gb=gigabytes(models, 2.5)) as engine:
        for name in ("one", "two"):
            assert isinstance(engine.load(name), m.ModelReady)
        engine.make("one")
        assert engine.gone() == []

        assert isinstance(engine.load("three"), m.ModelReady)
        assert engine.gone() == ["two"]
        engine.make("one")
        assert engine.gone() == ["two"]


def test_a_pinned_model_stays_though_it_was_used_longest_ago(models):
    with running_engine(models, memory_gb=gigabytes(models, 2.5), pinned=("one",)) as engine:
        for name in ("one", "two", "three"):
            assert isinstance(engine.load(name), m.ModelReady)
        assert engine.gone() == ["two"]


def test_pinned_models_that_fill_the_budget_are_named(models):
    with running_engine(models, memory_gb=gigabytes(models, 2.5), pinned=("one", "two")) as engine:
        for name in ("one", "two"):
            assert isinstance(engine.load(name), m.ModelReady)
        refused = engine.load("three")

        assert isinstance(refused, m.ModelFailed)
        assert "held by pinned models (one, two)" in refused.reason
        assert "/model/unload one" in refused.reason
        assert engine.gone() == []


def test_a_budget_smaller_than_the_model_is_refused_with_value_need_and_cure(models):
    needed = registry.memory("one", models, "float32")
    with running_engine(models, memory_gb=0.0005) as engine:
        refused = engine.load("one")
        assert isinstance(refused, m.ModelFailed)
        assert refused.reason == (
            f"one needs about {needed / 1e6:.1f} MB and engine.memory_gb allows 0.5 MB; raise it, set engine.quantize "
            "to quality, balanced or speed, or play a smaller model"
        )
        engine.send(m.Load("tone"))
        engine.wait(m.ModelReady)


@pytest.mark.parametrize("name", ["off", "quality", "balanced", "speed"])
def test_a_warm_model_says_what_it_holds_and_how_it_is_quantized(models, name):
    with running_engine(models, dtype="float32", bits=PRESETS[name]) as engine:
        ready = engine.load("one")
        assert isinstance(ready, m.ModelReady)
        assert ready.info.precision == ("float32" if name == "off" else f"float32 {name}")
        told = registry.memory("one", models, "float32", PRESETS[name])
        assert 0.5 * told < ready.info.memory < 1.2 * told

        held = engine.wait(m.EngineMemory)
        assert held.active >= ready.info.memory
        engine.make("one")
        assert engine.wait(m.EngineMemory).cache >= 0


def test_memory_comes_back_when_a_model_is_unloaded(models):
    with running_engine(models) as engine:
        engine.load("one")
        before = engine.wait(m.EngineMemory)
        engine.send(m.Unload("one"))
        engine.wait(m.ModelGone)
        assert engine.wait(m.EngineMemory).active < 0.2 * before.active
