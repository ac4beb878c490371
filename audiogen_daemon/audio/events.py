"""What a monitor reports."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Playing:
    """The first sample of a take is on its way; it leaves the speaker `latency` seconds after the take was accepted."""

    take_id: int
    latency: float


@dataclass(frozen=True)
class Starved:
    """A take ran dry and was faded out; `samples` counts all silence of this kind since the start."""

    samples: int


@dataclass(frozen=True)
class Finished:
    """A take is no longer heard, or will not be; `complete` says whether it was to its end."""

    take_id: int
    complete: bool


@dataclass(frozen=True)
class DeviceOpened:
    """Sound goes out through this device, at `rate` Hz."""

    name: str
    rate: int


@dataclass(frozen=True)
class DeviceLost:
    """No sound goes out; said once per outage. `reason` names the cure where one is known."""

    name: str
    reason: str


MonitorEvent = Playing | Starved | Finished | DeviceOpened | DeviceLost
