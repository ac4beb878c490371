"""What the rules decided is done here: each effect has one hand that carries it out."""

import dataclasses
import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from audiogen_daemon import messages as m
from audiogen_daemon.audio.finish import Findings
from audiogen_daemon.control import osc
from audiogen_daemon.control.peers import Peers
from audiogen_daemon.engine.requests import CONTINUE_SECONDS
from audiogen_daemon.engine.supervisor import Supervisor
from audiogen_daemon.journal import Journal
from audiogen_daemon.keeper import MADE_AGAIN, StemKeeper
from audiogen_daemon.listening import Listening
from audiogen_daemon.recording import InputRecorder
from audiogen_daemon.resident import resident_bytes
from audiogen_daemon.trace import Tracer

log = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class Parts:
    """What effects act on. disk, finisher: one thread each. tell: hands an event to the session from any thread."""

    trace: Tracer
    disk: Executor
    finisher: Executor
    journal: Journal
    socket: osc.Socket
    peers: Peers
    engine: Supervisor
    keeper: StemKeeper
    listening: Listening
    recorder: InputRecorder
    tell: Callable[[m.Message], None]


class Carrier:
    """Carries effects out, on the daemon's loop."""

    def __init__(self, parts: Parts) -> None:
        self._trace = parts.trace
        self._disk = parts.disk
        self._finisher = parts.finisher
        self._journal = parts.journal
        self._socket = parts.socket
        self._peers = parts.peers
        self._engine = parts.engine
        self._keeper = parts.keeper
        self._listening = parts.listening
        self._recorder = parts.recorder
        self._tell = parts.tell
        self._hands = self._table()

    def carry_out(self, effect: m.Effect) -> None:
        """Do what one effect says."""
        self._hands[type(effect)](effect)

    def _table(self) -> dict[type[Any], Callable[[Any], None]]:
        return {
            m.Notify: self.notify,
            m.Answer: self._answer,
            m.AnswerStatus: self._answer_status,
            m.Record: lambda effect: None,
            m.Forget: self._forget,
            m.Renamed: self._renamed,
            m.Run: lambda effect: self._engine.send(effect),
            m.RunJam: self._run_jam,
            m.Steer: lambda effect: self._engine.send(effect),
            m.KeepJam: self._keep_jam,
            m.Stop: self._stop,
            m.Load: lambda effect: self._engine.send(effect),
            m.Unload: lambda effect: self._engine.send(effect),
            m.ReadStem: lambda effect: self.in_disk_thread(lambda: self._keeper.read(effect.command)),
            m.Finish: self._finish,
            m.PlayLoop: self._play_loop,
            m.SaveStem: self._save,
            m.DeliverHeld: lambda effect: self.in_disk_thread(self._keeper.deliver_held),
            m.Discard: lambda effect: self._keeper.discard(effect.take),
            m.PlayStem: self._play,
            m.Silence: lambda effect: self._listening.stop(launch=effect.launch),
            m.StartRecording: lambda effect: self._recorder.start(effect),
            m.EndRecording: lambda effect: self._recorder.stop(),
            m.SetGrid: self._set_grid,
            m.SetGain: lambda effect: self._listening.set_gain_db(effect.gain_db),
            m.OpenDevice: lambda effect: self._listening.set_device(effect.command),
            m.AddPeer: self._add_peer,
            m.RemovePeer: self._remove_peer,
        }

    def notify(self, effect: m.Notify) -> None:
        """Tell everybody who listens."""
        self._send(effect.address, effect.arguments, self._peers.everybody(time.monotonic()))

    def _answer(self, effect: m.Answer) -> None:
        if effect.all_peers:
            self._send(effect.address, effect.arguments, self._peers.everybody(time.monotonic(), effect.to))
        elif effect.to is not None:
            self._send(effect.address, effect.arguments, [effect.to])

    def _answer_status(self, effect: m.AnswerStatus) -> None:
        pids = {"daemon_memory_mb": os.getpid(), "engine_memory_mb": self._engine.pid}
        held = [(name, resident_bytes(pid) / 1e6) for name, pid in pids.items()]
        flat = tuple(word for pair in (*effect.facts, *held) for word in pair)
        self._answer(m.Answer(effect.to, "/status/reply", flat))

    def _send(self, address: str, arguments: tuple[object, ...], peers: list[m.Peer]) -> None:
        datagram = osc.encode(address, arguments)
        self._trace.note("osc", f"→ {address}")
        for peer in peers:
            self._socket.send(datagram, peer)

    def _forget(self, effect: m.Forget) -> None:
        self._disk.submit(self._journal.ended, effect.take).add_done_callback(_log_failure)

    def _renamed(self, effect: m.Renamed) -> None:
        self._disk.submit(self._journal.moved, Path(effect.old), Path(effect.new)).add_done_callback(_log_failure)

    def _stop(self, effect: m.Stop) -> None:
        self._listening.stop(effect.take)
        self._engine.send(effect)

    def _finish(self, effect: m.Finish) -> None:
        self._trace.note("stems", "finish", take=effect.take.id)
        future = self._finisher.submit(self._keeper.finish, effect.take)
        future.add_done_callback(lambda future: self._tell(_finished(effect, future)))

    def _play_loop(self, effect: m.PlayLoop) -> None:
        take = effect.take
        self._listening.take_over(take.id, *self._keeper.audio(take.id), take.in_phase)

    def _run_jam(self, effect: m.RunJam) -> None:
        """Have the engine jam; one that broke off goes on from where it last sounded, if that can be kept."""
        take = effect.take
        try:
            path = self._keeper.park(effect.after, take.id, CONTINUE_SECONDS)
            take = dataclasses.replace(take, continues=str(path or ""))
        except OSError as error:
            log.warning("the jam begins anew: its end cannot be written: %s", error)
        self._keeper.discard(effect.after)
        self._engine.send(m.RunJam(take))

    def _keep_jam(self, effect: m.KeepJam) -> None:
        pcm, rate = self._keeper.audio(effect.jam, effect.take.settings.length)
        self._answer(m.Answer(effect.asker, "/jam/kept", (effect.take.id, len(pcm) / rate)))
        self._write(effect.take, lambda: self._keeper.save_end(effect.take, pcm, rate))

    def _save(self, effect: m.SaveStem) -> None:
        self._trace.note("stems", "save", take=effect.take.id)
        self._write(effect.take, lambda: self._keeper.save(effect))

    def _play(self, effect: m.PlayStem) -> None:
        self.in_disk_thread(lambda: self._listening.play(effect))

    def _set_grid(self, effect: m.SetGrid) -> None:
        self._listening.set_grid(effect.grid)
        self._recorder.set_grid(effect.grid)

    def _write(self, take: m.Take, save: Callable[[], Sequence[m.Message]]) -> None:
        """Have a stem written, and tell the session what came of it: also when that is a bug."""
        self._disk.submit(save).add_done_callback(lambda future: [self._tell(e) for e in _written(take, future)])

    def in_disk_thread(self, work: Callable[[], Sequence[m.Message]]) -> None:
        """Do work that touches files in the one thread for it, and tell the session what came of it."""

        def run() -> None:
            for event in work():
                self._tell(event)

        self._disk.submit(run).add_done_callback(_log_failure)

    def _remove_peer(self, effect: m.RemovePeer) -> None:
        self._peers.remove(effect.peer)

    def _add_peer(self, effect: m.AddPeer) -> None:
        reason = self._peers.add(effect.peer, time.monotonic())
        if reason:
            self._answer(m.Answer(effect.asker, "/error", ("/subscribe", reason)))
            self._send("/error", ("/subscribe", reason), [effect.peer])
        else:
            self._send("/subscribed", (effect.peer.host, effect.peer.port), [effect.peer])


def _finished(effect: m.Finish, future: "Future[tuple[float, Findings]]") -> m.TakeFinished:
    """Return how finishing went; where it failed the take is saved as it was made."""
    error = future.exception()
    if error is None:
        seconds, findings = future.result()
    else:
        log.error("take %d could not be finished", effect.take.id, exc_info=error)
        seconds, findings = effect.take.settings.length, (("note", f"not finished: {type(error).__name__}: {error}"),)
    return m.TakeFinished(effect.take, seconds, effect.speed, effect.sampling, findings)


def _written(take: m.Take, future: "Future[Sequence[m.Message]]") -> Sequence[m.Message]:
    """Return what came of writing a stem; one that failed is in the journal, for the next daemon."""
    error = future.exception()
    if error is None:
        return future.result()
    log.error("take %d could not be saved", take.id, exc_info=error)
    return [m.StemUnsaved(take, f"{type(error).__name__}: {error}", MADE_AGAIN)]


def _log_failure(future: Any) -> None:
    if future.exception() is not None:
        log.error("disk", exc_info=future.exception())
