"""A loop through the daemon and PortAudio: the take while it is made, then the loop that was saved, in phase."""

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.audio.conftest import jack, wait_for  # noqa: F401
from tests.daemon.test_sound import aligned, device_of
from tests.live_daemon import live_daemon

RATE = 48000


@pytest.mark.jack
def test_the_loop_that_was_saved_follows_the_take_that_is_heard_and_repeats(jack, tmp_path):  # noqa: F811
    sets = ["monitor.enabled=true", "monitor.device=system", f"stems.rate={RATE}", "stems.format=float32"]
    with live_daemon(tmp_path, *sets, "engine.tone_pace=0.005", environment=os.environ | jack.env) as daemon:
        wait_for(lambda: device_of(daemon) == "system")
        recorder = jack.record(tmp_path / "heard.wav", 5)
        since = len(daemon.heard)
        daemon.send("/generate", "plucked", "bars", 1, "tempo", 240, "loop", 1, "seed", 3)
        take = daemon.wait("/take/playing", since=since)[0]
        path = Path(daemon.wait("/stem/saved", lambda v: v[0] == take, since)[1])
        recorder.wait(30)
    saved = soundfile.read(path, dtype="float32", always_2d=True)[0][:, 0]
    heard = soundfile.read(tmp_path / "heard.wav", dtype="float32", always_2d=True)[0][:, 0]
    assert len(saved) == RATE
    loops = np.tile(saved, 4)
    first = np.flatnonzero(np.abs(heard) > 0)[0] - 100
    begin = first + aligned(heard[first : first + 2 * RATE], saved)
    piece = heard[begin : begin + len(loops)]
    piece = piece[: len(piece) - RATE // 10]
    # All but the blend at the loop's start was heard as it was made; from the second turn on it is the loop itself.
    blend = round(0.08 * RATE)
    assert np.abs(piece[blend:] - loops[blend : len(piece)]).max() <= 1e-3
    assert len(piece) > 2.5 * len(saved)
    assert "/monitor/starved" not in [address for address, _ in daemon.heard[since:]]
