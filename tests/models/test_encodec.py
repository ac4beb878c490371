"""The codec gives what the reference gives, in one piece and in every chunking."""

import itertools

import mlx.core as mx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiogen_daemon.models.encodec import Encodec
from tests.models.reference.encodec_cases import CASES, load_case, load_codec


def random_codes(codec: Encodec, batch: int, frames: int, seed: int = 0) -> mx.array:
    shape = (batch, frames, codec.config.num_quantizers)
    return mx.array(np.random.RandomState(seed).randint(0, codec.config.codebook_size, shape).astype(np.int32))


def streamed(codec: Encodec, codes: mx.array, sizes: list[int]) -> list[np.ndarray]:
    """Decode in chunks of the given sizes, then in one last chunk what they leave; then finish."""
    state, parts = codec.decoder.start(codes.shape[0]), []
    bounds = [0, *(min(end, codes.shape[1]) for end in itertools.accumulate(sizes)), codes.shape[1]]
    for first, end in itertools.pairwise(bounds):
        pcm, state = codec.decoder.step(codes[:, first:end], state)
        mx.eval(pcm, state)
        parts.append(np.array(pcm))
    return [*parts, np.array(codec.decoder.finish(state))]


@pytest.mark.parametrize("name", CASES)
def test_decoding_equals_the_reference(name: str) -> None:
    case = load_case(name)
    decoded = np.array(load_codec(name).decode(mx.array(case.codes)))
    assert decoded.dtype == np.float32
    np.testing.assert_allclose(decoded, case.decoded, atol=1e-5)


@pytest.mark.parametrize("name", CASES)
def test_encoding_equals_the_reference(name: str) -> None:
    case = load_case(name)
    encoded = np.array(load_codec(name).encode(mx.array(case.pcm)))
    assert encoded.dtype == np.int32
    np.testing.assert_array_equal(encoded, case.encoded)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("chunk", [1, 2, 3, 5, 7, 25])
def test_streamed_sound_equals_the_reference(name: str, chunk: int) -> None:
    case = load_case(name)
    parts = streamed(load_codec(name), mx.array(case.codes), [chunk] * -(-case.codes.shape[1] // chunk))
    np.testing.assert_allclose(np.concatenate(parts, axis=1), case.decoded, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(["reflect", "constant", "odd"]),
    frames=st.integers(0, 24),
    sizes=st.lists(st.integers(0, 9), max_size=12),
)
def test_every_chunking_gives_the_sound_of_one_piece(name: str, frames: int, sizes: list[int]) -> None:
    codec = load_codec(name)
    codes = random_codes(codec, 1, frames, seed=frames)
    whole = np.array(codec.decode(codes))
    assert whole.shape == (1, frames * codec.config.hop, codec.config.audio_channels)
    np.testing.assert_allclose(np.concatenate(streamed(codec, codes, sizes), axis=1), whole, atol=1e-5)


@pytest.mark.parametrize("name", ["reflect", "constant", "odd"])
def test_samples_come_as_early_as_the_lookahead_promises(name: str) -> None:
    codec = load_codec(name)
    parts = streamed(codec, random_codes(codec, 1, 16), [1] * 16)
    heard = np.cumsum([part.shape[1] for part in parts[:16]])
    promised = np.arange(1, 17) * codec.config.hop - codec.decoder.lookahead_samples
    np.testing.assert_array_equal(heard, np.maximum(promised, 0))


def test_no_sample_could_come_earlier() -> None:
    codec = load_codec("reflect")
    assert (codec.decoder.lookahead_samples, codec.decoder.lookahead_frames) == (2402, 4)
    codes = random_codes(codec, 1, 12)
    changed = mx.concatenate([codes[:, :8], (codes[:, 8:9] + 1) % 2048, codes[:, 9:]], axis=1)
    difference = np.abs(np.array(codec.decode(codes)) - np.array(codec.decode(changed)))[0, :, 0]
    assert np.flatnonzero(difference > 0)[0] == 8 * codec.config.hop - codec.decoder.lookahead_samples


def test_rows_of_a_batch_do_not_hear_each_other() -> None:
    codec = load_codec("reflect")
    codes = random_codes(codec, 3, 9)
    together = np.concatenate(streamed(codec, codes, [2, 4]), axis=1)
    for row in range(3):
        alone = np.array(codec.decode(codes[row : row + 1]))
        np.testing.assert_allclose(together[row : row + 1], alone, atol=1e-5)


def test_a_state_can_be_continued_twice() -> None:
    codec = load_codec("reflect")
    codes = random_codes(codec, 1, 20)
    first, state = codec.decoder.step(codes[:, :10], codec.decoder.start())
    left, left_state = codec.decoder.step(codes[:, 10:], state)
    codec.decoder.step((codes[:, 10:] + 1) % 2048, state)
    again, _ = codec.decoder.step(codes[:, 10:], state)
    np.testing.assert_array_equal(np.array(left), np.array(again))
    joined = mx.concatenate([first, left, codec.decoder.finish(left_state)], axis=1)
    np.testing.assert_allclose(np.array(joined), np.array(codec.decode(codes)), atol=1e-5)


def test_nothing_gives_nothing() -> None:
    codec = load_codec("reflect")
    assert codec.decode(random_codes(codec, 2, 0)).shape == (2, 0, 1)
    assert codec.decoder.finish(codec.decoder.start(2)).shape == (2, 0, 1)
    assert codec.encode(mx.zeros((2, 0, 1))).shape == (2, 0, 4)


def test_silence_is_encoded_row_by_row_alike() -> None:
    codec = load_codec("reflect")
    codes = np.array(codec.encode(mx.zeros((2, 3200, 1))))
    assert codes.shape == (2, 5, 4)
    np.testing.assert_array_equal(codes[0], codes[1])


@pytest.mark.parametrize(("samples", "frames"), [(1, 1), (639, 1), (640, 1), (641, 2), (6400, 10)])
def test_a_part_of_a_frame_is_encoded_as_a_frame(samples: int, frames: int) -> None:
    assert load_codec("reflect").encode(mx.ones((1, samples, 1))).shape == (1, frames, 4)


def test_fewer_codebooks_give_a_coarser_sound_of_the_same_length() -> None:
    codec = load_codec("reflect")
    codes = random_codes(codec, 1, 6)
    coarse, fine = codec.decode(codes[..., :2]), codec.decode(codes)
    assert coarse.shape == fine.shape
    assert not np.allclose(np.array(coarse), np.array(fine), atol=1e-3)


@pytest.mark.parametrize("shape", [(4, 4), (1, 4, 5), (1, 4, 0)])
def test_codes_of_another_shape_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"wanted whole numbers \(batch, frames, 4\)"):
        load_codec("reflect").decode(mx.zeros(shape, mx.int32))


def test_codes_that_are_not_whole_numbers_are_refused() -> None:
    with pytest.raises(ValueError, match="float32"):
        load_codec("reflect").decode(mx.zeros((1, 4, 4)))


@pytest.mark.parametrize("shape", [(640,), (1, 640), (1, 640, 2)])
def test_pcm_of_another_shape_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"wanted \(batch, samples, 1\)"):
        load_codec("reflect").encode(mx.zeros(shape))
