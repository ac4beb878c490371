"""A jam through the real daemon: it plays on, is steered, kept, and outlives its engine."""

import os
import signal
import subprocess

import soundfile

from tests.live_daemon import live_daemon


def test_a_jam_is_steered_kept_survives_its_engine_and_stops(tmp_path):
    with live_daemon(tmp_path) as daemon:
        daemon.send("/set/tempo", 120)
        daemon.send("/jam/start", "endless loop")
        daemon.send("/jam/keep", 1)  # before there is anything to keep
        daemon.wait("/error", lambda v: v[0] == "/jam/keep")
        first = daemon.wait("/jam/started")[0]
        daemon.wait("/take/audible", lambda v: v[0] == first)
        daemon.send("/set/temperature", 0.5)
        kept = None
        while kept is None:  # until a whole bar has been played
            since = len(daemon.heard)
            daemon.send("/jam/keep", 1)
            take = daemon.wait("/jam/kept", since=since)[0]
            path = daemon.wait("/stem/saved", lambda v, take=take: v[0] == take, since)[1]
            kept = path if soundfile.info(path).frames == 2 * 44100 else None
        children = subprocess.run(["pgrep", "-P", str(daemon.process.pid)], capture_output=True, text=True, check=True)
        since = len(daemon.heard)
        os.kill(int(children.stdout.split()[0]), signal.SIGKILL)
        second = daemon.wait("/jam/started", since=since)[0]
        assert second != first
        daemon.wait("/take/audible", lambda v: v[0] == second, since)
        daemon.send("/jam/stop")
        daemon.wait("/jam/stopped", lambda v: v[0] == second, since)
        daemon.send("/generate", "after the jam", "seconds", 0.3)
        daemon.wait("/stem/saved", lambda v: v[0] > second, since)


def test_a_model_that_is_too_slow_for_a_jam_is_told_of_once(tmp_path):
    with live_daemon(tmp_path, "engine.tone_pace=0.04") as daemon:  # 20 ms of sound in 40 ms
        daemon.send("/jam/start", "slow")
        address, reason = daemon.wait("/error")
        assert address == "/jam/start"
        assert "tone makes 0." in reason
        made = daemon.wait("/jam/started")[0]
        daemon.send("/jam/stop")
        daemon.wait("/jam/stopped", lambda v: v[0] == made)
        assert [word for word, _ in daemon.heard].count("/error") == 1


def test_a_jam_whose_engine_dies_before_its_first_sound_begins_anew_and_keeps_nothing(tmp_path):
    with live_daemon(tmp_path) as daemon:
        children = subprocess.run(["pgrep", "-P", str(daemon.process.pid)], capture_output=True, text=True, check=True)
        engine = int(children.stdout.split()[0])
        os.kill(engine, signal.SIGSTOP)  # so that it makes no sound
        daemon.send("/jam/start", "late")
        first = daemon.wait("/jam/started")[0]
        daemon.send("/jam/keep")
        daemon.wait("/error", lambda v: v[0] == "/jam/keep")
        os.kill(engine, signal.SIGKILL)
        second = daemon.wait("/jam/started", lambda v: v[0] != first)[0]
        daemon.wait("/take/audible", lambda v: v[0] == second)
        assert "/jam/stopped" not in [address for address, _ in daemon.heard]
        assert not list(daemon.stems.glob("*.wav"))
