from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiogen_daemon.models.checking import blend
from audiogen_daemon.models.musicgen import blocks, steps
from audiogen_daemon.models.musicgen.conditions import Conditions
from audiogen_daemon.models.musicgen.steering import glide
from audiogen_daemon.models.pipeline import Request, Sampling
from audiogen_daemon.models.sampling import draw
from tests.models.musicgen.playing import WAYS, sound, spied, tiny
from tests.models.reference.tiny_musicgen import MONO

PLAIN = Request("dusty rhodes loop", seconds=0.8, seed=3, sampling=Sampling(top_k=50))
MORPH = replace(PLAIN, morph=(("dusty rhodes loop", 1.0), ("dark", 2.0), ("warm bass and drums 90 bpm", 1.0)))


@pytest.fixture(scope="module", params=list(WAYS))
def mono(request, tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("mono"), MONO, request.param)


@pytest.mark.parametrize("morph", [(("dusty rhodes loop", 0.3),), (("dusty rhodes loop", 2.0), ("dark", 0.0))])
def test_a_morph_that_is_all_one_prompt_is_that_prompt(mono, morph):
    morphed = replace(PLAIN, prompt="", morph=morph)

    np.testing.assert_array_equal(spied(mono, morphed)[1], spied(mono, PLAIN)[1])
    np.testing.assert_allclose(sound(mono.generate(morphed)), sound(mono.generate(PLAIN)), atol=1e-5)


@pytest.mark.parametrize("guidance", [3.0, 1.0])
def test_logits_are_mixed_by_weight_whatever_the_prompts_lengths(mono, guidance):
    """Against each prompt read by itself, all columns anew for every step."""
    request = replace(MORPH, seconds=0.3, sampling=Sampling(top_k=50, guidance=guidance))
    score, heard = spied(mono, request)
    decoder = mono._player._decoder
    alone = [Conditions((mono._prompts(prompt),), Sampling(guidance=1.0)) for prompt, _ in request.morph]
    alone += [Conditions((), Sampling(guidance=1.0))]

    columns = score.grid[:1, None]
    for column in range(1, len(score.grid)):
        logits = []
        for conditions in alone:
            text = steps.listen(decoder, conditions, 1, fold=False)
            logits.append(steps.read(decoder, conditions, columns, text)[0])
        conditional = 0.25 * logits[0] + 0.5 * logits[1] + 0.25 * logits[2]
        mixed = logits[3] + guidance * (conditional - logits[3])
        drawn = np.array(draw(mixed, 50, 0.0, mx.array([request.seed], mx.uint32), column))
        drawn = np.where(score.grid[column] < 0, drawn, score.grid[column])
        np.testing.assert_array_equal(heard[column - 1], drawn)
        columns = np.concatenate([columns, drawn[None]])


def test_every_way_of_drawing_gives_the_same_morph(tmp_path):
    takes = [spied(tiny(tmp_path / way, MONO, way), MORPH)[1] for way in WAYS]

    np.testing.assert_array_equal(takes[0], takes[1])
    np.testing.assert_array_equal(takes[0], takes[2])


def test_weights_count_relative_to_their_sum(mono):
    scaled = replace(MORPH, morph=tuple((prompt, weight * 8) for prompt, weight in MORPH.morph))

    np.testing.assert_array_equal(sound(mono.generate(scaled)), sound(mono.generate(MORPH)))


def test_a_prompt_given_twice_counts_twice():
    twice = replace(PLAIN, morph=(("a", 1.0), ("b", 2.0), ("a", 1.0)))

    assert blend(twice) == {"a": 0.5, "b": 0.5}


def test_variations_of_a_morph_are_what_their_seeds_give_alone(mono):
    together = spied(mono, replace(MORPH, variations=3))[1]

    for variation in range(3):
        alone = spied(mono, replace(MORPH, seed=MORPH.seed + variation))[1]
        np.testing.assert_array_equal(together[:, variation], alone[:, 0])


weights = st.dictionaries(st.sampled_from("abcdef"), st.floats(0.01, 1), min_size=1, max_size=4).map(
    lambda some: {prompt: weight / sum(some.values()) for prompt, weight in some.items()}
)


@given(weights, weights, st.integers(1, 25))
def test_gliding_weights_add_up_to_one_and_only_come_nearer(now, wanted, steps):
    then = glide(now, wanted, steps)

    assert list(then) == list(wanted)
    assert sum(then.values()) == pytest.approx(1)
    total = sum(now.get(prompt, 0.0) for prompt in wanted)
    for prompt in wanted if total else ():
        start = now.get(prompt, 0.0) / total
        assert abs(then[prompt] - wanted[prompt]) <= abs(start - wanted[prompt]) + 1e-9


@given(weights, weights)
def test_gliding_weights_arrive_within_two_seconds(now, wanted):
    for _ in range(100):
        now = glide(now, wanted, 1)

    assert now == wanted


def test_no_step_of_a_glide_is_a_jump():
    now, wanted, largest = {"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 1.0}, 0.0
    for _ in range(100):
        then = glide(now, wanted, 1)
        largest, now = max(largest, abs(then["a"] - now["a"])), then

    assert largest < 0.1


def test_moving_the_faders_of_a_jam_reads_nothing_again(mono, monkeypatch):
    seen = []
    read = steps.read
    for module in (steps, blocks):
        monkeypatch.setattr(module, "read", lambda *given: seen.append(1) or read(*given))
    jam = mono.jam(MORPH)
    next(jam)
    for weight in range(1, 12):
        jam.send(replace(MORPH, morph=tuple((prompt, old + weight) for prompt, old in MORPH.morph)))

    assert len(seen) == 1
