import sys

import numpy as np
import pytest

from audiogen_daemon.audio import beats
from audiogen_daemon.audio.stretch import StretchMissing, stretch
from tests.audio.rhythms import RATE, drums


@pytest.mark.parametrize("ratio", [0.93, 0.99, 1.02, 1.08])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_stretched_loop_has_the_new_length_tempo_and_level(ratio, channels):
    sound = np.repeat(drums(120, 6, 2), channels, axis=1)
    out = stretch(sound, RATE, ratio)
    assert out.shape == (round(len(sound) * ratio), channels)
    assert beats.track(out, RATE, 120 / ratio).tempo == pytest.approx(120 / ratio, rel=0.003)
    assert np.sqrt(np.mean(out**2)) == pytest.approx(np.sqrt(np.mean(sound**2)), rel=0.1)


def test_a_stretch_that_would_be_heard_is_refused():
    with pytest.raises(ValueError, match=r"1.3 times the length is outside 0.91 to 1.09"):
        stretch(drums(120, 1), RATE, 1.3)


def test_without_the_library_its_name_and_cure_are_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "python_stretch", None)
    with pytest.raises(StretchMissing, match=r"make setup EXTRAS=stretch"):
        stretch(drums(120, 1), RATE, 1.05)
