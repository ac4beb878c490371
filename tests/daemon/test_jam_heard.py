"""What is set while a jam plays is heard soon: at a JACK server's output, with the time at which it was sent."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest

from audiogen_daemon.audio.resample import resample
from audiogen_daemon.models.pipeline import Audio, Request, Sampling
from audiogen_daemon.models.tone import Tone
from tests.audio.conftest import Jack, jack, wait_for  # noqa: F401
from tests.audio.test_launch_jack import capture
from tests.daemon.test_sound import aligned, device_of
from tests.live_daemon import LiveDaemon, live_daemon

pytestmark = pytest.mark.jack

RATE = 48000
PROMPTS = ("warm rhodes", "dark bass")
ALLOWED = 2.0
PAUSE = 2.1
"""Longer than allowed, so that each prompt is heard before the next is sent."""


def steering_delays(server: Jack, folder: Path, steers: int) -> list[float]:
    """Return seconds from sending /prompt to hearing it, of so many while a jam of the tone model plays."""
    file, sets = folder / "heard.npz", ("monitor.enabled=true", "monitor.device=system")
    with live_daemon(folder, *sets, environment=os.environ | server.env) as daemon:
        wait_for(lambda: device_of(daemon) == "system")
        daemon.ask(("/set/words", (0,)), ("/set/seed", (5,)))
        with capture(server, file):
            daemon.send("/jam/start", PROMPTS[0])
            daemon.wait("/take/playing")
            sent = []
            for turn in range(steers):
                pause_until(time.monotonic() + PAUSE)
                sent.append(time.monotonic())
                daemon.send("/prompt", PROMPTS[(turn + 1) % 2])
            pause_until(time.monotonic() + PAUSE)
            daemon.send("/jam/stop")
            daemon.wait("/jam/stopped")
    return [heard - asked for heard, asked in zip(changes(file)[:steers], sent, strict=True)]


def pause_until(moment: float) -> None:
    wait_for(lambda: time.monotonic() >= moment)


def changes(file: Path) -> list[float]:
    """Return when the jam went over from one prompt to the other, in monotonic seconds."""
    heard = np.load(file)
    pcm, frames = heard["pcm"].ravel(), heard["pcm"].shape[1]
    starts = heard["at"] - np.arange(len(heard["at"])) * frames / RATE + float(heard["latency"])
    first, second = (made(prompt, len(pcm) / RATE) for prompt in PROMPTS)
    begin = aligned(pcm, first[: 2 * RATE])
    length = min(len(first), len(pcm) - begin)
    window = RATE // 50
    away = [np.abs(pcm[begin : begin + length] - one[:length]) for one in (first, second)]
    loudness = [np.convolve(one, np.ones(window) / window, "valid")[::window] for one in away]
    loud = np.maximum(*loudness) > 0.01
    nearer = np.where(loud, loudness[0] > loudness[1], -1)
    known = np.flatnonzero(nearer >= 0)
    turns = known[1:][np.diff(nearer[known]) != 0]
    places = [begin + int(turn) * window for turn in turns]
    return [float(starts[place // frames] + place / RATE) for place in places]


def made(prompt: str, seconds: float) -> np.ndarray:
    """What the tone model plays of a prompt, at the output's rate: (samples,)."""
    request = Request(prompt, seconds, 5, Sampling())
    parts = [item.pcm for item in Tone().generate(request) if isinstance(item, Audio)]
    return resample(np.concatenate(parts), Tone.sample_rate, RATE)[:, 0]


def test_a_prompt_is_heard_in_the_running_jam_within_two_seconds(jack: Jack, tmp_path: Path) -> None:  # noqa: F811
    delays = steering_delays(jack, tmp_path, steers=3)
    assert min(delays) > 0
    assert max(delays) <= ALLOWED, delays


STEEPEST = 0.05
"""More than any note of the tone model rises from one sample to the next at 48 kHz."""


def test_an_engine_that_dies_in_a_jam_is_heard_as_a_pause_at_most_without_a_click(
    jack: Jack,  # noqa: F811
    tmp_path: Path,
) -> None:
    file, sets = tmp_path / "died.npz", ("monitor.enabled=true", "monitor.device=system")
    with live_daemon(tmp_path, *sets, environment=os.environ | jack.env) as daemon:
        wait_for(lambda: device_of(daemon) == "system")
        with capture(jack, file):
            daemon.send("/jam/start", PROMPTS[0])
            daemon.wait("/take/playing")
            pause_until(time.monotonic() + 1.0)
            since = len(daemon.heard)
            os.kill(engine_of(daemon), signal.SIGKILL)
            daemon.wait("/take/playing", since=since)
            pause_until(time.monotonic() + 1.5)
            daemon.send("/jam/stop")
            daemon.wait("/jam/stopped")
    pcm = np.load(file)["pcm"].ravel()
    assert np.abs(np.diff(pcm)).max() < STEEPEST
    heard = np.convolve(np.abs(pcm), np.ones(RATE // 10), "valid")[:: RATE // 10] > 1.0
    told = "".join("x" if loud else "." for loud in heard)
    # What the jam was ahead of the ear may last until the next engine plays.
    assert re.fullmatch(r"\.*x+(\.+x+)?\.*", told), told


def engine_of(daemon: LiveDaemon) -> int:
    """The process of the daemon's engine."""
    pids = subprocess.run(["pgrep", "-P", str(daemon.process.pid)], capture_output=True, text=True, check=True).stdout
    lines = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids.split()}
    return next(pid for pid, line in lines.items() if b"engine" in line)
