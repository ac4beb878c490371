"""A sound card whose blocks the test pulls itself."""

import time
from collections.abc import Callable

import numpy as np

from audiogen_daemon.audio.clock import StreamClock
from audiogen_daemon.audio.output import OutputError
from audiogen_daemon.audio.player import Player

BLOCK = 256


class Card:
    """Stands in for a sound card: `pull` is its callback."""

    def __init__(self, rate: int = 32000, channels: int = 2) -> None:
        self.rate, self.channels = rate, channels
        self.trouble: OutputError | None = None
        self.opened, self.gone = 0, ""

    def open(self, device: str | None, block: int, make_player: Callable[[int, int], Player]) -> "Card":
        if self.trouble is not None:
            raise self.trouble
        self.name = device or "card"
        self.player = make_player(self.rate, self.channels)
        self.clock = StreamClock(self.rate)
        self.latency, self.closed, self.gone = 0.02, False, ""
        self.opened += 1
        return self

    def lost(self) -> str:
        return self.gone

    def close(self) -> None:
        self.closed = True

    def pull(self, frames: int = BLOCK) -> np.ndarray:
        out = np.full((frames, self.channels), np.nan, np.float32)
        self.clock.update(self.player.position, time.monotonic() + self.latency)
        self.player.render(out)
        return out
