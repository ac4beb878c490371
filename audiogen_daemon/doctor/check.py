"""What was found in one place."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One thing looked at.

    ok: None where the daemon works with less, or it cannot be told. cure: what to do, "" when there is nothing.
    """

    name: str
    ok: bool | None
    found: str
    cure: str = ""
