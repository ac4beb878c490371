"""A prompt's key is followed more closely without touching the rest."""

from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest

from audiogen_daemon.models.musicgen.conditions import Conditions, combine
from audiogen_daemon.models.musicgen.key_guidance import PLAUSIBLE, towards_key
from audiogen_daemon.models.pipeline import Request, Sampling
from tests.models.musicgen.playing import WAYS, spied, tiny
from tests.models.reference.tiny_musicgen import MONO


def request(prompt: str, **changes) -> Request:
    return Request(prompt, 1.0, 0, Sampling(), **changes)


def test_a_named_key_weighs_more_and_the_weights_still_add_up_to_one():
    followed = towards_key(request("lush pad in C major"), 2.5)
    assert followed.morph == (("lush pad in C major", 3.5), ("lush pad", -2.5))
    assert sum(weight for _, weight in followed.morph) == 1.0


@pytest.mark.parametrize(
    ("asked", "strength"),
    [
        (request("lush pad in C major"), 0.0),
        (request("drums, 90 bpm"), 2.5),
        (request("C major"), 2.5),
        (request("pad in C major", morph=(("a", 0.5), ("b", 0.5))), 2.5),
    ],
)
def test_without_a_key_or_with_a_mix_nothing_changes(asked, strength):
    assert towards_key(asked, strength) is asked


def test_leading_away_from_a_text_raises_no_token_that_the_other_holds_for_unlikely():
    towards, away = mx.array([[[0.0, -1.0, -9.0]]]), mx.array([[[0.0, -2.0, -20.0]]])

    mixed = combine(mx.concatenate([towards, away]), 2, 1, (3.0, -2.0), 1.0, 1.0, PLAUSIBLE)

    np.testing.assert_allclose(mixed[0, 0], [0.0, 1.0, -np.inf])


@pytest.mark.parametrize(("weights", "least"), [((1.0,), 0.0), ((0.5, 0.5), 0.0), ((3.5, -2.5), PLAUSIBLE)])
def test_only_where_a_weight_leads_away_are_tokens_ruled_out(weights, least):
    assert Conditions((), Sampling(), weights).least == least


def test_every_way_of_drawing_follows_a_key_alike(tmp_path):
    asked = replace(request("dusty rhodes loop in C major"), sampling=Sampling(top_k=50, guidance=2.0), seconds=0.5)
    config = {**MONO, "audiogen": {"key_guidance": 4.0}}
    takes = [spied(tiny(tmp_path / way, config, way), asked)[1] for way in WAYS]
    unled = spied(tiny(tmp_path / "unled", MONO), asked)[1]

    np.testing.assert_array_equal(takes[0], takes[1])
    np.testing.assert_array_equal(takes[0], takes[2])
    assert (takes[0] != unled).any()
