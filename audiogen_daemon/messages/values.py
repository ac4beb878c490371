"""What messages carry: peers, takes, models."""

from dataclasses import dataclass

from audiogen_daemon.settings import Settings

LETTERS = "ABCDEFGH"
"""Names of the variations of one request, in the order of their ids."""


@dataclass(frozen=True)
class Peer:
    """Where a datagram came from, or where answers go."""

    host: str
    port: int


@dataclass(frozen=True)
class Take:
    """One piece of audio to make: it is in the journal until its stem has landed.

    uid: unique across restarts and machines; stands in the stem's sidecar. settings.seed is drawn (never -1) here.
    created: ISO 8601, wall clock. continues: path of the stem to go on from. batch: ids of all variations made with it.
    final: uid of this draft's final. draft_of: uid of the draft that this is the final of. A request's finals have
    the ids that follow those of its drafts.
    """

    id: int
    uid: str
    settings: Settings
    created: str
    continues: str = ""
    batch: tuple[int, ...] = ()
    final: str = ""
    draft_of: str = ""

    @property
    def is_final(self) -> bool:
        """Whether it is made in the background from a draft's settings, and not heard on its own."""
        return bool(self.draft_of)

    @property
    def is_heard(self) -> bool:
        """Whether it is heard while it is made: of variations the first, of finals none."""
        return not self.is_final and self.letter == LETTERS[0]

    @property
    def in_phase(self) -> tuple[int, ...]:
        """The ids of the loops that it takes turns with in phase: variations, drafts and their finals; () for none."""
        ids = self.batch or (self.id,)
        if self.final:
            return (*ids, *(number + len(ids) for number in ids))
        if self.draft_of:
            return (*(number - len(ids) for number in ids), *ids)
        return self.batch

    @property
    def letter(self) -> str:
        """Which variation of its request it is; the only one is A."""
        return LETTERS[self.batch.index(self.id)] if self.batch else LETTERS[0]


@dataclass(frozen=True)
class ModelInfo:
    """A warm model: Hz, channels, the longest take it makes in seconds, seconds it took to get warm, bytes it holds.

    precision: type of its weights, and the preset they are quantized by; "" for one without weights.
    """

    name: str
    sample_rate: int
    channels: int
    max_seconds: float
    seconds: float
    memory: int
    defaults: tuple[tuple[str, float], ...] = ()
    precision: str = ""
