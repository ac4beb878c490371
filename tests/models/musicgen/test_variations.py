from dataclasses import replace

import numpy as np
import pytest

from audiogen_daemon.models.pipeline import Audio, Progress, Request, Sampling
from tests.models.musicgen.playing import WAYS, sound, spied, tiny
from tests.models.reference.tiny_musicgen import SHAPES

REQUEST = Request("dusty rhodes loop", seconds=0.7, seed=2**32 - 2, sampling=Sampling(top_k=50), variations=4)
SEEDS = (2**32 - 2, 2**32 - 1, 0, 1)


@pytest.fixture(scope="module", params=[*(("mono", way) for way in WAYS), ("stereo", "folded")])
def model(request, tmp_path_factory):
    shape, way = request.param
    return tiny(tmp_path_factory.mktemp(shape), SHAPES[shape], way)


@pytest.mark.parametrize("guidance", [3.0, 1.0])
def test_a_variation_is_what_its_seed_gives_alone(model, guidance):
    together = replace(REQUEST, sampling=Sampling(top_k=50, guidance=guidance))
    (_, drawn), items = spied(model, together), list(model.generate(together))

    for variation, seed in enumerate(SEEDS):
        alone = replace(together, seed=seed, variations=1)
        np.testing.assert_array_equal(drawn[:, variation], spied(model, alone)[1][:, 0])
        np.testing.assert_allclose(sound(items, variation), sound(model.generate(alone)), atol=1e-5)


def test_variations_differ_and_have_the_length_asked_for(model):
    items = list(model.generate(REQUEST))
    takes = [sound(items, variation) for variation in range(4)]

    assert {take.shape for take in takes} == {(22_400, model.channels)}
    assert len({take.tobytes() for take in takes}) == 4


def test_all_variations_share_their_steps_and_are_heard_side_by_side(model):
    items = list(model.generate(REQUEST))
    progress = [item.step for item in items if isinstance(item, Progress)]
    heard = [item.variation for item in items if isinstance(item, Audio)]

    assert progress == sorted(set(progress))
    assert progress[-1] == 35 + 3
    assert heard == [0, 1, 2, 3] * (len(heard) // 4)


def test_variations_of_a_continuation_go_on_from_the_same_sound(model):
    past = np.random.RandomState(0).uniform(-0.5, 0.5, (40_000, model.channels)).astype(np.float32)
    together = list(model.generate(replace(REQUEST, continues=past, seconds=0.3)))

    for variation, seed in enumerate(SEEDS):
        alone = replace(REQUEST, continues=past, seconds=0.3, seed=seed, variations=1)
        np.testing.assert_allclose(sound(together, variation), sound(model.generate(alone)), atol=1e-5)


def test_variations_without_a_text_play_too(model):
    items = list(model.generate(replace(REQUEST, prompt="", seconds=0.1)))

    assert {item.variation for item in items if isinstance(item, Audio)} == {0, 1, 2, 3}
