import gc
from dataclasses import replace
from itertools import islice

import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models.pipeline import Progress, Request, Sampling
from tests.models.musicgen.playing import played, sound, tiny
from tests.models.reference.tiny_musicgen import MONO, SHAPES

REQUEST = Request("dusty rhodes loop", seconds=1.0, seed=3, sampling=Sampling(top_k=50))
TRAINED = 60


@pytest.fixture(scope="module", params=["folded", "compiled"])
def mono(request, tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("mono"), MONO, request.param, TRAINED)


@pytest.fixture(scope="module")
def folded(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("folded"), MONO, frames=TRAINED)


@pytest.fixture(scope="module")
def stereo(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("stereo"), SHAPES["stereo"], frames=TRAINED)


def test_an_unsteered_jam_is_the_take_that_never_ends(mono):
    jam = sound(played(mono.jam(REQUEST), 160))
    take = sound(mono.generate(replace(REQUEST, seconds=4.0)))

    assert len(jam) > 2.8 * 32_000
    np.testing.assert_allclose(jam, take[: len(jam)], atol=1e-5)


def test_seconds_and_variations_of_a_jam_are_passed_over(mono):
    other = replace(REQUEST, seconds=-1.0, variations=4)

    np.testing.assert_array_equal(sound(played(mono.jam(other), 60)), sound(played(mono.jam(REQUEST), 60)))


def test_progress_of_a_jam_counts_up_and_knows_no_end(mono):
    progress = [item for item in played(mono.jam(REQUEST), 90) if isinstance(item, Progress)]
    made = [item.step for item in progress]

    assert made == sorted(set(made))
    assert made[-1] >= 90
    assert {item.steps for item in progress} == {0}


CHANGES = {
    "prompt": {"prompt": "dark techno drums"},
    "no prompt": {"prompt": ""},
    "morph": {"morph": (("dark", 1.0), ("warm bass loop", 2.0))},
    "temperature": {"sampling": Sampling(top_k=50, temperature=3.0)},
    "top_k": {"sampling": Sampling(top_k=1)},
    "top_p": {"sampling": Sampling(top_k=50, top_p=0.5)},
    "guidance": {"sampling": Sampling(top_k=50, guidance=8.0)},
    "no guidance": {"sampling": Sampling(top_k=50, guidance=1.0)},
}


@pytest.mark.parametrize("change", list(CHANGES))
def test_steering_is_heard_within_half_a_second(folded, change):
    other = replace(REQUEST, **CHANGES[change])
    steered = sound(played(folded.jam(REQUEST), 80, {40: other}))
    plain = sound(played(folded.jam(REQUEST), 80))

    length = min(len(steered), len(plain))
    differs = np.nonzero(np.abs(steered[:length] - plain[:length]).max(axis=1) > 1e-6)[0]
    # 40 steps make 37 frames; the codec looks ahead a few more.
    assert 30 * 640 < differs[0] < 37 * 640 + 16_000


def test_the_same_requests_at_the_same_steps_give_the_same_jam(mono):
    steer = {20 + 10 * n: replace(REQUEST, **change) for n, change in enumerate(CHANGES.values())}

    first, second = (sound(played(mono.jam(REQUEST), 120, steer)) for _ in range(2))

    np.testing.assert_array_equal(first, second)


def test_steering_to_where_it_is_already_changes_nothing(mono):
    steered = sound(played(mono.jam(REQUEST), 150, dict.fromkeys((20, 70, 100), replace(REQUEST, seconds=9.0, seed=8))))

    np.testing.assert_array_equal(steered, sound(played(mono.jam(REQUEST), 150)))


def test_a_jam_refuses_what_it_cannot_follow_and_plays_on(mono):
    jam = mono.jam(REQUEST)
    items = played(jam, 40)
    for wrong in (
        {"sampling": Sampling(temperature=0.0)},
        {"morph": (("a", -1.0),)},
        {"morph": (("", 1.0), ("a", 1.0))},
    ):
        with pytest.raises(ValueError, match=r"allowed|empty"):
            jam.send(replace(REQUEST, **wrong))

    np.testing.assert_array_equal(sound([*items, *played(jam, 100)]), sound(played(mono.jam(REQUEST), 100)))


@pytest.mark.parametrize("change", [{"seed": -1}, {"tempo": 1.0}, {"sampling": Sampling(guidance=-1.0)}])
def test_a_jam_that_cannot_begin_is_refused_at_once(mono, change):
    with pytest.raises(ValueError, match="allowed"):
        mono.jam(replace(REQUEST, **change))


def test_a_jam_goes_on_from_a_take_in_stereo(stereo):
    past = np.random.RandomState(0).uniform(-0.5, 0.5, (40_000, 2)).astype(np.float32)
    request = replace(REQUEST, continues=past)
    jam = sound(played(stereo.jam(request), 120))

    assert jam.shape[1] == 2
    np.testing.assert_allclose(jam, sound(stereo.generate(replace(request, seconds=4.0)))[: len(jam)], atol=1e-5)


def test_a_closed_jam_is_over_and_the_next_take_unharmed(mono):
    take = sound(mono.generate(REQUEST))
    jam = mono.jam(REQUEST)
    played(jam, 20)
    jam.close()

    assert list(islice(jam, 1)) == []
    np.testing.assert_array_equal(sound(mono.generate(REQUEST)), take)


def test_memory_stays_flat_over_many_windows_and_changes(mono):
    jam = mono.jam(REQUEST)
    others = [REQUEST, replace(REQUEST, prompt="lofi"), replace(REQUEST, sampling=Sampling(top_k=50, guidance=2.0))]

    def sizes() -> tuple[int, int]:
        gc.collect()
        return len(gc.get_objects()), mx.get_active_memory()

    def play(steps: int) -> None:
        made = 0
        for count, item in enumerate(jam):
            made += isinstance(item, Progress) and 1
            if isinstance(item, Progress) and count % 7 == 0:
                jam.send(others[count // 7 % 3])
            if made >= steps:
                return

    play(150)
    before = sizes()
    play(450)
    after = sizes()

    assert after[0] - before[0] < 200
    assert after[1] - before[1] < 64 * 1024
