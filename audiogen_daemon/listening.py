"""Between the session's words and the monitor: takes are heard while they are made, and again afterwards."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import soundfile

from audiogen_daemon import messages as m
from audiogen_daemon.audio import events as mon
from audiogen_daemon.audio.commands import Incoming, Whole
from audiogen_daemon.audio.isolated import IsolatedMonitor
from audiogen_daemon.audio.outputs import why_unusable
from audiogen_daemon.audio.ring import PCM
from audiogen_daemon.config import Monitor as MonitorConfig
from audiogen_daemon.transport import Grid, Quantum

UNKNOWN_SPEED = 1.0
"""Assumed before a take has been made: the monitor measures it while the audio comes in."""

SWITCHED_OFF = "the monitor is switched off; set monitor.enabled = true"

ENDLESS = 2**62
"""Samples of a jam."""


class Listening:
    """The monitor as the daemon uses it; `tell` is called from threads of its own.

    The sound card has a process of its own: it may hang or die without taking anything else along.

    With the monitor switched off every method does nothing, and stems still land.
    """

    def __init__(self, config: MonitorConfig, tell: Callable[[m.Message], None]) -> None:
        self._tell = tell
        self._lookup = ThreadPoolExecutor(1, thread_name_prefix="outputs")
        self._playing: set[int] = set()
        self._left: dict[int, tuple[int, bool]] = {}
        self._monitor: IsolatedMonitor | None = None
        if config.enabled:
            self._monitor = IsolatedMonitor(
                config.device or None,
                config.gain_db,
                config.preroll_margin,
                config.block,
                self._said,
                policy=config.policy,  # type: ignore[arg-type]
            )

    def start(self) -> None:
        """Open the sound card in the background."""
        if self._monitor:
            self._monitor.start()

    def close(self) -> None:
        """Fade out and give the sound card back."""
        if self._monitor:
            self._monitor.close()
        self._lookup.shutdown(cancel_futures=True)

    def begin(self, job: m.JobStarted, speed: float, accepted_at: float, launch: Quantum, loops: bool) -> None:
        """Announce a take that is being made; speed: seconds of audio per second, 0 when not known yet.

        loops: `take_over` will follow when it is finished.
        """
        if self._monitor:
            self._left[job.take] = (job.samples or ENDLESS, loops)
            samples, pace = job.samples or None, speed or UNKNOWN_SPEED
            self._monitor.begin(Incoming(job.take, job.sample_rate, job.channels, samples, pace, accepted_at, launch))

    def feed(self, take: int, pcm: PCM) -> None:
        """Hand over the take's next samples; those beyond its length are not heard."""
        if self._monitor and take in self._left:
            left, loops = self._left[take]
            self._monitor.feed(take, pcm[:left])
            self._left[take] = (left - len(pcm), loops)
            if left <= len(pcm):
                self.end(take)

    def end(self, take: int) -> None:
        """All of the take that will be heard has been fed."""
        if self._monitor and take in self._left:
            _, loops = self._left.pop(take)
            self._monitor.end(take, loops)

    def end_all(self) -> None:
        """Nothing more will be fed of any take: their engine is gone."""
        for take in list(self._left):
            self.end(take)

    def take_over(self, take: int, pcm: PCM, rate: int, batch: tuple[int, ...]) -> None:
        """Let the finished loop (samples, channels) follow what is heard of the take."""
        if self._monitor:
            self._monitor.take_over(take, pcm, rate, batch)

    def play(self, effect: m.PlayStem) -> list[m.Event]:
        """Play a stem from its file; returns nothing to say, or why it cannot be played."""
        if self._monitor is None:
            return [m.MonitorState("", SWITCHED_OFF)]
        try:
            pcm, rate = soundfile.read(effect.path, dtype="float32", always_2d=True)
        except (OSError, soundfile.LibsndfileError) as error:
            return [m.MonitorState(self._monitor.device_name, f"{effect.path} cannot be played: {error}")]
        self._monitor.play(Whole(pcm, rate, effect.loop, effect.take, effect.launch, effect.batch))
        return []

    def stop(self, take: int | None = None, launch: Quantum = "off") -> None:
        """Fade one take, or everything, out within 10 ms, when `launch` says."""
        if self._monitor:
            self._monitor.stop(take_id=take, launch=launch)

    def set_grid(self, grid: Grid | None) -> None:
        """Say where the DAW's beats and bars fall."""
        if self._monitor:
            self._monitor.set_grid(grid)

    def set_gain_db(self, gain_db: float) -> None:
        """Change the level without a click."""
        if self._monitor:
            self._monitor.set_gain_db(gain_db)

    def set_device(self, command: m.MonitorDevice) -> None:
        """Move to another output that is there and opens; else the sound stays, and `tell` hears why."""
        self._lookup.submit(self._move, command)

    def _move(self, command: m.MonitorDevice) -> None:
        reason = self._why_not(command.name)
        if reason:
            self._tell(m.Invalid(reason, sender=command.sender, address=command.address))
        elif self._monitor:
            self._monitor.set_device(command.name or None)

    def _why_not(self, name: str) -> str:
        """Return why the sound cannot move there. What it is on already may be hidden from others: it is in use."""
        if self._monitor is None:
            return SWITCHED_OFF
        here = self._monitor.device_name
        if name.lower() in ("", here.lower()):
            return ""
        reason = why_unusable(name, here)
        return f'{reason}; the sound stays on "{here}"' if reason and here else reason

    def level(self) -> m.MonitorLevel | None:
        """Return the level since the last call while something plays."""
        if self._monitor is None or not self._playing:
            return None
        return m.MonitorLevel(*self._monitor.levels())

    def _said(self, event: mon.MonitorEvent) -> None:
        match event:
            case mon.Playing(take, latency):
                self._playing.add(take)
                self._tell(m.TakePlaying(take, latency))
            case mon.Finished(take):
                self._playing.discard(take)
            case mon.Starved(samples):
                self._tell(m.MonitorStarved(samples))
            case mon.DeviceOpened(name):
                self._tell(m.MonitorState(name))
            case mon.DeviceLost(_, reason):
                self._tell(m.MonitorState("", reason))
