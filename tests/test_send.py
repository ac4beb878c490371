"""`audiogen-daemon send`: what it prints, when it ends, and its exit codes, against the real daemon."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiogen_daemon.cli import main
from audiogen_daemon.commands.send import Asked
from audiogen_daemon.service.lock import Lock
from tests.live_daemon import free_port, live_daemon


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    with live_daemon(tmp_path_factory.mktemp("send")) as running:
        yield running


def send(port, *words) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "audiogen_daemon", "send", "--set", f"osc.listen=127.0.0.1:{port}", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize("address", ["/monitor/stop", "/cancel/all", "/transport/playing 0", "/subscribe 9000"])
def test_what_has_no_answer_of_its_own_is_done_and_no_failure(daemon, address):
    done = send(daemon.port, *address.split(), "--wait", "0.5")
    assert (done.returncode, done.stderr) == (0, "")


def test_a_daemon_that_is_not_there_is_a_failure_with_its_cure():
    done = send(free_port(), "/cancel/all", "--wait", "0.3")
    assert done.returncode == 1
    assert "start it: audiogen-daemon run" in done.stderr


def test_a_daemon_that_takes_any_port_and_is_not_there_is_a_failure_with_its_cure(tmp_path):
    done = send(0, "/ping", "--set", f"daemon.state={tmp_path}")
    assert done.returncode == 1
    assert f"no daemon with the state folder {tmp_path}; is the daemon running? start it" in done.stderr


def test_a_daemon_that_hangs_is_told_from_one_that_is_not_there(tmp_path, capsys):
    words = ["--set", f"daemon.state={tmp_path}", "--set", f"osc.listen=127.0.0.1:{free_port()}"]
    with Lock(tmp_path):  # held, but nobody listens
        assert main(["send", "/ping", "--wait", "0.2", *words]) == 1
        assert f"the daemon (pid {os.getpid()}) runs but does not answer" in capsys.readouterr().err
        assert main(["status", *words]) == 1
        assert f"the daemon (pid {os.getpid()}) runs but does not answer" in capsys.readouterr().out
    assert main(["status", *words]) == 1
    assert "not running; start it" in capsys.readouterr().out


def test_a_number_of_any_size_is_sent(daemon):
    assert send(daemon.port, "/ping", "99999999999999999999").stdout == "/pong 100000000000000000000\n"


def test_an_address_without_its_slash_is_named(daemon):
    done = send(daemon.port, "generate", "dusty")
    assert done.returncode == 2
    assert '"generate" is no address; did you mean /generate?' in done.stderr


def test_numbers_are_printed_as_they_were_set(daemon):
    assert send(daemon.port, "/set/temperature", "1.1").stdout == "/state/temperature 1.1\n"


def test_all_variations_are_followed_to_their_stems(daemon):
    done = send(daemon.port, "/generate", "beat", "seconds", "0.3", "variations", "3", "--follow")
    assert done.returncode == 0
    assert done.stdout.count("/stem/saved") == 3
    assert "/take/progress" not in done.stdout


def test_a_program_gets_all_that_is_said_of_a_take(daemon):
    done = send(daemon.port, "/generate", "beat", "seconds", "0.3", "--follow", "--json")
    heard = [json.loads(line)[0] for line in done.stdout.splitlines()]
    assert {"/take/queued", "/take/progress", "/take/done", "/stem/saved"} <= set(heard)


def test_a_take_that_fails_while_it_is_followed_is_a_failure(daemon):
    soundfile.write(daemon.stems / "in" / "tune.wav", np.zeros(44100), 44100)  # the tone model follows none
    done = send(daemon.port, "/generate", "beat", "melody", "tune.wav", "--follow")
    assert done.returncode == 1
    assert "/take/failed" in done.stdout


def test_what_makes_no_take_is_not_followed_for_ever(daemon):
    done = send(daemon.port, "/set/bars", "0", "--follow", "--wait", "0.5")
    assert (done.returncode, done.stdout) == (0, "/state/bars 0\n")


def test_a_stem_that_is_made_again_is_followed_to_its_end(daemon):
    send(daemon.port, "/generate", "once more", "seconds", "0.3", "--follow")
    stem = next(Path(daemon.stems).glob("once-more*.wav")).name
    assert "/stem/saved" in send(daemon.port, "/again", stem, "--follow").stdout


def test_the_takes_of_others_end_nothing_and_are_not_told():
    asked = Asked("/generate", follow=True)
    assert asked.hears("/take/queued", [8, 1])
    assert not asked.hears("/pong", [asked.token])
    assert not asked.hears("/take/queued", [9, 2])
    assert not asked.hears("/stem/saved", [7, "/stems/theirs.wav"])
    assert asked.hears("/error", ["/set/bars", "theirs"])
    assert asked.goes_on
    assert asked.hears("/stem/saved", [8, "/stems/ours.wav"])
    assert (asked.over, asked.failed) == (True, False)


def test_a_stem_that_the_drop_folder_refuses_is_not_waited_for():
    asked = Asked("/generate", follow=True)
    asked.hears("/take/queued", [8, 0])
    asked.hears("/pong", [asked.token])
    assert asked.hears("/error", ["/stem/saved", "take 81 is kept safe: the disk is full"])
    assert asked.goes_on
    assert asked.hears("/error", ["/stem/saved", "take 8 is kept safe: the disk is full"])
    assert (asked.over, asked.failed) == (True, True)
