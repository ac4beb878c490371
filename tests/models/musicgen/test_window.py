from dataclasses import replace

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiogen_daemon.models.keys import Key
from audiogen_daemon.models.musicgen import blocks, steps
from audiogen_daemon.models.musicgen.conditions import combine
from audiogen_daemon.models.musicgen.delay import undelay
from audiogen_daemon.models.musicgen.window import Window
from audiogen_daemon.models.pipeline import Progress, Request, Sampling
from audiogen_daemon.models.sampling import draw
from tests.models.musicgen.playing import WAYS, sound, spied, tiny
from tests.models.musicgen.test_pipeline import CADENCE
from tests.models.reference.tiny_musicgen import MONO, SHAPES, changed

REQUEST = Request("dusty rhodes loop", seconds=4.0, seed=3, sampling=Sampling(top_k=50))
TRAINED = 60
COUNT_IN = {
    "beats": 2,
    "frames_per_beat": [5, 6, 10],
    "held_back_frames": 3,
    "frequencies_hz": [1600.0, 1200.0],
    "decay_seconds": 0.02,
    "level": 0.35,
}
COUNTED = changed(MONO, "audiogen", {"count_in": COUNT_IN})


@pytest.fixture(scope="module", params=list(WAYS))
def mono(request, tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("mono"), MONO, request.param, TRAINED)


@pytest.fixture(scope="module")
def counted(tmp_path_factory):
    return tiny(tmp_path_factory.mktemp("counted"), COUNTED, frames=2 * TRAINED)


@pytest.fixture
def readings(monkeypatch):
    """The columns of every pass over many columns, (columns, takes, K)."""
    seen = []
    read = steps.read

    def spy(decoder, conditions, columns, text):
        seen.append(np.array(columns))
        return read(decoder, conditions, columns, text)

    monkeypatch.setattr(steps, "read", spy)
    monkeypatch.setattr(blocks, "read", spy)
    return seen


@st.composite
def windows(draw):
    """A window, and how far its sequence has come."""
    delays = draw(st.sampled_from([(0, 1, 2, 3), (0, 0, 1, 1), (0,), (0, 1)]))
    primer, bar = draw(st.sampled_from([(0, 1), (12, 4), (20, 8)]))
    window = Window(1000, draw(st.integers(max(8, 2 * bar), 60)), delays, -7, primer, bar)
    return window, draw(st.integers(primer + 1 + max(delays), 300))


@given(windows())
def test_a_new_window_goes_on_with_every_codebook_where_it_was(case):
    window, length = case
    grid = np.full((length, 2, len(window.delays)), -7, np.int32)
    for k, wait in enumerate(window.delays):
        # Frame number, take and codebook can be told from every token.
        numbers = np.arange(length - 1 - wait)[:, None] * 100 + k * 10 + np.arange(2)
        grid[1 + wait :, :, k] = numbers

    fresh = window.again(grid)

    left_out = len(grid) - len(fresh)
    begun = len(grid) - 1
    assert left_out % window.bar == 0
    assert left_out == 0 or window.kept - window.bar < begun - left_out - window.primer <= window.kept
    for k, wait in enumerate(window.delays):
        frames = fresh[1 + wait :, :, k] // 100
        assert (fresh[: 1 + wait, :, k] == -7).all()
        expected = [n for n in range(length - 1 - wait) if not window.primer <= n < window.primer + left_out]
        np.testing.assert_array_equal(frames, np.repeat(np.array(expected)[:, None], 2, axis=1))


def test_a_long_take_is_drawn_from_what_each_window_holds(mono):
    score, heard = spied(mono, REQUEST)
    decoder, window, grid = mono._player._decoder, score.window, score.grid
    text = steps.listen(decoder, score.conditions, 1, fold=False)

    columns = grid[:1, None]
    for column in range(1, 160):
        if len(columns) == window.positions:
            columns = window.again(columns)
        logits, _ = steps.read(decoder, score.conditions, columns, text)
        logits = combine(logits, 1, 2, (1.0,), 3.0, 1.0)
        drawn = np.array(draw(logits, 50, 0.0, mx.array([REQUEST.seed], mx.uint32), column))
        drawn = np.where(grid[column] < 0, drawn, grid[column])
        np.testing.assert_array_equal(heard[column - 1], drawn)
        columns = np.concatenate([columns, drawn[None]])


