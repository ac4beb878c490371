"""A monitor in a process of its own, with the monitor's own methods and events.

All public methods may be called from any thread and return at once; `on_event` is called from this monitor's thread.
A speaker process that dies or hangs is replaced; takes that it was playing are reported as finished, incomplete.
"""

import subprocess
import threading
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from audiogen_daemon.audio.commands import Incoming, Whole
from audiogen_daemon.audio.events import DeviceLost, DeviceOpened, Finished, MonitorEvent, Starved
from audiogen_daemon.audio.preroll import Policy
from audiogen_daemon.audio.ring import PCM
from audiogen_daemon.audio.speaking import Call, Options, Pulse
from audiogen_daemon.child import Child, spawn
from audiogen_daemon.transport import Grid, Quantum

_SILENCE = (-120.0, -120.0)
_BACK_OFF = (0.5, 8.0)
_PATIENCE, _BIRTH = 5.0, 60.0  # seconds without a pulse, and until the first one


class IsolatedMonitor:
    """Plays takes through a sound card that may come and go; arguments and methods as `Monitor`."""

    def __init__(
        self,
        device: str | None,
        gain_db: float,
        preroll_margin: float,
        block: int,
        on_event: Callable[[MonitorEvent], None],
        policy: Policy = "auto",
    ) -> None:
        self._options = Options(device, gain_db, preroll_margin, block, policy)
        self._on_event = on_event
        self._calls: deque[Call] = deque()
        self._called = threading.Event()
        self._closing = threading.Event()
        self._pipe: Connection | None = None
        self._process: Child | None = None
        self._threads: list[threading.Thread] = []
        self._takes: set[int] = set()
        self._grid: Grid | None = None
        self._pulse = Pulse("", 0.0, 0, _SILENCE, False)
        self._levels = _SILENCE
        self._starved_before = 0

    def start(self) -> None:
        """Start the speaker process, which opens the device."""
        for work, name in ((self._watch, "monitor"), (self._send, "monitor pipe")):
            self._threads.append(threading.Thread(target=work, name=name, daemon=True))
            self._threads[-1].start()

    def close(self, timeout: float = 3.0) -> None:
        """Fade out, give the device back and end the process."""
        self._closing.set()
        self._call("")
        process = self._process
        if process is not None:
            try:
                process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
        for thread in self._threads:
            thread.join(timeout)
        self._threads.clear()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def begin(self, take: Incoming) -> None:
        """Announce a take; see `Monitor.begin`."""
        self._takes.add(take.take_id)
        self._call("begin", take)

    def feed(self, take_id: int, pcm: PCM) -> None:
        """Hand over the next samples; see `Monitor.feed`."""
        self._call("feed", take_id, pcm)

    def end(self, take_id: int, loops: bool = False) -> None:
        """Say that all of a take has been fed; see `Monitor.end`."""
        self._call("end", take_id, loops)

    def take_over(self, take_id: int, pcm: PCM, sample_rate: int, batch: tuple[int, ...] = ()) -> None:
        """Let a finished loop follow the take; see `Monitor.take_over`."""
        self._takes.add(take_id)
        self._call("take_over", take_id, pcm, sample_rate, batch)

    def play(self, take: Whole) -> None:
        """Play a finished take; see `Monitor.play`."""
        self._takes.add(take.take_id)
        self._call("play", take)

    def stop(self, fade: float = 0.010, take_id: int | None = None, launch: Quantum = "off") -> None:
        """Fade a take out, or all of them; see `Monitor.stop`."""
        self._call("stop", fade, take_id, launch)

    def set_grid(self, grid: Grid | None) -> None:
        """Say where beats and bars fall at the speaker; see `Monitor.set_grid`."""
        self._grid = grid
        self._call("set_grid", grid)

    def set_gain_db(self, gain_db: float) -> None:
        """Change the gain without a click."""
        self._options = Options(**self._options.__dict__ | {"gain_db": gain_db})
        self._call("set_gain_db", gain_db)

    def set_device(self, device: str | None) -> None:
        """Move to another output; what plays goes on there."""
        self._options = Options(**self._options.__dict__ | {"device": device})
        self._call("set_device", device)

    def levels(self) -> tuple[float, float]:
        """Return the peaks left and right since the last call, in dBFS; -120 is silence."""
        levels, self._levels = self._levels, _SILENCE
        return levels

    @property
    def starved(self) -> int:
        """Samples of silence that stood in for audio that came too late."""
        return self._starved_before + self._pulse.starved

    @property
    def device_name(self) -> str:
        """The open output's name; empty while there is none."""
        return self._pulse.device_name

    @property
    def latency(self) -> float:
        """Seconds between a sample's leaving the player and its leaving the speaker."""
        return self._pulse.latency

    @property
    def pid(self) -> int:
        """The speaker's process id; 0 while there is none."""
        process = self._process
        return 0 if process is None else process.pid

    def _call(self, name: str, *arguments: Any) -> None:
        self._calls.append(Call(name, arguments))
        self._called.set()

    def _send(self) -> None:
        """Pass calls on; a pipe that is full makes this thread wait, and nobody else."""
        while not (self._closing.is_set() and not self._calls):
            self._called.wait(0.5)
            self._called.clear()
            pipe = self._pipe
            while pipe is not None and self._calls:
                try:
                    pipe.send(self._calls.popleft())
                except OSError:
                    break
            if pipe is None and self._closing.is_set():
                return

    def _watch(self) -> None:
        """Keep one speaker alive, and pass on what it says."""
        back_off, outage = _BACK_OFF[0], False
        while not self._closing.is_set():
            try:
                reason, opened = self._listen(self._spawn())
            except OSError as error:
                reason, opened = f"no sound process can be started ({error})", False
            self._bury()
            if self._closing.is_set():
                return
            back_off = _BACK_OFF[0] if opened else min(_BACK_OFF[1], 2 * back_off)
            if opened or not outage:
                self._on_event(DeviceLost(self._pulse.device_name, f"{reason}; it starts again"))
            outage = True
            self._starved_before += self._pulse.starved
            self._pulse = Pulse("", 0.0, 0, _SILENCE, False)
            for take in sorted(self._takes):
                self._on_event(Finished(take, False))
            self._takes.clear()
            self._closing.wait(back_off)

    def _spawn(self) -> Connection:
        self._process, pipe = spawn("audiogen_daemon.audio.speaker")
        pipe.send(self._options)
        pipe.send(Call("set_grid", (self._grid,)))
        self._pipe = pipe
        self._called.set()
        return pipe

    def _listen(self, pipe: Connection) -> tuple[str, bool]:
        """Return why the speaker is no longer of use, and whether it had opened a device."""
        patience, opened = _BIRTH, False
        while True:
            try:
                if not pipe.poll(patience):
                    return f"the sound process said nothing for {patience:g} s", opened
                message = pipe.recv()
            except (EOFError, OSError):
                return "the sound process ended", opened
            patience = _PATIENCE
            if isinstance(message, Pulse):
                self._pulse = message
                self._levels = (max(self._levels[0], message.levels[0]), max(self._levels[1], message.levels[1]))
                if message.stuck:
                    return "PortAudio hangs in the sound process", opened
                continue
            opened = opened or isinstance(message, DeviceOpened)
            if isinstance(message, Finished):
                self._takes.discard(message.take_id)
            if isinstance(message, Starved):
                message = Starved(self._starved_before + message.samples)
            self._on_event(message)

    def _bury(self) -> None:
        pipe, self._pipe = self._pipe, None
        if self._process is not None:
            if not self._closing.is_set():
                self._process.kill()
            self._process.wait()
        if pipe is not None:
            pipe.close()
