"""What follows from a memory budget, and what MLX is told of it."""

import pytest

from audiogen_daemon import messages as m
from audiogen_daemon.engine.memory import LEAST_CACHE, Limits, MemoryReport, bound, limits

GB = 10**9


class Recording:
    """Stands in for MLX on a Mac: notes what it is told, and refuses to wire more than the system recommends."""

    def __init__(self, recommended: int) -> None:
        self.recommended = recommended
        self.told: list[tuple[str, int]] = []

    def set_cache_limit(self, limit: int) -> int:
        self.told.append(("cache", limit))
        return 0

    def set_wired_limit(self, limit: int) -> int:
        if limit > self.recommended:
            raise ValueError("[set_wired_limit] above the maximum working set size")
        self.told.append(("wired", limit))
        return 0


def test_the_limits_follow_from_the_budget():
    assert limits(8.0, 12 * GB, metal=True) == Limits(budget=8 * GB, cache=GB, wired=9 * GB)
    assert limits(0.0, 10 * GB, metal=True) == Limits(budget=7 * GB, cache=7 * GB // 8, wired=7 * GB + 7 * GB // 8)


def test_without_metal_nothing_is_wired():
    allocator = Recording(0)
    bound(allocator, limits(8.0, 32 * GB, metal=False))

    assert allocator.told == [("cache", GB)]


@pytest.mark.parametrize("memory_gb", [0.0, 0.0004, 1.0, 10.6, 12.0, 500.0])
def test_a_mac_is_never_asked_to_wire_more_than_it_recommends(memory_gb):
    allocator = Recording(recommended=int(10.67 * GB))
    found = limits(memory_gb, allocator.recommended, metal=True)
    bound(allocator, found)

    assert allocator.told == [("cache", found.cache), ("wired", found.wired)]
    assert found.wired is not None
    assert found.wired <= allocator.recommended


def test_a_small_budget_leaves_a_take_its_buffers():
    assert limits(0.1, 8 * GB, metal=False).cache == LEAST_CACHE


class Pipe:
    def __init__(self) -> None:
        self.sent: list[m.EngineMemory] = []

    def send(self, message: m.EngineMemory) -> None:
        self.sent.append(message)


def test_reports_during_a_take_are_rare_and_those_between_takes_are_not():
    pipe = Pipe()
    report = MemoryReport(pipe)  # type: ignore[arg-type]
    for _ in range(100):
        report.due()
    assert len(pipe.sent) == 1
    report.now()
    assert len(pipe.sent) == 2
    assert pipe.sent[1].active >= 0
