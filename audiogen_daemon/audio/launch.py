"""A voice that waits for a beat or a bar follows the grid, as it moves, until it is about to begin."""

from audiogen_daemon.audio.clock import StreamClock
from audiogen_daemon.audio.player import Player, Voice
from audiogen_daemon.transport import Grid, Quantum

_SOON = 3  # blocks; what is nearer is left as it is, for the callback may be at it now


class Launcher:
    """Turns boundaries at the speaker into frames of one player's timeline.

    Args:
        block: frames per callback.
    """

    def __init__(self, block: int) -> None:
        self._margin = _SOON * block
        self.grid: Grid | None = None
        """Where beats and bars fall at the speaker; None: unknown, and nothing waits."""

    def waits(self, launch: Quantum, clock: StreamClock) -> bool:
        """Whether something must wait because frames and moments cannot be told from each other yet."""
        return launch != "off" and self.grid is not None and not clock.running

    def boundary(self, launch: Quantum, player: Player, clock: StreamClock) -> int | None:
        """Return the frame of the next boundary that can still be met; None is at once."""
        grid = self.grid
        if launch == "off" or grid is None or not clock.running:
            return None
        return clock.frame_at(grid.next(clock.heard_at(player.position + self._margin), launch))

    def place(self, voice: Voice, launch: Quantum, player: Player, clock: StreamClock) -> None:
        """Set where a voice that does not sound yet begins, unless that is too near to be changed."""
        near = voice.armed and voice.start_frame is not None and voice.start_frame < player.position + self._margin
        if not near:
            voice.start_frame = self.boundary(launch, player, clock)
