"""The engine: a process whose one thread owns MLX, makes takes, and reads the pipe between two steps."""

import dataclasses
import gc
import logging
import os
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audiogen_daemon import messages as m
from audiogen_daemon.child import parent
from audiogen_daemon.engine import protocol as p
from audiogen_daemon.engine.blas import load_blas
from audiogen_daemon.engine.memory import MemoryReport, bound_engine
from audiogen_daemon.engine.warm import Warm, WarmSet
from audiogen_daemon.errors import JobError
from audiogen_daemon.models.bits import OFF

if TYPE_CHECKING:
    from audiogen_daemon.models.pipeline import Pipeline

log = logging.getLogger(__name__)

WARM_UP_SECONDS = 0.5


@dataclasses.dataclass(frozen=True)
class Ready:
    """A model and what the daemon is told of it."""

    pipeline: "Pipeline"
    info: m.ModelInfo


class Worker:
    """Warm models, and the loop that obeys the pipe."""

    def __init__(self, pipe: p.Pipe, start: p.Start) -> None:
        self._pipe = pipe
        self._start = start
        self._waiting: deque[Any] = deque()
        self._memory = MemoryReport(pipe)
        budget = bound_engine(start.memory_gb)
        self._models: WarmSet[Ready] = WarmSet(budget, start.pinned, self._warm, self._expected, self._gone)

    def serve(self) -> None:
        """Load the first models, then obey until Shutdown or until the daemon is gone."""
        for name in self._start.warm:
            self._load(name)
        self._tell_refused()
        self._memory.now()
        self._pipe.send(p.Idle())
        while True:
            message = self._waiting.popleft() if self._waiting else self._pipe.recv()
            match message:
                case m.Run(takes):
                    self._run(takes)
                case m.RunJam(take):
                    self._jam(take)
                case m.Load(name):
                    self._load(name)
                    self._tell_refused()
                case m.Unload(name):
                    self._models.drop(name)
                    self._tell_refused()
                case p.Shutdown():
                    return
            self._memory.now()

    def _load(self, name: str) -> None:
        try:
            ready = self._models.get(name)
        except JobError as error:
            self._pipe.send(m.ModelFailed(name, str(error)))
        else:
            self._announce(ready)

    def _tell_refused(self) -> None:
        """Say which of the models on this machine would not be loaded, so that nobody waits for them in vain."""
        from audiogen_daemon.models.registry import installed

        reasons = []
        for model in installed(Path(self._start.models_folder)):
            try:
                self._models.check(model.name)
            except JobError as error:
                reasons.append((model.name, str(error)))
        self._pipe.send(m.RefusedModels(tuple(reasons)))

    def _warm(self, name: str) -> Warm[Ready]:
        """Return the model, loaded and warmed up through the whole real path: text, prefill, steps, codec, pipe."""
        import mlx.core as mx

        from audiogen_daemon.engine.requests import warm_up_request
        from audiogen_daemon.models import registry

        began, before = time.monotonic(), mx.get_active_memory()
        try:
            if name == "tone":
                from audiogen_daemon.models import tone

                pipeline: Pipeline = tone.load(self._start.tone_pace)
            else:
                folder = Path(self._start.models_folder)
                pipeline = registry.load(name, folder, self._start.dtype, self._start.bits)
            loaded = time.monotonic()
            for item in pipeline.generate(warm_up_request(pipeline, WARM_UP_SECONDS)):
                if hasattr(item, "pcm"):
                    self._pipe.send(p.JobAudio(0, item.pcm, time.monotonic()))
        except (ValueError, LookupError, OSError, MemoryError) as error:
            raise JobError("model", str(error)) from error
        ready = time.monotonic()
        log.info("%s loaded in %.2f s, warmed up in %.2f s", name, loaded - began, ready - loaded)
        memory = max(0, mx.get_active_memory() - before)
        info = m.ModelInfo(
            name,
            pipeline.sample_rate,
            pipeline.channels,
            pipeline.longest_seconds,
            ready - began,
            memory,
            tuple(dataclasses.asdict(pipeline.sampling).items()),
            "" if name in registry.WEIGHTLESS else self._precision(),
        )
        return Warm(Ready(pipeline, info), memory)

    def _precision(self) -> str:
        """Type of the weights, and the preset they are quantized by."""
        from audiogen_daemon.models.backend import detect

        dtype = detect().dtype if self._start.dtype == "auto" else self._start.dtype
        return f"{dtype} {self._start.bits}" if self._start.bits != OFF else dtype

    def _expected(self, name: str) -> int:
        """Bytes a model will hold."""
        from audiogen_daemon.models import registry

        try:
            return registry.memory(name, Path(self._start.models_folder), self._start.dtype, self._start.bits)
        except (LookupError, ValueError, OSError) as error:
            raise JobError("model", str(error)) from error

    def _gone(self, name: str) -> None:
        import mlx.core as mx

        mx.clear_cache()
        self._memory.now()
        self._pipe.send(m.ModelGone(name))

    def _run(self, takes: tuple[m.Take, ...]) -> None:
        """Make one take, or variations together. Whatever goes wrong ends these takes and nothing else."""
        job = Job(takes)
        self._attempt(job, lambda: self._make(job))

    def _attempt(self, job: "Job", work: Callable[[], None]) -> None:
        """Do the work of a job, and say of its takes why they ended where it fails."""
        try:
            work()
        except JobError as error:
            self._fail(job, error.code, str(error))
        except (EOFError, BrokenPipeError, ConnectionResetError):
            raise
        except Exception as error:
            log.exception("take %d failed", job.takes[0].id)
            self._fail(job, "bug", f"{type(error).__name__}: {error}")
        finally:
            gc.collect()

    def _jam(self, take: m.Take) -> None:
        """Play without an end; whatever goes wrong ends the jam and nothing else."""
        from audiogen_daemon.engine.jamming import play

        def jam() -> None:
            try:
                pipeline = self._ready(take.settings.model)
                play(take, pipeline, self._pipe, self._waiting, Path(self._start.drop_folder), self._memory.due)
            except ValueError as error:
                raise JobError("request", str(error)) from error

        self._attempt(Job((take,)), jam)

    def _ready(self, name: str) -> "Pipeline":
        """Return the model, warm; one that was not is announced."""
        known = name in self._models.names
        ready = self._models.get(name)
        if not known:
            self._announce(ready)
        return ready.pipeline

    def _announce(self, ready: Ready) -> None:
        self._memory.now()  # first, so that who hears of the model can ask what it holds
        self._pipe.send(m.ModelReady(ready.info))

    def _fail(self, job: "Job", code: str, reason: str) -> None:
        for take_id in job.alive:
            self._pipe.send(m.JobFailed(take_id, code, reason))

    def _make(self, job: "Job") -> None:
        from audiogen_daemon.engine.requests import request_for
        from audiogen_daemon.models.pipeline import Audio

        pipeline = self._ready(job.takes[0].settings.model)
        try:
            request = request_for(job.takes, pipeline, Path(self._start.drop_folder))
        except ValueError as error:
            raise JobError("request", str(error)) from error
        heard = round(job.takes[0].settings.length * pipeline.sample_rate)
        for take in job.takes:
            self._pipe.send(m.JobStarted(take.id, pipeline.sample_rate, pipeline.channels, heard))
        self._obey(job, pipeline.sample_rate)  # what was said while the model was loaded
        if not job.alive:
            return
        began = time.monotonic()
        try:
            items: Iterator[Any] = pipeline.generate(request)
        except ValueError as error:
            raise JobError("request", str(error)) from error
        try:
            for item in items:
                if isinstance(item, Audio):
                    take_id = job.takes[item.variation].id
                    if take_id in job.alive:
                        job.made[take_id] += len(item.pcm)
                        self._pipe.send(p.JobAudio(take_id, item.pcm, time.monotonic()))
                else:
                    self._pipe.send(m.JobProgress(job.alive[0], item.step, item.steps))
                self._obey(job, pipeline.sample_rate)
                if not job.alive:
                    return
        except ValueError as error:
            raise JobError("request", str(error)) from error
        except MemoryError as error:
            raise JobError("memory", str(error)) from error
        finally:
            items.close()  # type: ignore[attr-defined]
        seconds = request.seconds
        speed = seconds / max(time.monotonic() - began, 1e-9)
        for take_id in job.alive:
            sampling = tuple(dataclasses.asdict(request.sampling).items())
            self._pipe.send(m.JobDone(take_id, seconds, speed, sampling))

    def _obey(self, job: "Job", sample_rate: int) -> None:
        """Read what arrived during the step, and end the takes that it stops.

        A shutdown says nothing of the takes it cuts short: they stay in the journal and are made at the next start.
        When all are stopped the rest is left in the pipe: it may be for the jam that comes next.
        """
        self._memory.due()
        while job.alive and self._pipe.poll():
            message = self._pipe.recv()
            if isinstance(message, m.Stop) and message.take in job.alive:
                self._pipe.send(m.JobCancelled(message.take, job.made[message.take] / sample_rate))
                job.alive.remove(message.take)
                continue
            self._waiting.append(message)
            if isinstance(message, p.Shutdown):
                job.alive.clear()


