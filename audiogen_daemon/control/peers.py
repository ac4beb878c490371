"""Who hears what: the configured hosts, subscribers that renew themselves, and whoever asked."""

from audiogen_daemon.messages import Peer

SILENT = 60.0
"""Seconds without renewal after which a subscriber makes room for a new one when all places are taken."""


class Peers:
    """The audience of the daemon's messages.

    timeout: seconds after which a subscriber that did not renew is dropped. limit: subscribers at a time.
    """

    def __init__(self, configured: tuple[Peer, ...], limit: int, timeout: float) -> None:
        self._configured = configured
        self._limit = limit
        self._timeout = timeout
        self._until: dict[Peer, float] = {}

    def add(self, peer: Peer, now: float) -> str:
        """Subscribe or renew; return "" or why not."""
        self._expire(now)
        if peer not in self._until and len(self._until) >= self._limit and not self._made_room(now):
            return f"{self._limit} subscribers are connected and no more are allowed; /unsubscribe one of them"
        self._until[peer] = now + self._timeout
        return ""

    def _made_room(self, now: float) -> bool:
        """Drop the subscriber that was silent longest, such as a set that was closed without a word."""
        silent = min(self._until, key=self._until.__getitem__, default=None)
        if silent is None or now - (self._until[silent] - self._timeout) < SILENT:
            return False
        del self._until[silent]
        return True

    def remove(self, peer: Peer) -> bool:
        """Unsubscribe; False when it was no subscriber."""
        return self._until.pop(peer, None) is not None

    def everybody(self, now: float, also: Peer | None = None) -> list[Peer]:
        """Return each listener once; `also` is the one who asked."""
        self._expire(now)
        listeners = [*self._configured, *self._until]
        if also is not None:
            listeners.append(also)
        return list(dict.fromkeys(listeners))

    def _expire(self, now: float) -> None:
        for peer in [p for p, until in self._until.items() if until < now]:
            del self._until[peer]
