"""A tune that is played into the input becomes a file that takes follow: over UDP, through PortAudio, on the bar."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiogen_daemon.engine.hearing import read_melody
from audiogen_daemon.models.musicgen.chroma import HOP, chroma
from tests.audio.conftest import jack  # noqa: F401
from tests.audio.test_launch_jack import BEAT, song
from tests.audio.test_recorder_jack import RATE, Source, found_in
from tests.live_daemon import live_daemon
from tests.models.reference.tiny_musicgen import FOLLOWING, write_checkpoint
from tests.models.reference.tunes import heard_notes, tune

TUNE = ("C", "E", "G", "A", "D")
BAR = 4 * BEAT
HEARD_AT = 32_000
"""Hz, at which models hear melodies."""


@pytest.fixture
def daemon(jack, tmp_path):  # noqa: F811
    for name in ("melody", "style"):
        write_checkpoint(tmp_path / "models" / name, FOLLOWING[name])
    sets = ["engine.model=melody", f"models.folder={tmp_path / 'models'}", "record.device=source"]
    with live_daemon(tmp_path, *sets, environment=os.environ | jack.env) as running:
        yield running


def take(daemon, address: str, *words) -> np.ndarray:
    since = len(daemon.heard)
    daemon.send(address, *words)
    number = daemon.wait("/take/queued", since=since)[0]
    return soundfile.read(daemon.wait("/stem/saved", lambda v: v[0] == number, since)[1])[0]


def from_bar(seconds: float) -> float:
    """Return how far that is from a whole number of bars, in seconds."""
    return abs(seconds - round(seconds / BAR) * BAR)


def played_and_recorded(jack, daemon) -> tuple[list, int]:  # noqa: F811
    """Play the tune with a DAW's song, a note each bar; record five bars; return what was said and the first bar."""
    notes = tune(TUNE, note_seconds=BAR, rate=RATE)
    with song(daemon.port) as daw:
        source = Source(jack, notes, at=daw.began)
        daemon.send("/record", 5)
        daemon.wait("/record/started")
        daemon.wait("/record/progress", lambda values: values[0] > 2.5 * BAR)
        done = daemon.wait("/record/done")
    source.end()
    start = found_in(np.tile(notes, 2), done[2], seconds=1.0)[1]
    assert from_bar(source.left(start) - daw.began) < 0.010  # the song's messages come up to 8 ms late
    assert from_bar(start / RATE) < 0.1
    return done, round(start / RATE / BAR)


@pytest.mark.jack
def test_a_tune_of_five_notes_is_recorded_on_the_bar_found_followed_and_continued(jack, daemon):  # noqa: F811
    done, bar = played_and_recorded(jack, daemon)
    name = done[0]
    assert [name, 5 * BAR] in [values for address, values in daemon.heard if address == "/record/started"]
    assert max(values[1] for address, values in daemon.heard if address == "/record/progress") > -30

    assert done[:2] == [name, 5 * BAR]
    path = Path(done[2])
    assert path == daemon.stems / "in" / name
    pcm, rate = soundfile.read(path, dtype="float32")
    assert (rate, len(pcm)) == (RATE, 5 * BAR * RATE)
    expected = [TUNE[(bar + i) % 5] for i in range(5)]
    melody = read_melody(path, HEARD_AT)
    assert heard_notes(chroma(melody[:, 0], HEARD_AT), BAR * HEARD_AT / HOP) == expected
    assert daemon.wait("/input/landed")[0] == name

    words = ("warm", "seconds", 0.5, "seed", 1)
    daemon.ask(("/set/melody", (name,)))
    followed = take(daemon, "/generate", *words)
    daemon.ask(("/set/melody", ("off",)))
    assert not np.array_equal(followed, take(daemon, "/generate", *words))
    assert len(take(daemon, "/generate", *words, "model", "style", "style", name)) == 22050
    assert len(take(daemon, "/continue", name, 0.5)) == 22050


@pytest.mark.jack
def test_a_button_begins_another_ends_and_its_release_does_nothing(jack, daemon):  # noqa: F811
    source = Source(jack, tune(TUNE, rate=RATE))
    heard = daemon.ask(("/record", (0.0,)), ("/record/stop", (1.0,)), ("/record", (4,)))
    assert [values for address, values in heard if address == "/error"] == [
        ["/record/stop", "nothing is being recorded; /record begins"],
        ["/record", "4 bars need a tempo; send /set/tempo, or start the DAW"],
    ]
    daemon.send("/record", 1.0)
    assert daemon.wait("/record/started")[1] == 10.0
    assert "recorded already" in dict(v for a, v in daemon.ask(("/record", (1.0,))) if a == "/error")["/record"]
    daemon.wait("/record/progress")
    daemon.send("/record/stop", 1.0)
    seconds = daemon.wait("/record/done")[1]
    assert 0 < seconds < 10
    source.end()


@pytest.mark.jack
def test_the_command_line_records_so_many_bars(jack, daemon, tmp_path):  # noqa: F811
    source = Source(jack, tune(TUNE, rate=RATE))
    daemon.ask(("/set/tempo", (240,)))
    command = [sys.executable, "-m", "audiogen_daemon", "record", "--bars", "1", "--json"]
    command += ["--set", f"osc.listen=127.0.0.1:{daemon.port}", "--set", f"daemon.state={tmp_path / 'state'}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    source.end()
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["seconds"] == 1.0
    assert Path(told["path"]).name == "recording_001.wav"


@pytest.mark.jack
def test_the_command_line_tells_when_only_silence_came(jack, daemon, tmp_path):  # noqa: F811
    source = Source(jack, np.zeros(RATE, np.float32))
    daemon.ask(("/set/tempo", (240,)))
    command = [sys.executable, "-m", "audiogen_daemon", "record", "--bars", "1"]
    command += ["--set", f"osc.listen=127.0.0.1:{daemon.port}", "--set", f"daemon.state={tmp_path / 'state'}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    source.end()
    assert done.returncode == 0, done.stderr
    assert "recording_001.wav" in done.stdout
    assert "only silence came from" in done.stderr


def test_without_any_input_the_reason_is_told_and_the_daemon_goes_on(tmp_path):
    quiet = os.environ | {"JACK_NO_START_SERVER": "1", "JACK_DEFAULT_SERVER": "none", "PULSE_SERVER": "none"}
    with live_daemon(tmp_path, "record.device=no such microphone", environment=quiet) as daemon:
        daemon.send("/record")
        address, reason = daemon.wait("/error")
        assert address == "/record"
        assert "sound input" in reason or "no input matches" in reason or "PortAudio" in reason
        assert daemon.ask(("/record/stop", ()))[0][1][1] == "nothing is being recorded; /record begins"
