"""The composition root: builds every part, starts them in order, stops them in reverse, carries effects out."""

import asyncio
import dataclasses
import datetime
import logging
import os
import signal
import socket
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from audiogen_daemon import link
from audiogen_daemon import messages as m
from audiogen_daemon import session as rules
from audiogen_daemon.audio.dropfolder import FOLLOWED
from audiogen_daemon.carrier import Carrier, Parts
from audiogen_daemon.config import Config
from audiogen_daemon.control import addresses, osc
from audiogen_daemon.control.discovery import Announcer
from audiogen_daemon.control.peers import Peers
from audiogen_daemon.engine import protocol as p
from audiogen_daemon.engine.supervisor import Patience, Supervisor
from audiogen_daemon.errors import CommandError
from audiogen_daemon.finding import check_files, files_to_follow
from audiogen_daemon.journal import Journal
from audiogen_daemon.keeper import StemKeeper
from audiogen_daemon.listening import Listening
from audiogen_daemon.models.registry import installed
from audiogen_daemon.previews import Previews
from audiogen_daemon.recording import InputRecorder
from audiogen_daemon.settings import PARAMETERS, Settings
from audiogen_daemon.trace import NoTrace, Tracer
from audiogen_daemon.transport import Transport

log = logging.getLogger(__name__)

BATCH = 256
"""Messages whose accepted takes share one journal write."""

LEAVE_WITHIN = 13.5
"""Seconds from SIGTERM on in which all that may wait has waited: a service manager kills after 15."""

ENGINE_STOP = 3.0
"""Seconds the engine gets to leave."""

PARTIAL_STOP = 1.0
"""Seconds that a cancelled take gets to end, where partial takes are kept."""

SESSION_STOP = 3.0
"""Seconds the session gets to carry out what it has begun."""


