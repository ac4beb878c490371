"""Every example in docs/controllers.md works against the real daemon as it is written there."""

import json
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from audiogen_daemon.config import load
from audiogen_daemon.control.addresses import ANSWERS, ROWS
from tests.live_daemon import LiveDaemon, free_port, live_daemon

DOCS = Path(__file__).parents[2] / "docs"
TEXT = (DOCS / "controllers.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^ *```{language}\n(.*?)^ *```", TEXT, re.MULTILINE | re.DOTALL)


COMMANDS = [line.strip() for block in blocks("sh") for line in block.splitlines()]
OSCSEND = [line for line in COMMANDS if line.startswith("oscsend")]
SEND = [line for line in COMMANDS if line.startswith("audiogen-daemon send")]


@pytest.fixture(scope="module")
def daemon(tmp_path_factory) -> Iterator[LiveDaemon]:
    with live_daemon(tmp_path_factory.mktemp("daemon")) as running:
        running.ask(("/set/seconds", (0.5,)), ("/generate", ()))
        running.wait("/stem/saved")
        yield running


def test_the_document_has_examples_of_each_kind():
    assert len(OSCSEND) > 8
    assert len(SEND) == 2
    assert len(blocks("python")) == 1


@pytest.mark.parametrize("line", OSCSEND)
def test_an_oscsend_line_is_understood(daemon, line):
    if shutil.which("oscsend") is None:
        pytest.skip("oscsend is not here; apt-get install liblo-tools")
    words = shlex.split(line.replace("localhost 11010", f"127.0.0.1 {daemon.port}"))
    since = len(daemon.heard)
    subprocess.run(words, check=True, timeout=10)
    heard = daemon.ask(("/status", ()))
    assert [values for path, values in daemon.heard[since:] if path == "/error"] == []
    assert len(heard) > 2 or words[3] == "/cancel/all"


@pytest.mark.parametrize("line", SEND)
def test_a_line_of_our_own_client_prints_answers(daemon, line):
    words = shlex.split(line)[1:]
    peer = ["--set", f"osc.listen=127.0.0.1:{daemon.port}", "--set", f"osc.notify=127.0.0.1:{free_port()}"]
    command = [sys.executable, "-m", "audiogen_daemon", words[0], *peer, *words[1:]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "/status/reply" in done.stdout or "/take/done" in done.stdout


def test_the_python_program_ends_with_a_stem(daemon, tmp_path):
    program = blocks("python")[0].replace("11010", str(daemon.port)).replace("11013", str(free_port()))
    assert str(daemon.port) in program
    (tmp_path / "example.py").write_text(program, "utf-8")
    done = subprocess.run(
        [sys.executable, "example.py"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert re.search(r"take \d+: 100%, 0\.0 s left", done.stdout)
    assert re.search(r"/stem/saved \d+ .*dusty-rhodes.*\.wav", done.stdout)


def test_the_configuration_and_the_run_line_are_accepted(tmp_path):
    (tmp_path / "audiogen.toml").write_text(blocks("toml")[0], "utf-8")
    assert load(tmp_path / "audiogen.toml", environment={}).osc.allow == ("192.168.1.0/24",)
    assert tomllib.loads(blocks("toml")[0])["osc"]["lan"] is True
    line = next(line for line in COMMANDS if " run " in line)
    sets = [word for word in shlex.split(line) if "=" in word]
    assert load(None, sets, {}).osc.allow == ("192.168.1.0/24",)


def test_the_build_line_works(tmp_path):
    line = next(line for line in COMMANDS if "touchosc.build" in line)
    (tmp_path / "audiogen.toml").write_text('[take]\npresets = ["mine"]\n', "utf-8")
    words = shlex.split(line)[1:]
    words[words.index("--config") + 1] = str(tmp_path / "audiogen.toml")
    words[words.index("--folder") + 1] = str(tmp_path)
    subprocess.run([sys.executable, *words], check=True, timeout=60, cwd=DOCS.parent)
    assert "mine" in json.dumps(json.loads((tmp_path / "audiogen-open-stage-control.json").read_text("utf-8")))
    assert (tmp_path / "Audiogen.tosc").exists()


def test_every_address_named_is_one_of_the_daemon():
    named = set(re.findall(r"`(/[a-z]+(?:/[a-z]+)*)(?: [^`]*)?`", TEXT))
    assert named
    assert named <= set(ROWS) | {address for address, _, _ in ANSWERS}


def test_every_file_and_picture_named_is_there():
    for path in re.findall(r"\]\((images/[^)]+)\)", TEXT):
        assert (DOCS / path).exists()
    for path in re.findall(r"`((?:touchosc|docs)/[^` ]+)`", TEXT):
        assert (DOCS.parent / path).exists(), path
