"""The monitor lets takes be heard while they are made, and never makes their maker wait.

It owns one thread, which opens and re-opens the sound card, feeds the player and reports what happened. All public
methods may be called from any thread and return at once; `on_event` is called from the monitor's thread.
"""

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from audiogen_daemon.audio.commands import Incoming, Whole
from audiogen_daemon.audio.events import DeviceLost, DeviceOpened, Finished, MonitorEvent, Playing, Starved
from audiogen_daemon.audio.feed import ClippedFeed, Feed, LoopedFeed, StreamedFeed, sounds
from audiogen_daemon.audio.launch import Launcher
from audiogen_daemon.audio.levels import decibels
from audiogen_daemon.audio.output import Output, OutputError, refresh_devices
from audiogen_daemon.audio.player import Player, fade_out
from audiogen_daemon.audio.preroll import Pace, Policy
from audiogen_daemon.audio.ring import PCM
from audiogen_daemon.transport import Grid, Quantum

_BUSY, _IDLE = 0.01, 0.5  # seconds between two looks, with and without takes
_KEEP = 10.0  # seconds that a take waits for a lost device
_HANGS = 2.0  # seconds that PortAudio has to let go of one
_BACK_OFF = (0.5, 8.0)


class Monitor:
    """Plays takes through a sound card that may come and go.

    Args:
        device: part of an output's name; None follows the system's default.
        gain_db: of everything that is heard.
        preroll_margin: seconds; the longest stretch of audio that a model hands over at once.
        block: frames per callback. 1024 stays whole beside busy Python threads; monitoring needs no less.
        on_event: called from the monitor's own thread.
        policy: when a take may begin to sound.
    """

    def __init__(
        self,
        device: str | None,
        gain_db: float,
        preroll_margin: float,
        block: int,
        on_event: Callable[[MonitorEvent], None],
        policy: Policy = "auto",
    ) -> None:
        self._device = device or None
        self._gain = 10 ** (gain_db / 20)
        self._margin = preroll_margin
        self._block = block
        self._on_event = on_event
        self._policy: Policy = policy
        self._calls: deque[Callable[[], None]] = deque()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._closing = False
        self._output: Output | None = None
        self._player: Player | None = None
        self._feeds: list[Feed] = []
        self._ended: dict[int, int | None] = {}
        self._launcher = Launcher(block)
        self._starved_before = self._starved_said = 0
        self._gap_said = False
        self._hopeless = self._outage = False
        self._leaving: Output | None = None
        self._lost_at = self._try_at = time.monotonic()
        self._back_off = 0.0

    def start(self) -> None:
        """Open the device in the background; `DeviceOpened` or `DeviceLost` tells how it went."""
        self._thread = threading.Thread(target=self._run, name="monitor", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Fade out and give the device back."""
        if self._thread is not None:
            self.stop()
            self._closing = True
            self._wake.set()
            self._thread.join(5.0)
            self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def begin(self, take: Incoming) -> None:
        """Announce a take; once it may sound, what sounds then is crossfaded away, and a take that waits is dropped.

        Its `launch` waits for a boundary of `set_grid`.
        """
        total = None if take.samples is None else take.samples / take.sample_rate
        pace = Pace(total, take.speed, self._margin, self._policy)
        feed = StreamedFeed(take.take_id, take.sample_rate, take.channels, pace, take.accepted_at, take.launch)
        self._post(lambda: self._begin(feed))

    def feed(self, take_id: int, pcm: PCM) -> None:
        """Hand over the next samples (samples, channels); the array must not be changed afterwards.

        A take that is unknown here, because it was stopped or replaced, is ignored.
        """
        now = time.monotonic()
        self._post(lambda: self._each(take_id, lambda feed: feed.push(pcm, now)))

    def end(self, take_id: int, loops: bool = False) -> None:
        """Say that all of a take, or all that there will ever be, has been fed; `loops`: `take_over` will follow."""
        self._post(lambda: self._each(take_id, lambda feed: feed.end(loops)))

    def take_over(self, take_id: int, pcm: PCM, sample_rate: int, batch: tuple[int, ...] = ()) -> None:
        """Let a finished loop follow the take that is heard, on the sample where that ends.

        Where its end has passed already the loop begins at once, in phase. A take that was stopped stays silent.
        """
        self._post(lambda: self._take_over(take_id, pcm, sample_rate, batch))

    def play(self, take: Whole) -> None:
        """Play a finished take, once or until it is stopped or replaced; see `begin`."""
        now = time.monotonic()
        if take.loop or take.batch:
            kind = LoopedFeed if take.loop else ClippedFeed
            whole = kind(take.take_id, take.pcm, take.sample_rate, now, take.launch, take.batch)
            self._post(lambda: self._begin(whole))
            return
        pace = Pace(len(take.pcm) / take.sample_rate, math.inf, 0.0, "immediate")
        feed = StreamedFeed(take.take_id, take.sample_rate, take.pcm.shape[1], pace, now, take.launch)
        feed.push(take.pcm, now)
        feed.end()
        self._post(lambda: self._begin(feed))

    def stop(self, fade: float = 0.010, take_id: int | None = None, launch: Quantum = "off") -> None:
        """Fade a take out, or all of them, within `fade` seconds: at once, or so that it is silent on the boundary."""
        self._post(lambda: self._stop(fade, take_id, launch))

    def set_grid(self, grid: Grid | None) -> None:
        """Say where beats and bars fall at the speaker; None: unknown, and nothing waits. What waits follows it."""
        self._launcher.grid = grid

    def set_gain_db(self, gain_db: float) -> None:
        """Change the gain without a click."""
        self._gain = 10 ** (gain_db / 20)
        self._post(self._apply_gain)

    def set_device(self, device: str | None) -> None:
        """Move to another output; what plays goes on there."""
        self._post(lambda: self._move(device or None))

    def levels(self) -> tuple[float, float]:
        """Return the peaks left and right since the last call, in dBFS; -120 is silence. One caller only."""
        player = self._player
        left, right = (0.0, 0.0) if player is None or self._output is None else player.take_peak()
        return decibels(left), decibels(right)

    @property
    def starved(self) -> int:
        """Samples of silence that stood in for audio that came too late."""
        player = self._player
        return self._starved_before + (0 if player is None else player.starved)

    @property
    def device_name(self) -> str:
        """The open output's name; empty while there is none."""
        output = self._output
        return "" if output is None else output.name

    @property
    def latency(self) -> float:
        """Seconds between a sample's leaving here and its leaving the speaker; 0 while there is no output."""
        output = self._output
        return 0.0 if output is None else output.latency

    @property
    def stuck(self) -> bool:
        """Whether PortAudio hangs: it does not let go of a lost device. Only another process has sound then."""
        leaving = self._leaving
        return leaving is not None and not leaving.closed and time.monotonic() - self._lost_at > _HANGS

    def _post(self, call: Callable[[], None]) -> None:
        self._calls.append(call)
        self._wake.set()

    def _run(self) -> None:
        while not self._closing:
            self._supervise()
            self._carry_out()
            self._pump()
            self._wake.wait(_BUSY if self._feeds else _IDLE)
            self._wake.clear()
        self._carry_out()
        if self._output is not None:
            deadline = time.monotonic() + 0.2
            while self._feeds and time.monotonic() < deadline:
                self._pump()
                self._wake.wait(_BUSY)
            self._leave()

    def _carry_out(self) -> None:
        while self._calls:
            self._calls.popleft()()

    def _apply_gain(self) -> None:
        if self._player is not None:
            self._player.set_gain(self._gain)

    def _begin(self, feed: Feed) -> None:
        if self._hopeless:
            return
        for other in [f for f in self._feeds if not sounds(f)]:
            self._drop(other)
        self._feeds.append(feed)
        if self._player is not None:
            self._attach(feed)

    def _each(self, take_id: int, action: Callable[[StreamedFeed], None]) -> None:
        for feed in self._feeds:
            if feed.take_id == take_id and isinstance(feed, StreamedFeed):
                action(feed)

    def _take_over(self, take_id: int, pcm: PCM, rate: int, batch: tuple[int, ...]) -> None:
        origin = self._ended.get(take_id) if not self._feeds else None
        for feed in self._feeds:
            if feed.take_id == take_id and isinstance(feed, StreamedFeed):
                if feed.take_over(pcm, rate, batch):
                    return
                origin = None if feed.voice is None else feed.voice.first_frame
        if origin is not None:
            self._begin(LoopedFeed(take_id, pcm, rate, time.monotonic(), batch=batch, origin=origin))

    def _stop(self, fade: float, take_id: int | None, launch: Quantum) -> None:
        for feed in [f for f in self._feeds if take_id is None or f.take_id == take_id]:
            if feed.voice is None or self._output is None or self._player is None or not sounds(feed):
                self._drop(feed)
            else:
                curve = fade_out(max(1, round(fade * self._player.rate)))
                boundary = self._launcher.boundary(launch, self._player, self._output.clock)
                self._player.release(feed.voice, curve, None if boundary is None else boundary - len(curve))

    def _drop(self, feed: Feed) -> None:
        """Forget a take that is silent now."""
        self._feeds.remove(feed)
        if feed.voice is not None and self._player is not None:
            self._player.release(feed.voice, fade_out(self._player.edge))  # the callback may begin it this moment
        self._say_finished(feed, False)

    def _say_finished(self, feed: Feed, complete: bool) -> None:
        # A take that was started again replaces itself, and is still heard.
        if all(other.take_id != feed.take_id for other in self._feeds):
            self._on_event(Finished(feed.take_id, complete))

    def _attach(self, feed: Feed) -> None:
        if self._player is not None:
            self._player.add(feed.attach(self._player.rate, self._player.channels))

    def _pump(self) -> None:
        output, player = self._output, self._player
        if output is None or player is None:
            return
        for feed in list(self._feeds):
            voice = feed.voice
            if voice is None:
                continue
            feed.fill()
            if voice.armed <= voice.starvations and not self._launcher.waits(feed.launch, output.clock):
                if feed.ready(player.edge + self._block):
                    if voice.first_frame is None:
                        others = (f.voice for f in self._feeds[: self._feeds.index(feed)])
                        voice.replaces = tuple(other for other in others if other is not None)
                        self._launcher.place(voice, feed.launch, player, output.clock)
                    voice.armed = voice.starvations + 1
            elif voice.first_frame is None:
                self._launcher.place(voice, feed.launch, player, output.clock)
            if voice.first_frame is not None and not feed.announced:
                feed.announced = True
                self._on_event(Playing(feed.take_id, output.clock.heard_at(voice.first_frame) - feed.accepted_at))
            if voice.done:
                self._feeds.remove(feed)
                self._ended = {feed.take_id: voice.first_frame} if voice.complete else {}
                self._say_finished(feed, voice.complete)
        self._report_starvation()

    def _report_starvation(self) -> None:
        """Say so when a gap begins, and how long it was when it is over."""
        starving = any(f.voice is not None and f.voice.dip_frame is not None for f in self._feeds)
        if self.starved > self._starved_said and not (starving and self._gap_said):
            self._starved_said = self.starved
            self._on_event(Starved(self._starved_said))
            self._gap_said = starving
        self._gap_said = self._gap_said and starving

    def _supervise(self) -> None:
        now = time.monotonic()
        if self._output is not None:
            reason = self._output.lost()
            if reason:
                self._lose(reason)
        elif not self._hopeless and now >= self._try_at:
            self._open()
        if self._output is None and now - self._lost_at > _KEEP:
            for feed in [f for f in self._feeds if now - f.accepted_at > _KEEP]:
                self._drop(feed)

    def _open(self) -> None:
        first = self._back_off == 0
        if self._leaving is not None and not self._leaving.closed:
            return  # until it is stuck, and this process is replaced
        self._leaving = None
        self._back_off = min(_BACK_OFF[1], max(_BACK_OFF[0], 2 * self._back_off))
        try:
            if not first:
                refresh_devices()
            self._output = output = Output(self._device, self._block, self._player_for)
        except OutputError as error:
            self._try_at = time.monotonic() + self._back_off
            self._hopeless = error.lasting
            if not self._outage:
                self._outage = True
                self._on_event(DeviceLost(self._device or "", str(error)))
            if self._hopeless:
                for feed in list(self._feeds):
                    self._drop(feed)
            return
        self._outage = False
        self._back_off = _BACK_OFF[0]
        self._on_event(DeviceOpened(output.name, output.rate))

    def _lose(self, reason: str) -> None:
        if self._output is not None:
            self._outage = True
            self._on_event(
                DeviceLost(self._output.name, f"{reason}; takes go on, and sound comes back with the device")
            )
            self._leave()
            self._try_at = self._lost_at + self._back_off

    def _leave(self) -> None:
        if self._output is not None:
            self._leaving, self._output = self._output, None
            self._lost_at = time.monotonic()
            self._back_off = _BACK_OFF[0]
            self._leaving.close()

    def _move(self, device: str | None) -> None:
        self._device = device
        self._leave()
        self._hopeless = self._outage = False
        self._back_off = _BACK_OFF[0]
        self._lost_at = self._try_at = time.monotonic()

    def _player_for(self, rate: int, channels: int) -> Player:
        """Return the player that is there, with all that its rings hold, or a new one where the device differs."""
        player = self._player
        if player is None or (player.rate, player.channels) != (rate, channels):
            self._starved_before = self.starved
            self._player = player = Player(rate, channels, gain=self._gain)
            for feed in self._feeds:
                self._attach(feed)
        return player
