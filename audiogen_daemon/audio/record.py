"""What is known of a take, in the form that travels with its stem and is enough to make the take again."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self

FORMAT = 1


@dataclass(frozen=True)
class StemRecord:
    """One take, as it was asked for and as it came out.

    uid: names the take for ever, across restarts; letters, digits and dashes.
    take: the take's number in the session. seed: 0 to 2**32 - 1.
    created: ISO 8601 with the time zone.
    tempo: beats per minute. bars: length in bars. beats, unit: the signature, 4/4 unless said.
    key: such as "A minor". loop: whether the end runs into the start. partial: whether it was cut short.
    final: uid of the take that was made of this draft on a larger model; draft_of: in that one, the draft's uid.
    settings: everything the take was made from, JSON values only. measured: what was found out about it.
    """

    uid: str
    take: int
    prompt: str
    model: str
    seed: int
    created: str
    tempo: float | None = None
    bars: float | None = None
    beats: int = 4
    unit: int = 4
    key: str | None = None
    loop: bool = False
    partial: bool = False
    final: str | None = None
    draft_of: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    measured: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9-]{1,64}", self.uid):
            raise ValueError(f'uid "{self.uid}": 1 to 64 letters, digits and dashes are allowed')

    def to_json(self, **extra: Any) -> str:
        """Return the record as one line of JSON, with further members beside it."""
        return json.dumps({"audiogen": FORMAT, **extra, **asdict(self)}, ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote; members this version does not know are left out.

        Raises:
            ValueError: it is not JSON, not a record of ours, or a member is missing.
        """
        try:
            members = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise ValueError(f"not a take's record: {error}") from error
        if not isinstance(members, dict) or "audiogen" not in members:
            raise ValueError('not a take\'s record: it has no member "audiogen"')
        known = {f.name: members[f.name] for f in fields(cls) if f.name in members}
        for name, value in known.items():
            if not isinstance(value, _KINDS[name]):
                raise ValueError(f"not a take's record: its {name} cannot be {str(value)[:40]!r}")
        try:
            return cls(**known)
        except (TypeError, ValueError) as error:
            raise ValueError(f"not a whole record of a take: {error}") from error


_KINDS: Mapping[str, tuple[type, ...]] = {
    **dict.fromkeys(("uid", "prompt", "model", "created"), (str,)),
    **dict.fromkeys(("take", "seed", "beats", "unit"), (int,)),
    **dict.fromkeys(("tempo", "bars"), (int, float, type(None))),
    **dict.fromkeys(("key", "final", "draft_of"), (str, type(None))),
    **dict.fromkeys(("loop", "partial"), (bool,)),
    **dict.fromkeys(("settings", "measured"), (dict,)),
}