class Daemon:
    """Everything that runs in the daemon process, on one asyncio loop."""

    def __init__(self, config: Config, tracer: Tracer | None = None) -> None:
        self._config = config
        self._trace = tracer or NoTrace()
        self._inbox: asyncio.Queue[m.Message] = asyncio.Queue()
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="disk")
        self._finisher = ThreadPoolExecutor(1, thread_name_prefix="finish")
        self._journal = Journal(Path(config.daemon.state) / "journal.sqlite3")
        self._socket = osc.Socket(config.listen, config.osc.allow, self._datagram)
        self._peers = Peers(osc.numeric(config.notify), config.osc.max_subscribers, config.osc.subscribe_timeout)
        self._engine = Supervisor(_start(config), _patience(config), self._engine_said)
        self._keeper = StemKeeper(config, self._journal)
        self._previews = Previews(Path(config.daemon.state) / "previews", self._from_thread)
        self._listening = Listening(config.monitor, self._from_thread)
        self._recorder = InputRecorder(config.record, Path(config.stems.folder) / FOLLOWED, self._from_thread)
        self._session = _session(config, self._journal)
        self._accepted_at: dict[int, float] = {}
        self._finished = asyncio.Event()
        self._leaving = False
        self._announcer = Announcer(f"Audiogen on {socket.gethostname().split('.')[0]}", self.address)
        self._carrier = Carrier(
            Parts(
                self._trace,
                self._disk,
                self._finisher,
                self._journal,
                self._socket,
                self._peers,
                self._engine,
                self._keeper,
                self._listening,
                self._recorder,
                self._from_thread,
            )
        )

    @property
    def address(self) -> m.Peer:
        """Where it listens."""
        return self._socket.address

    async def run(self) -> None:
        """Run until SIGTERM or SIGINT."""
        self._loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._finished.set)
        self._socket.start(self._loop)
        log.info("listening on %s:%d", self.address.host, self.address.port)
        if self._config.osc.lan:
            self._announcer.start()
        if self._config.osc.lan and not self._config.osc.allow:
            log.warning('osc.allow is empty, so no other host is let in; name one: osc.allow = ["192.168.1.0/24"]')
        await self._recover()
        self._listening.start()
        self._keeper.watch(self._from_thread)
        consuming = asyncio.create_task(self._consume(), name="session")
        tasks = [
            consuming,
            asyncio.create_task(self._engine.run(), name="engine"),
            asyncio.create_task(self._watch_levels(), name="levels"),
            asyncio.create_task(self._deliver_held(), name="held stems"),
            *([asyncio.create_task(self._follow_link(), name="link")] if self._session.link else []),
            asyncio.create_task(self._finished.wait(), name="signals"),
        ]
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            if task.exception() is not None:
                log.error("%s stopped working", task.get_name(), exc_info=task.exception())
        leave_by = time.monotonic() + LEAVE_WITHIN
        await self._drain(leave_by - PARTIAL_STOP)
        await self._engine.stop(min(ENGINE_STOP, max(0.2, leave_by - time.monotonic())))
        await self._end(consuming, min(SESSION_STOP, max(0.5, leave_by - time.monotonic())))
        for task in tasks:
            task.cancel()
        await self._close()
        for task in done:
            task.result()

    async def _drain(self, latest: float) -> None:
        """Leave the running take some time; what cannot be finished stays in the journal for the next start."""
        log.info("stopping; the running take has %g s", self._config.daemon.drain_timeout)
        self._inbox.put_nowait(m.Drain())
        deadline = min(latest, time.monotonic() + self._config.daemon.drain_timeout)
        while time.monotonic() < deadline and (self._busy() or not self._inbox.empty()):
            await asyncio.sleep(0.02)
        running = self._session.running
        if running and not running.is_final and self._config.take.keep_partial:
            for take in running.takes:
                self._inbox.put_nowait(m.Cancel(take.id, address="/cancel"))
            while time.monotonic() < deadline + PARTIAL_STOP and self._session.running:
                await asyncio.sleep(0.02)

    async def _end(self, consuming: asyncio.Task[None], timeout: float) -> None:
        """End the session between two batches: within one, what is in the journal has not been told yet."""
        self._leaving = True
        self._inbox.put_nowait(m.Drain())  # so that there is a batch
        await asyncio.wait([consuming], timeout=timeout)

    def _busy(self) -> bool:
        return bool(self._session.running or self._session.finishing)

    async def _close(self) -> None:
        await self._loop.run_in_executor(None, self._announcer.close)
        await self._loop.run_in_executor(None, self._recorder.close)
        await self._loop.run_in_executor(None, self._listening.close)
        await self._loop.run_in_executor(self._disk, self._keeper.close)
        self._finisher.shutdown()
        self._disk.shutdown()
        while not self._inbox.empty():
            self._tell_only(self._inbox.get_nowait())
        self._journal.close()
        self._socket.close()
        self._trace.close()
        log.info("stopped")

    async def _recover(self) -> None:
        """Put the takes that an earlier daemon accepted and did not finish back into the queue."""
        takes, held = await self._loop.run_in_executor(self._disk, self._keeper.recover)
        if takes:
            log.info("still to be made of the takes that were accepted: %d", len(takes))
        self._session = rules.accept_journal(self._session, tuple(takes), tuple(held))
        self._refresh_models()

    # -- what comes in ---------------------------------------------------------------------------------------------

    def _datagram(self, datagram: bytes, sender: m.Peer) -> None:
        """Turn one datagram into commands. Whatever is wrong inside it is answered, and ends nothing else."""
        self._trace.note("osc", "datagram", size=len(datagram), sender=sender.host)
        received = time.monotonic()
        try:
            for address, arguments in osc.decode(datagram):
                command = addresses.parse(address, arguments, sender)
                if command is not None:
                    self._trace.note("osc", address)
                    self._inbox.put_nowait(dataclasses.replace(command, received=received))
        except osc.MalformedOSC as error:
            self._inbox.put_nowait(m.Invalid(str(error), sender=sender))
        except Exception as error:
            log.exception("a datagram of %d bytes from %s", len(datagram), sender.host)
            self._inbox.put_nowait(m.Invalid(f"{type(error).__name__}: {error}", sender=sender))

    def _engine_said(self, event: Any) -> None:
        if isinstance(event, p.JobAudio):
            if event.take:
                self._trace.note("engine", "audio", event.made_at, take=event.take, samples=len(event.pcm))
                if self._keeper.feed(event.take, event.pcm):
                    self._inbox.put_nowait(m.TakeAudible(event.take, time.monotonic() - self._since(event.take)))
                self._listening.feed(event.take, event.pcm)
                self._trace.note("monitor", "feed", take=event.take)
                self._disk.submit(self._previews.feed, event.take, event.pcm)
            return
        if isinstance(event, m.JobStarted):
            self._begin(event)
        elif isinstance(event, m.JobDone | m.JobFailed | m.JobCancelled):
            self._listening.end(event.take)
            self._disk.submit(self._previews.end, event.take)
        elif isinstance(event, m.EngineState) and event.state != "ready":
            self._listening.end_all()
            self._disk.submit(self._previews.end_all)
        self._inbox.put_nowait(event)

    def _begin(self, job: m.JobStarted) -> None:
        """A take or a jam is about to come in."""
        self._keeper.begin(job)
        running = self._session.running
        take = running.take(job.take) if running else None
        if take is not None and take.is_final:
            return
        if take is not None and self._config.monitor.preview:
            self._disk.submit(self._previews.begin, job)
        if take is None or take.is_heard:
            loops = take is not None and bool(take.settings.loop)
            launch = (take.settings if take else self._session.settings).launch
            self._listening.begin(job, self._session.speed, self._since(job.take), launch, loops)

    def _since(self, take: int) -> float:
        """When the take was asked for; one of an earlier daemon counts from now."""
        return self._accepted_at.setdefault(take, time.monotonic())

    def _from_thread(self, event: m.Message) -> None:
        """Called from any thread: the session hears the event on the loop."""
        try:
            self._loop.call_soon_threadsafe(self._inbox.put_nowait, event)
        except RuntimeError:
            log.debug("too late: %s", event)

    def _refresh_models(self) -> None:
        names = tuple(model.name for model in installed(Path(self._config.models.folder)))
        if names != self._session.installed:
            self._inbox.put_nowait(m.InstalledModels(names))

    async def _watch_levels(self) -> None:
        while True:
            await asyncio.sleep(0.1)
            level = self._listening.level()
            if level is not None:
                self._inbox.put_nowait(level)

    async def _follow_link(self) -> None:
        def beats_per_bar() -> float:
            numerator, denominator = self._session.settings.signature
            return numerator * 4 / denominator

        try:
            await link.follow(self._inbox.put_nowait, beats_per_bar)
        except link.LinkError as error:
            log.warning("%s", error)
            self._inbox.put_nowait(m.LinkMissing(str(error)))
            await self._finished.wait()

    async def _deliver_held(self) -> None:
        while True:
            await asyncio.sleep(5.0)
            self._refresh_models()
            self._carrier.in_disk_thread(self._keeper.deliver_held)

    # -- the session -----------------------------------------------------------------------------------------------

    async def _consume(self) -> None:
        """Feed the session, one message after the other, and carry out what it says."""
        while not self._leaving:
            batch = [await self._inbox.get()]
            while len(batch) < BATCH and not self._inbox.empty():
                batch.append(self._inbox.get_nowait())
            effects: list[m.Effect] = []
            for message in batch:
                message = await self._with_files(message)
                now = _now()
                self._session, more = rules.step(self._session, message, now)
                self._trace.note("session", type(message).__name__, now.monotonic)
                self._trace_sound(message)
                effects += more
            await self._record([e.take for e in effects if isinstance(e, m.Record)])
            for effect in effects:
                match effect:
                    case m.Forget(number) | m.SaveStem(m.Take(number)):
                        self._accepted_at.pop(number, None)
                self._carrier.carry_out(effect)

    def _trace_sound(self, message: m.Message) -> None:
        """Note what the speaker did, at the time when it did."""
        match message:
            case m.TakePlaying(take, latency):
                asked = self._accepted_at.get(take)
                self._trace.note("monitor", "first sample", None if asked is None else asked + latency, take=take)
            case m.MonitorStarved(samples):
                self._trace.note("monitor", "starved", samples=samples)
            case m.MonitorState(device):
                self._trace.note("monitor", "device", device=device)

    async def _with_files(self, message: m.Message) -> m.Message:
        """Return the message, or what is wrong with it where it wants a file followed that is not there.

        What came later waits meanwhile, so that a take is made with the settings that were sent before it.
        """
        names = files_to_follow(message)
        if not names:
            return message
        try:
            await self._loop.run_in_executor(None, check_files, Path(self._config.stems.folder), names)
        except CommandError as error:
            assert isinstance(message, m.Command)
            client = getattr(message, "client", "")
            return m.Invalid(str(error), client, sender=message.sender, address=message.address)
        return message

    async def _record(self, takes: list[m.Take]) -> None:
        if not takes:
            return
        for take in takes:
            self._accepted_at[take.id] = time.monotonic()
        try:
            await self._loop.run_in_executor(self._disk, self._journal.record, takes)
        except sqlite3.Error as error:
            log.error("journal: %s", error)
            reason = f"the journal cannot be written ({error}); takes go on but would not survive a crash"
            self._carrier.notify(m.Notify("/error", ("/generate", reason)))

    def _tell_only(self, message: m.Message) -> None:
        """While stopping: let the answers to a message still go out, and nothing else happen; the next daemon makes
        what is accepted."""
        if isinstance(message, m.TakeFinished):
            return  # not saved, so not done: the next daemon makes it
        self._session, effects = rules.step(self._session, message, _now())
        takes = [effect.take for effect in effects if isinstance(effect, m.Record)]
        try:
            self._journal.record(takes)
        except sqlite3.Error as error:
            log.error("journal: %s; not accepted: %s", error, message)
            return
        for effect in effects:
            if isinstance(effect, m.Notify | m.Answer | m.AnswerStatus | m.Forget):
                self._carrier.carry_out(effect)