@pytest.mark.parametrize("config", ["mono", "stereo"])
@pytest.mark.parametrize("past_seconds", [0, 1])
def test_the_sound_over_all_windows_is_the_codecs_decoding_in_one_piece(tmp_path, config, past_seconds):
    model = tiny(tmp_path, SHAPES[config], frames=TRAINED)
    past = np.zeros((past_seconds * 32_000, model.channels), np.float32)
    asked = replace(REQUEST, continues=past) if past_seconds else REQUEST
    score, columns = spied(model, asked)
    pcm = sound(model.generate(asked))

    special = model.config.decoder.special_token
    drawn = np.concatenate([score.grid[: score.first], columns[:, 0]])
    whole = undelay(drawn, model.delays, 0, len(drawn) - 1 - max(model.delays))
    assert (whole >= 0).all()
    assert (whole < special).all()
    sides = whole.reshape(len(whole), -1, model.channels).transpose(2, 0, 1)
    offline = np.array(model._codec.decode(mx.array(sides)))[:, :, 0].T
    np.testing.assert_allclose(pcm, offline[len(offline) - len(pcm) :], atol=1e-4)


def test_no_window_is_needed_up_to_the_trained_length(mono, readings):
    list(mono.generate(replace(REQUEST, seconds=TRAINED / 50)))
    assert len(readings) == 1

    list(mono.generate(replace(REQUEST, seconds=(TRAINED + 1) / 50)))
    assert len(readings) == 3


def test_each_window_is_one_pass_over_what_is_kept(mono, readings):
    list(mono.generate(REQUEST))

    kept = int(0.4 * TRAINED)
    assert [len(columns) for columns in readings] == [1] + [kept + 1] * 4


@pytest.mark.parametrize("seconds", [1.2, 1.21, 3.0, 4.00003])
def test_a_take_of_many_windows_has_exactly_the_length_asked_for(mono, seconds):
    items = list(mono.generate(replace(REQUEST, seconds=seconds)))
    progress = [item for item in items if isinstance(item, Progress)]

    assert len(sound(items)) == round(seconds * 32_000)
    assert progress[-1].step == progress[-1].steps == -(-round(seconds * 32_000) // 640) + 3


def test_compiled_blocks_draw_the_same_long_take(tmp_path):
    takes = [spied(tiny(tmp_path / way, MONO, way, TRAINED), REQUEST)[1] for way in WAYS]

    np.testing.assert_array_equal(takes[0], takes[1])
    np.testing.assert_array_equal(takes[0], takes[2])


def test_variations_go_on_from_their_own_past(mono):
    _, together = spied(mono, replace(REQUEST, variations=3))

    for variation in range(3):
        _, alone = spied(mono, replace(REQUEST, seed=REQUEST.seed + variation))
        np.testing.assert_array_equal(together[:, variation], alone[:, 0])


def test_every_window_begins_with_the_count_in_and_on_a_bar(counted, readings):
    request = replace(REQUEST, tempo=600.0, seconds=8.0)
    score, columns = spied(counted, request)
    beat, start = 5, 10
    drawn = np.concatenate([score.grid[: score.first], columns[:, 0]])
    frames = undelay(drawn, counted.delays, 0, len(drawn) - 4)

    assert len(readings) > 3
    for window in readings[1:]:
        complete = undelay(window[:, 0], counted.delays, 0, len(window) - 4)
        np.testing.assert_array_equal(complete[:start], frames[:start])
        kept = complete[start:]
        places = [n for n in range(start, len(frames)) if np.array_equal(frames[n : n + len(kept)], kept)]
        assert [(place - start) % (4 * beat) for place in places] == [0]


def test_a_continuation_may_be_longer_than_the_trained_length(mono):
    past = np.random.RandomState(0).uniform(-0.5, 0.5, (40_000, 1)).astype(np.float32)
    pcm = sound(mono.generate(replace(REQUEST, continues=past, seconds=2.5)))

    assert pcm.shape == (80_000, 1)
    assert np.isfinite(pcm).all()


def test_later_windows_of_a_take_in_a_key_begin_with_clicks_alone(tmp_path, readings):
    config = changed(MONO, "audiogen", {"count_in": COUNT_IN | {"cadence": CADENCE}})
    tuned = tiny(tmp_path, config, frames=2 * TRAINED)
    request = replace(REQUEST, prompt="dusty rhodes in F# minor", tempo=600.0, seconds=8.0)
    beat, known = 5, 10 - 3
    openings = tuned._openings
    clicks, cadence = (openings._count_in_codes(beat, key)[:known] for key in (None, Key(6, "minor")))

    spied(tuned, request)

    whole = known - max(tuned.delays)
    np.testing.assert_array_equal(undelay(readings[0][:, 0], tuned.delays, 0, whole), cadence[:whole])
    later = [undelay(window[:, 0], tuned.delays, 0, known) for window in readings[1:]]
    assert len(later) > 2
    assert not np.array_equal(clicks, cadence)
    for window in later:
        np.testing.assert_array_equal(window, clicks)
    assert openings(replace(request, seconds=1.0), 50).window.clicks is None
