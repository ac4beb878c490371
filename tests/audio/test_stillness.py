"""A device that stands still is lost after a while, one that slept with the machine is not."""

import numpy as np
import pytest

from audiogen_daemon.audio.stillness import Stillness


def test_looks_at_a_count_that_stays_the_same_add_up():
    stillness = Stillness(100.0)
    assert [stillness.seconds(7, 100.0 + 0.5 * look) for look in range(1, 5)] == pytest.approx([0.0, 0.5, 1.0, 1.5])


def test_a_count_that_grew_begins_anew():
    stillness = Stillness(100.0)
    for look, count in enumerate((0, 0, 0, 1)):
        still = stillness.seconds(count, 100.5 + 0.5 * look)
    assert still == 0.0
    assert stillness.seconds(1, 102.5) == pytest.approx(0.5)


@pytest.mark.parametrize("asleep", [3.0, 3600.0])
def test_a_machine_that_slept_leaves_the_device_most_of_two_seconds_to_go_on(asleep):
    stillness = Stillness(100.0)
    stillness.seconds(5, 100.0)
    woken = 100.0 + asleep
    assert stillness.seconds(5, woken) < 1.0
    looks = np.arange(0.02, 1.2, 0.02)
    assert all(stillness.seconds(5, woken + look) < 2.0 for look in looks)
    assert stillness.seconds(6, woken + 1.2) == 0.0