class Job:
    """Takes that are made together. alive: ids of those not stopped. made: samples so far, by id."""

    def __init__(self, takes: tuple[m.Take, ...]) -> None:
        self.takes = takes
        self.alive = [take.id for take in takes]
        self.made = dict.fromkeys(self.alive, 0)


class PipeHandler(logging.Handler):
    """Log lines go to the daemon, which owns the log file."""

    def __init__(self, pipe: p.Pipe) -> None:
        super().__init__()
        self._pipe = pipe

    def emit(self, record: logging.LogRecord) -> None:
        self._pipe.send(p.Said(record.levelno, self.format(record)))


def main() -> None:
    """Run the engine on the pipe whose file descriptor is given."""
    pipe: p.Pipe = parent(__doc__)
    start: p.Start = pipe.recv()
    logging.basicConfig(level=logging.INFO, handlers=[PipeHandler(pipe)], format="engine: %(message)s")
    blas = load_blas()
    from audiogen_daemon.models.backend import detect

    backend = detect().name
    if backend == "cpu" and hasattr(os, "nice"):
        os.nice(5)  # the audio callback and OSC come first
    pipe.send(p.Hello(os.getpid(), backend, blas))
    try:
        Worker(pipe, start).serve()
    except (EOFError, BrokenPipeError, ConnectionResetError):
        sys.exit(0)  # the daemon is gone


if __name__ == "__main__":
    main()
