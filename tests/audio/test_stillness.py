"""A device that stands still is lost after a while, one that slept with the machine is not."""

import numpy as np
import pytest

from audiogen_daemon.audio.stillness import Stillness


def test_looks_at_a_count_that_stays_the_same_add_up():
    stillness = Stillness(100.0)
    assert [stillness.look(7, 100.0 + 0.5 * look) for look in range(1, 5)] == pytest.approx([0.0, 0.5, 1.0, 1.5])


def test_a_count_that_grew_begins_anew():
    stillness = Stillness(100.0)
    for look, count in enumerate((0, 0, 0, 1)):
        still = stillness.look(count, 100.5 + 0.5 * look)
    assert still == 0.0
    assert stillness.look(1, 102.5) == pytest.approx(0.5)


@pytest.mark.parametrize("asleep", [3.0, 3600.0])
def test_a_machine_that_slept_leaves_the_device_two_seconds_to_go_on(asleep):
    stillness = Stillness(100.0)
    stillness.look(5, 100.0)
    assert stillness.look(5, 100.5) == pytest.approx(0.5)
    woken = 100.5 + asleep
    assert stillness.look(5, woken) == 0.0
    assert all(stillness.look(5, woken + after) < 2.0 for after in np.arange(0.02, 1.99, 0.02))
    assert stillness.look(6, woken + 1.99) == 0.0
