from dataclasses import replace
from itertools import islice

import numpy as np
import pytest

from audiogen_daemon.models.pipeline import Audio, Progress, Request, Sampling
from audiogen_daemon.models.tone import Tone

REQUEST = Request("dusty rhodes", seconds=0.5, seed=7, sampling=Sampling())


def sound(items, variation: int = 0) -> np.ndarray:
    return np.concatenate([item.pcm for item in items if isinstance(item, Audio) and item.variation == variation])


def test_a_variation_is_what_its_seed_gives_alone():
    items = list(Tone().generate(replace(REQUEST, seed=2**32 - 1, variations=3)))

    for variation, seed in enumerate([2**32 - 1, 0, 1]):
        np.testing.assert_array_equal(sound(items, variation), sound(Tone().generate(replace(REQUEST, seed=seed))))
    assert [item for item in items if isinstance(item, Progress)] == [Progress(step + 1, 25) for step in range(25)]


def test_a_morph_of_one_prompt_is_that_prompt():
    morphed = replace(REQUEST, prompt="", morph=((REQUEST.prompt, 3.0),))

    np.testing.assert_array_equal(sound(Tone().generate(morphed)), sound(Tone().generate(REQUEST)))


def test_a_jam_is_steered_from_the_next_step_on():
    jam = Tone().jam(REQUEST)
    other = replace(REQUEST, prompt="dark techno")
    before = list(islice(jam, 20))
    after = [jam.send(other), *islice(jam, 19)]

    unsteered = sound(Tone().generate(REQUEST))
    np.testing.assert_array_equal(sound(before), unsteered[: 10 * 640])
    np.testing.assert_array_equal(sound(after), sound(Tone().generate(other))[10 * 640 : 20 * 640])
    assert [item for item in before if isinstance(item, Progress)][-1] == Progress(10, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"variations": 0}, "variations is 0, allowed is 1 to 8"),
        ({"variations": 9}, "variations is 9"),
        ({"morph": (("a", 1.0),) * 5}, "morph has 5 prompts, allowed are 1 to 4"),
        ({"morph": (("a", -0.1), ("b", 1.0))}, "morph gives 'a' the weight -0.1, allowed is at least 0"),
        ({"morph": (("a", float("nan")), ("b", 1.0))}, "the weight nan"),
        ({"morph": (("a", float("inf")), ("b", 1.0))}, "the weight inf"),
        ({"morph": (("a", 0.0), ("b", 0.0))}, "gives every prompt the weight 0"),
        ({"morph": (("a", 1.0), (" ", 1.0))}, "has an empty prompt"),
    ],
)
def test_what_cannot_be_mixed_or_varied_is_refused_at_once(change, message):
    with pytest.raises(ValueError, match=message):
        Tone().generate(replace(REQUEST, **change))
    with pytest.raises(ValueError, match=message):
        Tone().jam(replace(REQUEST, **change))


def test_a_jam_refuses_what_it_cannot_follow_and_plays_on():
    jam, undisturbed = Tone().jam(REQUEST), Tone().jam(REQUEST)
    first = list(islice(jam, 6))
    with pytest.raises(ValueError, match="morph"):
        jam.send(replace(REQUEST, morph=(("a", -1.0),)))

    np.testing.assert_array_equal(sound([*first, *islice(jam, 6)]), sound(islice(undisturbed, 12)))


def test_a_closed_jam_is_over():
    jam = Tone().jam(REQUEST)
    next(jam)
    jam.close()

    assert list(jam) == []
