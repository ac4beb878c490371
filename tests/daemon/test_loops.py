"""Takes of so many bars through the real daemon: exact in length, in time, closed into a loop, and what was found."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tests.live_daemon import live_daemon


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with live_daemon(tmp_path_factory.mktemp("daemon")) as running:
        yield running


def made(daemon, *words) -> tuple[Path, list]:
    since = len(daemon.heard)
    daemon.send("/generate", *words)
    take = daemon.wait("/take/queued", since=since)[0]
    path = Path(daemon.wait("/stem/saved", lambda v: v[0] == take, since)[1])
    return path, daemon.wait("/take/done", lambda v: v[0] == take, since)


def test_a_loop_of_bars_is_exact_and_its_findings_stand_in_done_and_sidecar(daemon):
    path, done = made(daemon, "plucked", "bars", 2, "tempo", 113, "signature", "7/8", "loop", 1, "seed", 3)
    seconds = 2 * 3.5 * 60 / 113
    sound, rate = soundfile.read(path, always_2d=True)
    assert len(sound) == round(seconds * rate)
    assert done[1] == pytest.approx(len(sound) / rate)
    findings = dict(zip(done[3::2], done[4::2], strict=True))
    assert findings["tempo"] == pytest.approx(113, rel=0.005)
    assert findings["seam"] > 0
    measured = json.loads(path.with_suffix(".json").read_text())["measured"]
    assert {name: measured[name] for name in findings} == pytest.approx(findings)
    steps = np.abs(np.diff(sound, axis=0)).max(axis=1)
    assert np.abs(sound[0] - sound[-1]).max() <= np.quantile(steps, 0.99)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("/generate", "x", "tempo", 1000), "tempo: 1000 is outside 30 to 300 bpm"),
        (("/generate", "x", "tempo", float("nan")), "tempo: nan is outside 30 to 300 bpm"),
        (("/generate", "x", "bars", 4, "tempo", 0), "4 bars need a tempo"),
        (("/generate", "x", "bars", 10000, "tempo", 120), "bars: 10000 is outside 0.25 to 256"),
        (("/generate", "x", "bars", 256, "tempo", 30), "a take of 2048 s is outside"),
        (("/generate", "x", "signature", "0/4"), 'signature: "0/4" is no time signature'),
        (("/generate", "x", "key", "H"), 'key: "H" is no key'),
        (("/transport/tempo", float("nan")), "nan is outside 30 to 300 bpm"),
        (("/transport/tempo", "fast"), '"fast" is no number; send 30 to 300 bpm'),
        (("/transport/tempo", 1000), "1000 is outside 30 to 300 bpm"),
        (("/transport/tempo", 0), "0 is outside 30 to 300 bpm"),
        (("/transport/beat", float("nan")), "nan is no number; send a finite number"),
        (("/transport/signature", 0, 4), "(0, 4) is no time signature"),
        (("/set/bars", 10000), "the value stays 0"),
    ],
)
def test_what_no_bar_can_be_is_refused_with_its_range(daemon, words, reason):
    address, *values = words
    since = len(daemon.heard)
    daemon.send(address, *values)
    assert reason in daemon.wait("/error", lambda v: v[0] == address, since)[1]


def test_a_stem_by_its_path_is_made_again_and_gone_on_from(daemon):
    path, _ = made(daemon, "x", "seconds", 0.5, "key", "D dorian", "seed", 9)
    path = path.rename(path.with_name('it\'s "größer" 🎹.wav'))
    for words in (("/again", path.name), ("/again", str(path)), ("/continue", path.name, 0.4)):
        since = len(daemon.heard)
        daemon.send(*words)
        take = daemon.wait("/take/queued", since=since)[0]
        sidecar = Path(daemon.wait("/stem/saved", lambda v, take=take: v[0] == take, since)[1]).with_suffix(".json")
        settings = json.loads(sidecar.read_text())["settings"]
        assert settings["key"] == "D dorian"
        assert settings["seed"] != 9
        assert settings["continues"] == (str(path.resolve()) if words[0] == "/continue" else "")
    for text in ("/etc/passwd", "../../state/journal.sqlite3", "gone.wav"):
        since = len(daemon.heard)
        daemon.send("/again", text)
        assert "drop folder" in daemon.wait("/error", lambda v: v[0] == "/again", since)[1]


def test_a_stem_dropped_into_the_inbox_is_made_again_and_left_there(daemon):
    path, _ = made(daemon, "inbox", "seconds", 0.3)
    since = len(daemon.heard)
    dropped = path.parent / "again" / path.name
    dropped.write_bytes(path.read_bytes())
    take = daemon.wait("/take/queued", since=since)[0]
    again = Path(daemon.wait("/stem/saved", lambda v: v[0] == take, since)[1])
    assert json.loads(again.with_suffix(".json").read_text())["prompt"] == "inbox"
    assert dropped.read_bytes() == path.read_bytes()
    (path.parent / "again" / "foreign.wav").write_bytes(
        b"RIFF\x26\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x44\xac\0\0\x88\x58\x01\0\x02\0\x10\0data\x02\0\0\0\0\0"
    )
    assert "no stem of ours" in daemon.wait("/error", lambda v: v[0] == "/again", since)[1]


def test_a_daws_tempo_cannot_be_switched_off_and_no_error_says_so(daemon):
    since = len(daemon.heard)
    for tempo in (0, 1000):
        daemon.send("/transport/tempo", tempo)
        reason = daemon.wait("/error", lambda v, tempo=tempo: v[1].startswith(str(tempo)), since)[1]
        assert "switches it off" not in reason


def test_half_a_bar_of_seven_eighths_is_a_take_like_any(daemon):
    path, _ = made(daemon, "x", "bars", 0.5, "tempo", 120, "signature", "7/8")
    assert soundfile.info(path).frames == round(0.5 * 3.5 * 0.5 * 44100)


def test_a_transport_that_jumps_and_stops_while_a_take_is_made_changes_nothing_of_it(tmp_path):
    with live_daemon(tmp_path, "engine.tone_pace=0.01") as daemon:
        daemon.send("/transport/tempo", 120.0)
        daemon.send("/transport/playing", 1)
        daemon.send("/generate", "x", "bars", 1)
        daemon.wait("/take/progress")
        for values in ((77.7,), (0.0,), (240.0,)):
            daemon.send("/transport/tempo", *values)
        for beat in (900.0, -4.0, 1e9):
            daemon.send("/transport/beat", beat)
        daemon.send("/transport/signature", 5, 8)
        daemon.send("/transport/playing", 0)
        path = daemon.wait("/stem/saved")[1]
        assert soundfile.info(path).frames == 2 * 44100
        assert [address for address, _ in daemon.heard].count("/take/done") == 1