def _now() -> rules.Now:
    return rules.Now(time.monotonic(), datetime.datetime.now().astimezone().isoformat(timespec="seconds"))


def _start(config: Config) -> p.Start:
    engine = config.engine
    return p.Start(
        config.models.folder,
        config.stems.folder,
        (engine.model,),
        engine.dtype,
        engine.quantize,
        engine.tone_pace,
        engine.memory_gb,
        engine.pinned,
    )


def _patience(config: Config) -> Patience:
    engine = config.engine
    return Patience(engine.hang_timeout, engine.load_timeout, engine.quick_deaths)


def _session(config: Config, journal: Journal) -> rules.Session:
    session = rules.Session(
        entropy=os.urandom(16),
        settings=Settings(
            model=config.engine.model,
            finish_with=PARAMETERS["finish_with"].parse(config.take.finish_with),
            prompt=config.take.prompt,
            seconds=config.take.seconds,
            launch=config.transport.launch,  # type: ignore[arg-type]
        ),
        transport=Transport(offset=0.0 if config.transport.source == "link" else config.transport.offset),
        link=config.transport.source == "link",
        presets=config.take.presets,
        queue_limit=config.take.queue_limit,
        keep_partial=config.take.keep_partial,
        help=addresses.help_rows(),
        next_take=journal.next_id(),
        gain_db=config.monitor.gain_db,
    )
    for take, path in journal.finished():
        session = rules.remember(session, take, path)
    return session
