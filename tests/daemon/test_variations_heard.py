"""Variations of one request, named by letters over UDP and heard through PortAudio, go on where the other one was."""

import os

import numpy as np
import pytest
import soundfile

from tests.audio.conftest import jack, wait_for  # noqa: F401
from tests.daemon.test_sound import aligned, device_of
from tests.live_daemon import live_daemon

RATE = 48000
CROSSFADE = round(0.03 * RATE)


def heard_until_switched(jack, daemon, file, first, other) -> np.ndarray:  # noqa: F811
    """Play a take by its name and the other one by its letter alone; return what was heard of both."""
    recorder = jack.record(file, 6)
    since = len(daemon.heard)
    daemon.send("/monitor/play", first)
    daemon.wait("/take/playing", since=since)
    for _ in range(12):
        since = len(daemon.heard)
        daemon.wait("/monitor/level", since=since)
    daemon.send("/monitor/play", other)
    daemon.wait("/take/playing", since=since)
    recorder.wait(30)
    return soundfile.read(file, dtype="float32", always_2d=True)[0][:, 0]


@pytest.mark.jack
@pytest.mark.parametrize("words", [("seconds", 10), ("bars", 2, "tempo", 120, "loop", 1)], ids=["once", "loop"])
def test_the_other_variation_goes_on_where_the_first_one_was(jack, tmp_path, words):  # noqa: F811
    sets = ["monitor.enabled=true", "monitor.device=system", f"stems.rate={RATE}", "stems.format=float32"]
    with live_daemon(tmp_path, *sets, environment=os.environ | jack.env) as daemon:
        wait_for(lambda: device_of(daemon) == "system")
        daemon.send("/generate", "plucked", "variations", 2, "seed", 3, *words)
        queued = [daemon.wait("/take/queued", lambda v, letter=letter: v[3] == letter) for letter in "AB"]
        paths = [daemon.wait("/stem/saved", lambda v, take=row[0]: v[0] == take)[1] for row in queued]
        daemon.send("/monitor/stop")
        heard = heard_until_switched(jack, daemon, tmp_path / "heard.wav", f"{queued[1][0]}.A", "B")
        assert "/error" not in [path for path, _ in daemon.heard]
    one, two = (np.tile(soundfile.read(path, dtype="float32")[0], 1 + 2 * ("loop" in words)) for path in paths)
    begin = np.flatnonzero(np.abs(heard) > 0)[0] - 100
    begin += aligned(heard[begin : begin + RATE], one[: RATE // 2])
    length = min(len(one), len(heard) - begin)
    piece = heard[begin : begin + length]
    apart = np.abs(one[:length] - two[:length]) > 0.01
    switched = np.flatnonzero(apart & (np.abs(piece - one[:length]) > 1e-3))[0]
    assert switched > RATE
    assert length - switched > RATE
    settled = switched + CROSSFADE
    assert np.abs(piece[settled:] - two[settled:length]).max() <= 1e-3
    mixed = piece[switched:settled]
    assert np.abs(np.diff(mixed)).max() <= np.abs(np.diff(one)).max() + np.abs(np.diff(two)).max()
