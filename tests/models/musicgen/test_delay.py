import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiogen_daemon.models.musicgen.delay import UNKNOWN, codebook_delays, complete_frames, delay, undelay

SPECIAL = 2048
MONO = codebook_delays(4, 1)
STEREO = codebook_delays(8, 2)


def labelled(frames: int, delays: tuple[int, ...]) -> np.ndarray:
    """Tokens that say where they belong: 100 * frame + codebook."""
    return (np.arange(frames)[:, None] * 100 + np.arange(len(delays))).astype(np.int32)


def test_left_and_right_of_a_stereo_pair_share_a_delay():
    assert STEREO == (0, 0, 1, 1, 2, 2, 3, 3)


def test_columns_start_special_and_shift_each_codebook():
    grid = delay(labelled(2, MONO), 2, MONO, SPECIAL)

    assert grid.tolist() == [
        [SPECIAL, SPECIAL, SPECIAL, SPECIAL],
        [0, SPECIAL, SPECIAL, SPECIAL],
        [100, 1, SPECIAL, SPECIAL],
        [SPECIAL, 101, 2, SPECIAL],
        [SPECIAL, SPECIAL, 102, 3],
        [SPECIAL, SPECIAL, SPECIAL, 103],
    ]


@pytest.mark.parametrize("delays", [MONO, STEREO, (0,), (0, 1)])
@given(frames=st.integers(1, 40))
def test_every_frame_survives_the_round_trip_the_last_one_too(delays, frames):
    frames_in = labelled(frames, delays)

    grid = delay(frames_in, frames, delays, SPECIAL)

    assert complete_frames(len(grid), delays) == frames
    np.testing.assert_array_equal(undelay(grid, delays, 0, frames), frames_in)


@given(frames=st.integers(1, 40), known=st.integers(0, 40))
def test_only_tokens_of_unknown_frames_are_to_be_drawn(frames, known):
    known = min(frames, known)

    grid = delay(labelled(known, MONO), frames, MONO, SPECIAL)

    assert (grid == UNKNOWN).sum() == (frames - known) * len(MONO)


def test_frames_come_out_as_columns_come_in():
    grid = delay(labelled(5, MONO), 5, MONO, SPECIAL)
    out = [
        undelay(grid[:columns], MONO, complete_frames(columns - 1, MONO), complete_frames(columns, MONO))
        for columns in range(1, len(grid) + 1)
    ]

    assert [len(part) for part in out] == [0, 0, 0, 0, 1, 1, 1, 1, 1]
    np.testing.assert_array_equal(np.concatenate(out), labelled(5, MONO))


def test_a_frame_that_is_not_complete_is_refused():
    grid = delay(labelled(5, MONO), 5, MONO, SPECIAL)

    with pytest.raises(ValueError, match="frame 2 is not complete: 6 columns hold 2 whole frames"):
        undelay(grid[:6], MONO, 0, 3)


def test_more_known_frames_than_the_sequence_has_are_refused():
    with pytest.raises(ValueError, match="6 frames are known of a sequence of 5"):
        delay(labelled(6, MONO), 5, MONO, SPECIAL)
