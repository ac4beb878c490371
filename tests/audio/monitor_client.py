"""A process with a monitor in it: commands come as lines of JSON, events go out the same way."""

import dataclasses
import json
import sys
import threading
import time

import numpy as np

from audiogen_daemon.audio.commands import Incoming, Whole
from audiogen_daemon.audio.events import MonitorEvent
from audiogen_daemon.audio.isolated import IsolatedMonitor


def say(event: str, **values: object) -> None:
    print(json.dumps({"event": event, "at": time.monotonic(), **values}), flush=True)


def on_event(event: MonitorEvent) -> None:
    say(type(event).__name__, **dataclasses.asdict(event))


def make(monitor: IsolatedMonitor, path: str, rate: int, speed: float, chunk: float, stop_after: float) -> None:
    """Feed a take as a model of that speed would make it."""
    pcm = np.load(path)
    accepted = time.monotonic()
    monitor.begin(Incoming(1, rate, pcm.shape[1], len(pcm), speed, accepted))
    size = round(chunk * rate)
    pause = threading.Event()
    for start in range(0, len(pcm), size):
        pause.wait(max(0.0, accepted + (start + size) / rate / speed - time.monotonic()))
        if stop_after and start / rate > stop_after:
            return
        monitor.feed(1, pcm[start : start + size])
    monitor.end(1)
    say("Made", seconds=time.monotonic() - accepted)


with IsolatedMonitor(sys.argv[1] or None, 0.0, 0.1, 1024, on_event) as monitor:
    for line in sys.stdin:
        word, *arguments = json.loads(line)
        if word == "make":
            threading.Thread(target=make, args=(monitor, *arguments)).start()
        elif word == "play":
            monitor.play(Whole(np.load(arguments[0]), arguments[1], arguments[2], take_id=2))
        elif word == "stop":
            monitor.stop()
        elif word == "state":
            say("State", starved=monitor.starved, levels=monitor.levels(), latency=monitor.latency)
        elif word == "quit":
            break
