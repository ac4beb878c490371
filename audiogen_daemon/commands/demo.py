"""`audiogen-daemon demo`: a private daemon, one /generate over real UDP, and what came of it."""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import soundfile
from rich.console import Console
from rich.progress import Progress as Bar

from audiogen_daemon import config as configuration
from audiogen_daemon.audio.dropfolder import FOLLOWED
from audiogen_daemon.client import Client
from audiogen_daemon.commands.send import ENDS
from audiogen_daemon.errors import CommandError, EngineError
from audiogen_daemon.messages import Peer
from audiogen_daemon.models import registry
from audiogen_daemon.service.lock import holder
from audiogen_daemon.spectrogram import draw
from audiogen_daemon.watching import AGAIN

START_TIMEOUT = 60.0
TAKE_TIMEOUT = 600.0


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("prompt", nargs="?", default="boom bap hip hop drum loop, 90 bpm", help="what to play")
    parser.add_argument("--out", type=Path, default=Path("demo-output"), metavar="DIR", help="where the stem goes")
    parser.add_argument("--json", action="store_true", help="print the result as JSON")


def run(options: argparse.Namespace) -> int:
    """Play one take and say how it went."""
    config = configuration.load(options.config, options.set)
    console = Console(stderr=True)
    model = config.engine.model
    if model not in {found.name for found in registry.installed(Path(config.models.folder))}:
        console.print(f"{model} is not on this machine: the weightless tone model plays instead, which is no music")
        model = "tone"
    with tempfile.TemporaryDirectory(prefix="audiogen-demo-") as state:
        sets = [*options.set, f"engine.model={model}", "osc.listen=127.0.0.1:0", "osc.notify="]
        sets += [f"stems.folder={options.out.absolute()}", f"daemon.state={state}"]
        with _tidied(options.out.absolute()), _daemon(options.config, sets, Path(state)) as client:
            result = _play(client, options.prompt, console) | {"model": model}
    pcm, rate = soundfile.read(result["path"], dtype="float32", always_2d=True)
    picture = Path(result["path"]).with_suffix(".png")
    draw(pcm, rate, picture)
    result |= {"picture": str(picture), "rate": rate}
    if options.json:
        print(json.dumps(result))
    else:
        _tell(result)
    return 0


@contextmanager
def _tidied(out: Path) -> Iterator[None]:
    """Take away afterwards the folders that the daemon made there and that stayed empty."""
    made = [folder for folder in (out / AGAIN, out / FOLLOWED, out) if not folder.exists()]
    try:
        yield
    finally:
        for folder in made:
            with suppress(OSError):  # it is not empty
                folder.rmdir()


@contextmanager
def _daemon(config: Path | None, sets: list[str], state: Path) -> Iterator[Client]:
    """Run a daemon of our own until the block ends; yields a client once its model is warm."""
    words = [sys.executable, "-m", "audiogen_daemon", "run", *(["--config", str(config)] if config else [])]
    words += [word for text in sets for word in ("--set", text)]
    with (state / "output").open("w+b") as output:
        process = subprocess.Popen(words, stdout=output, stderr=output, start_new_session=True)
        before = signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # it must not outlive us
        try:
            deadline = time.monotonic() + START_TIMEOUT
            address = _address(process, state, deadline)
            with Client(address.host, address.port) as client:
                _wait_until_warm(client, process, state, deadline)
                yield client
        finally:
            signal.signal(signal.SIGTERM, before)
            process.terminate()
            try:
                process.wait(20.0)
            except subprocess.TimeoutExpired:
                process.kill()


def _address(process: subprocess.Popen[bytes], state: Path, deadline: float) -> Peer:
    while time.monotonic() < deadline and process.poll() is None:
        found = holder(state)
        if found is not None and found.port:
            return Peer(found.host, found.port)
        time.sleep(0.02)
    raise EngineError(f"the daemon did not start: {(state / 'output').read_text()[-2000:]}")


def _wait_until_warm(client: Client, process: subprocess.Popen[bytes], state: Path, deadline: float) -> None:
    client.send("/subscribe")
    while time.monotonic() < deadline and process.poll() is None:
        client.send("/status")
        for address, values in client.answers(0.25):
            if address == "/status/reply" and values[values.index("engine") + 1] == "ready":
                return
    raise EngineError(f"the model did not get warm: {(state / 'output').read_text()[-2000:]}")


def _play(client: Client, prompt: str, console: Console) -> dict[str, Any]:
    result: dict[str, Any] = {"prompt": prompt}
    began = time.monotonic()
    client.send("/generate", prompt)
    with Bar(console=console, transient=True) as bar:
        task = bar.add_task(prompt, total=1.0)
        for address, values in client.answers(TAKE_TIMEOUT):
            match address:
                case "/take/progress":
                    bar.update(task, completed=values[1])
                case "/take/audible":
                    result["first_audio"] = values[1]
                case "/take/playing":
                    result["first_sound"] = values[1]
                case "/take/done":
                    result |= {"seconds": values[1], "speed": values[2]}
                case "/monitor/device":
                    result["device"] = values[0]
                case "/stem/saved":
                    return result | {"path": values[1], "saved_after": time.monotonic() - began}
                case "/error" if values[0] == "/generate":
                    raise CommandError(str(values[1]))
                case "/error" if values[0] == "/stem/saved":
                    raise EngineError(str(values[1]))
                case "/error":
                    console.print(f"{values[0]}: {values[1]}", highlight=False)
            if address in ENDS:
                raise EngineError(f"{address} {' '.join(map(str, values))}")
    raise EngineError(f"no stem within {TAKE_TIMEOUT:g} s")


def _tell(result: dict[str, Any]) -> None:
    print(f'"{result["prompt"]}" on {result["model"]}')
    if "first_sound" in result:
        print(f"first sound        {result['first_sound']:.2f} s after /generate")
    else:
        print("first sound        not played: no audio device here")
    print(f"first samples      {result['first_audio']:.2f} s after /generate")
    print(f"whole take         {result['seconds']:.2f} s of audio, {result['speed']:.2f} x real time")
    print(f"stem               {result['path']}  ({result['rate']} Hz, after {result['saved_after']:.2f} s)")
    print(f"spectrogram        {result['picture']}")
