import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models.sampling import draw, guide, keep_top_k, keep_top_p, step_key

LOGITS = [[[0.0, 3.0, 1.0, 2.0, -1.0]]]


def seeds(*values: int) -> mx.array:
    return mx.array(values, mx.uint32)


def draws(logits: mx.array, count: int, top_k: int = 0, top_p: float = 0.0) -> np.ndarray:
    """One draw at each of `count` steps: (count, B, K)."""
    one = seeds(*range(logits.shape[0]))
    return np.stack([np.array(draw(logits, top_k, top_p, one, step)) for step in range(count)])


def test_top_k_of_one_is_the_most_likely_token_never_another():
    assert set(draws(mx.array(LOGITS), 50, top_k=1).ravel()) == {1}


def test_top_k_keeps_exactly_the_k_most_likely():
    assert set(draws(mx.array(LOGITS), 300, top_k=2).ravel()) == {1, 3}
    assert set(draws(mx.array(LOGITS), 300, top_k=3).ravel()) == {1, 2, 3}


def test_top_k_keeps_a_tie_with_the_kth():
    kept = keep_top_k(mx.array([[[2.0, 1.0, 1.0, 0.0]]]), 2)

    assert np.isfinite(np.array(kept)).tolist() == [[[True, True, True, False]]]


def test_top_k_reaching_past_the_vocabulary_keeps_all():
    assert set(draws(mx.zeros((1, 1, 3)), 100, top_k=250).ravel()) == {0, 1, 2}


def test_draws_follow_the_softmax_of_the_logits():
    logits = mx.array([[[0.0, 1.0, 2.0]]])
    frequency = np.bincount(draws(logits, 4000).ravel(), minlength=3) / 4000

    np.testing.assert_allclose(frequency, np.array(mx.softmax(logits)).ravel(), atol=0.03)


def test_a_token_of_near_certain_probability_is_drawn_nearly_always():
    logits = mx.zeros((1, 1, 2048)) + mx.where(mx.arange(2048) == 1234, 20.0, 0.0)

    assert (draws(logits, 200) == 1234).mean() > 0.99


def test_top_p_keeps_the_smallest_set_that_holds_the_mass():
    logits = mx.log(mx.array([[[0.1, 0.5, 0.05, 0.35]]]))

    assert np.isfinite(np.array(keep_top_p(logits, 0.8))).tolist() == [[[False, True, False, True]]]
    assert np.isfinite(np.array(keep_top_p(logits, 1e-6))).tolist() == [[[False, True, False, False]]]


def test_a_draw_depends_on_seed_and_step_alone():
    logits = mx.random.normal((3, 4, 64), key=mx.random.key(0))
    together = np.array(draw(logits, 0, 0.0, seeds(7, 8, 9), 5))

    for row, seed in enumerate((7, 8, 9)):
        alone = np.array(draw(logits[row : row + 1], 0, 0.0, seeds(seed), 5))
        np.testing.assert_array_equal(alone[0], together[row])
    np.testing.assert_array_equal(draw(logits, 0, 0.0, seeds(7, 8, 9), 5), together)


@pytest.mark.parametrize(("first", "second"), [((0, 1), (1, 0)), ((0, 0), (0, 1)), ((0, 0), (1, 0)), ((5, 5), (5, 6))])
def test_neighbouring_seeds_and_steps_draw_differently(first, second):
    noise = [np.array(mx.random.gumbel((256,), key=step_key(seed, step))) for seed, step in (first, second)]

    assert abs(np.corrcoef(noise[0], noise[1])[0, 1]) < 0.25


def test_seeds_reach_from_zero_to_the_largest():
    logits = mx.zeros((2, 1, 64))
    rows = [np.array(draw(logits, 0, 0.0, seeds(0, 2**32 - 1), step)) for step in range(20)]

    assert len({tuple(row.ravel()) for row in rows}) > 15


def test_guidance_moves_from_unconditional_through_conditional():
    logits = mx.array([[[1.0, 2.0]], [[3.0, 1.0]]])

    assert guide(logits, 0.0).tolist() == [[[3.0, 1.0]]]
    assert guide(logits, 1.0).tolist() == [[[1.0, 2.0]]]
    assert guide(logits, 3.0).tolist() == [[[-3.0, 4.0]]]


def test_each_codebook_is_drawn_by_itself():
    drawn = draws(mx.zeros((1, 4, 32)), 200)[:, 0]

    assert all(len(set(drawn[:, k])) > 25 for k in range(4))
    assert abs(np.corrcoef(drawn.T) - np.eye(4)).max() < 0.3
