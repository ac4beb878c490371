"""How much memory the engine may use: a budget for its models, what MLX is told of it, and what it really holds."""

import os
import time
from dataclasses import dataclass
from typing import Protocol

from audiogen_daemon import messages as m
from audiogen_daemon.engine import protocol as p

SHARE = 0.7
"""Of what models can use: the budget where none is set; the rest is for takes, other programs and the system."""

CACHE_SHARE = 8
"""Freed buffers that MLX keeps to use again: the budget divided by this, but at least LEAST_CACHE."""

LEAST_CACHE = 256_000_000

TOLD_EVERY = 1.0
"""Seconds between two reports while a take is made."""


class Allocator(Protocol):
    """The part of `mlx.core` that bounds memory; bytes in, the limit before it out."""

    def set_cache_limit(self, limit: int) -> int: ...
    def set_wired_limit(self, limit: int) -> int: ...


@dataclass(frozen=True)
class Limits:
    """In bytes. budget: all warm models together. cache: see CACHE_SHARE.

    wired: what macOS may keep from being paged out or compressed, so that a model that was idle answers at once; None
    where there is no Metal.
    """

    budget: int
    cache: int
    wired: int | None


def limits(memory_gb: float, usable: int, metal: bool) -> Limits:
    """What follows from the budget that was asked for.

    MLX's own memory limit stays as it is: takes need room beside the models, and there MLX would make them wait.

    Args:
        memory_gb: 0 for SHARE of what is usable.
        usable: bytes; on Metal the largest working set that the system recommends, above which MLX refuses to wire.
    """
    budget = round(memory_gb * 1e9) or int(usable * SHARE)
    cache = max(budget // CACHE_SHARE, LEAST_CACHE)
    return Limits(budget, cache, min(budget + cache, usable) if metal else None)


def bound(allocator: Allocator, limits: Limits) -> None:
    """Give MLX its limits."""
    allocator.set_cache_limit(limits.cache)
    if limits.wired is not None:
        allocator.set_wired_limit(limits.wired)


def bound_engine(memory_gb: float) -> int:
    """Bound this process's MLX by the budget; the bytes that warm models may hold together."""
    import mlx.core as mx

    found = limits_here(memory_gb)
    bound(mx, found)
    return found.budget


def limits_here(memory_gb: float) -> Limits:
    """What follows from a budget on this machine, see `limits`; nothing is set."""
    import mlx.core as mx

    return limits(memory_gb, usable_bytes(), mx.metal.is_available())


def usable_bytes() -> int:
    """Bytes that models can use on the device that MLX runs on."""
    import mlx.core as mx

    if mx.default_device().type == mx.gpu:
        facts = mx.device_info()
        for name in ("max_recommended_working_set_size", "total_memory", "memory_size"):
            if facts.get(name):
                return int(facts[name])
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


class MemoryReport:
    """Tells the daemon what MLX holds; `due` at most every TOLD_EVERY."""

    def __init__(self, pipe: p.Pipe) -> None:
        self._pipe = pipe
        self._told_at = 0.0

    def due(self) -> None:
        """Tell if it is time."""
        if time.monotonic() - self._told_at >= TOLD_EVERY:
            self.now()

    def now(self) -> None:
        """Tell at once."""
        import mlx.core as mx

        self._told_at = time.monotonic()
        self._pipe.send(m.EngineMemory(mx.get_active_memory(), mx.get_cache_memory()))
