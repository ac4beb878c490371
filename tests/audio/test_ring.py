"""The ring hands samples from one thread to another, whole and in order."""

import sys
import threading
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiogen_daemon.audio.ring import Ring


def ramp(start: int, count: int, channels: int = 1) -> np.ndarray:
    return np.repeat(np.arange(start, start + count, dtype=np.float32)[:, None], channels, axis=1)


@given(st.lists(st.tuples(st.sampled_from(["write", "read", "peek", "clear"]), st.integers(0, 40)), max_size=60))
def test_any_sequence_of_calls_behaves_like_a_queue(calls: list[tuple[str, int]]) -> None:
    ring, queue, written = Ring(17, 2), [], 0
    cleared = False
    for name, count in calls:
        if name == "write":
            taken = ring.write(ramp(written, count, 2))
            assert taken <= count
            if not cleared:
                assert taken == min(count, 17 - len(queue))
            queue += range(written, written + taken)
            written += taken
        elif name == "clear":
            ring.clear()
            queue.clear()
            cleared = True
        else:
            out = np.full((count, 2), -1, np.float32)
            got = ring.peek_into(out, 3) if name == "peek" else ring.read_into(out)
            expected = queue[3 : 3 + count] if name == "peek" else queue[:count]
            assert got == len(expected)
            assert out[:got, 0].tolist() == expected
            assert (out[got:] == -1).all()
            if name == "read":
                del queue[:got]
            cleared = False
        assert ring.available == len(queue)


def test_a_write_that_does_not_fit_says_how_much_it_took() -> None:
    ring = Ring(4, 1)
    assert ring.write(ramp(0, 3)) == 3
    assert ring.write(ramp(3, 3)) == 1
    assert ring.space == 0


def test_clearing_leaves_the_samples_under_the_reader_alone() -> None:
    ring = Ring(4, 1)
    ring.write(ramp(0, 4))
    ring.clear()
    assert ring.available == 0
    assert ring.write(ramp(9, 4)) == 0
    assert ring.read_into(np.zeros((4, 1), np.float32)) == 0
    assert ring.write(ramp(9, 4)) == 4


@pytest.fixture
def eager_threads() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("eager_threads")
def test_two_threads_pass_every_sample_in_order() -> None:
    ring, total = Ring(97, 1), 50_000
    source = ramp(0, total)

    def produce() -> None:
        done = 0
        while done < total:
            done += ring.write(source[done : done + 61])

    producer = threading.Thread(target=produce)
    producer.start()
    out, done = np.zeros((total, 1), np.float32), 0
    while done < total:
        done += ring.read_into(out[done : done + 43])
    producer.join()
    assert np.array_equal(out, source)


def test_a_ring_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Ring(0, 1)
