"""The real engine in a process of its own, at the other end of its pipe."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from audiogen_daemon import messages as m
from audiogen_daemon.child import spawn
from audiogen_daemon.engine import protocol as p
from audiogen_daemon.settings import Settings

PATIENCE = 60.0


class Engine:
    """What the daemon's side of the pipe says and hears; `heard` keeps all but sound and log lines."""

    def __init__(self, pipe: p.Pipe) -> None:
        self._pipe = pipe
        self.heard: list[Any] = []

    def send(self, message: Any) -> None:
        self._pipe.send(message)

    def wait(self, kind: type) -> Any:
        """The next message of that kind; others are noted on the way."""
        while self._pipe.poll(PATIENCE):
            message = self._pipe.recv()
            if not isinstance(message, p.JobAudio | p.Said):
                self.heard.append(message)
            if isinstance(message, kind):
                return message
        raise AssertionError(f"no {kind.__name__} within {PATIENCE:g} s; heard {self.heard[-12:]}")

    def load(self, name: str) -> m.ModelReady | m.ModelFailed:
        """Load a model and return what came of it."""
        self.send(m.Load(name))
        while not isinstance(self.wait(object), m.ModelReady | m.ModelFailed):
            pass
        found: m.ModelReady | m.ModelFailed = self.heard[-1]
        return found

    def make(self, model: str) -> m.JobDone:
        """Make a short take."""
        settings = Settings(model=model, prompt="loop", seconds=0.2, seed=1)
        self.send(m.Run((m.Take(1, "uid", settings, ""),)))
        done: m.JobDone = self.wait(m.JobDone)
        return done

    def gone(self) -> list[str]:
        """Names of the models whose memory was given back, in order."""
        return [message.name for message in self.heard if isinstance(message, m.ModelGone)]


@contextmanager
def running_engine(folder: Path, **start: Any) -> Iterator[Engine]:
    """An engine with the models of a folder."""
    process, pipe = spawn("audiogen_daemon.engine.worker")
    with pipe:
        pipe.send(p.Start(str(folder), str(folder / "drop"), **{"warm": (), **start}))
        engine = Engine(pipe)
        engine.wait(p.Idle)
        yield engine
        pipe.send(p.Shutdown())
        process.wait(PATIENCE)
