"""The parent's side of the engine: start it, listen to it, declare it dead, start it again."""

import asyncio
import logging
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from audiogen_daemon import messages as m
from audiogen_daemon.child import Child, spawn
from audiogen_daemon.engine import protocol as p
from audiogen_daemon.errors import EngineError

log = logging.getLogger(__name__)

BUFFER = 2**20
"""Bytes of sound that the engine may send before it waits for the daemon."""


@dataclass(frozen=True)
class Patience:
    """hang_timeout: seconds without a sign of life during a take; load_timeout: while a model loads.

    quick_deaths: deaths in a row, with no take or jam ended as it should between them, after which it stays down.
    back_off: seconds before the second start; doubles with each death.
    """

    hang_timeout: float = 60.0
    load_timeout: float = 600.0
    quick_deaths: int = 3
    back_off: float = 0.25


class Supervisor:
    """Keeps one engine process alive. `on_event` is called on the loop with all that the engine says."""

    def __init__(self, start: p.Start, patience: Patience, on_event: Callable[[Any], None]) -> None:
        self._start = start
        self._patience = patience
        self._on_event = on_event
        self._arrived: asyncio.Queue[Any] = asyncio.Queue()
        self._process: Child | None = None
        self._pipe: p.Pipe | None = None
        self._sign_of_life = 0.0
        self._starting = True
        self._loads: set[str] = set()
        self._job: set[int] = set()
        self._job_started = False
        self._wanted = asyncio.Event()
        self._stopping = False
        self._deaths = 0
        self.hello: p.Hello | None = None

    @property
    def pid(self) -> int:
        """The engine's process id; 0 while there is none."""
        return self._process.pid if self._process else 0

    async def run(self) -> None:
        """Keep the engine alive until `stop`."""
        while not self._stopping:
            self._on_event(m.EngineState("starting"))
            self._spawn()
            reason = await self._listen()
            code = await asyncio.get_running_loop().run_in_executor(None, self._bury)
            if self._stopping:
                return
            self._deaths += 1
            reason = reason or f"engine exited with {_exit_word(code)}"
            log.error("%s", reason)
            if self._deaths >= self._patience.quick_deaths:
                self._on_event(m.EngineState("down", f"{reason}, for the {self._deaths}th time in a row"))
                self._wanted.clear()
                await self._wanted.wait()
                self._deaths = 0
                continue
            self._on_event(m.EngineState("restarting", reason))
            await asyncio.sleep(self._patience.back_off * 2 ** (self._deaths - 1))

    def send(self, message: Any) -> None:
        """Tell the engine something; while it is down, `Load` starts it again."""
        if isinstance(message, m.Load):
            self._wanted.set()
        if self._pipe is None:
            return
        if isinstance(message, m.Load):
            self._loads.add(message.name)
        if isinstance(message, m.Run):
            self._job, self._job_started = {take.id for take in message.takes}, False
        if isinstance(message, m.RunJam):
            self._job, self._job_started = {message.take.id}, False
        self._sign_of_life = time.monotonic()
        try:
            self._pipe.send(message)
        except OSError as error:
            log.debug("the engine is gone: %s", error)

    async def stop(self, timeout: float) -> None:
        """Ask the engine to leave and kill it when it does not within `timeout` seconds."""
        self._stopping = True
        self._wanted.set()
        self.send(p.Shutdown())
        process = self._process
        if process is not None:
            loop = asyncio.get_running_loop()
            try:
                await asyncio.wait_for(loop.run_in_executor(None, process.wait), timeout)
            except TimeoutError:
                process.kill()

    def _spawn(self) -> None:
        try:
            self._process, self._pipe = spawn("audiogen_daemon.engine.worker", BUFFER)
        except OSError as error:
            raise EngineError(f"the engine cannot be started: {error}") from error
        self._starting, self._loads, self._job = True, set(), set()
        self._sign_of_life = time.monotonic()
        self._pipe.send(self._start)
        self._arrived = asyncio.Queue()
        reader = (self._pipe, asyncio.get_running_loop(), self._arrived)
        threading.Thread(target=_read, args=reader, name="engine pipe", daemon=True).start()

    async def _listen(self) -> str:
        """Pass on what the engine says until it is dead; return why, where that is known here."""
        while True:
            try:
                message = await asyncio.wait_for(self._arrived.get(), self._time_left())
            except TimeoutError:
                self._kill()
                return f"engine gave no sign of life for {self._limit():g} s"
            if message is None:
                return ""
            self._note(message)

    def _limit(self) -> float:
        return self._patience.hang_timeout if self._job and self._job_started else self._patience.load_timeout

    def _time_left(self) -> float | None:
        if not (self._starting or self._loads or self._job):
            return None
        return max(0.0, self._sign_of_life + self._limit() - time.monotonic())

    def _note(self, message: Any) -> None:
        self._sign_of_life = time.monotonic()
        match message:
            case p.Said(level, text):
                log.log(level, "%s", text)
                return
            case p.Hello():
                self.hello = message
                log.info("engine %d on %s, BLAS: %s", message.pid, message.backend, message.blas)
                return
            case p.Idle():
                self._starting = False
                self._on_event(m.EngineState("ready"))
                return
            case m.ModelReady(info):
                self._loads.discard(info.name)
            case m.ModelFailed(name):
                self._loads.discard(name)
            case m.JobStarted():
                self._job_started = True
            case m.JobDone(take) | m.JobCancelled(take):
                self._job.discard(take)
                self._deaths = 0
            case m.JobFailed(take):
                self._job.discard(take)
        self._on_event(message)

    def _kill(self) -> None:
        if self._process is not None:
            self._process.kill()

    def _bury(self) -> int:
        """Reap the process and close the pipe; return its exit code."""
        assert self._process is not None
        try:
            code = self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        if self._pipe is not None:
            self._pipe.close()
        self._pipe, self._process, self.hello = None, None, None
        return code


def _read(pipe: p.Pipe, loop: asyncio.AbstractEventLoop, arrived: "asyncio.Queue[Any]") -> None:
    """Thread: move messages from the pipe to the loop; None says that the pipe is closed."""
    while True:
        try:
            message = pipe.recv()
        except (EOFError, OSError):
            message = None
        try:
            loop.call_soon_threadsafe(arrived.put_nowait, message)
        except RuntimeError:
            return  # the loop is closed
        if message is None:
            return


def _exit_word(code: int) -> str:
    if code < 0:
        try:
            return f"signal {-code} ({signal.Signals(-code).name})"
        except ValueError:
            return f"signal {-code}"
    return f"code {code}"
