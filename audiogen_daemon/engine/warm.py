"""The warm set: models in memory, bounded by bytes; the least recently used one goes first, pinned ones stay."""

import gc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from audiogen_daemon.errors import JobError

T = TypeVar("T")


@dataclass(frozen=True)
class Warm(Generic[T]):
    """A model that is ready, and the bytes it holds."""

    model: T
    memory: int


class WarmSet(Generic[T]):
    """Models by name.

    Args:
        budget: bytes that all models together may hold.
        pinned: names that are never dropped to make room.
        load: makes a model ready, returning it and the bytes it holds; raises JobError.
        expected: bytes that a model will hold, about.
        dropped: told the name of each model whose memory was given back.
    """

    def __init__(
        self,
        budget: int,
        pinned: tuple[str, ...],
        load: Callable[[str], Warm[T]],
        expected: Callable[[str], int],
        dropped: Callable[[str], None],
    ) -> None:
        self._budget = budget
        self._pinned = pinned
        self._load = load
        self._expected = expected
        self._dropped = dropped
        self._models: dict[str, Warm[T]] = {}

    @property
    def names(self) -> list[str]:
        """Warm models, the least recently used one first."""
        return list(self._models)

    @property
    def memory(self) -> int:
        """Bytes that they hold together."""
        return sum(warm.memory for warm in self._models.values())

    def get(self, name: str) -> T:
        """Return a model, loaded if it has to be, and mark it as used now.

        Raises:
            JobError: it cannot be loaded, or not within the budget.
        """
        if name not in self._models:
            self._make_room(name)
            self._models[name] = self._load(name)
        self._models[name] = self._models.pop(name)
        return self._models[name].model

    def drop(self, name: str) -> None:
        """Give a model's memory back; nothing happens when it is not warm."""
        if self._models.pop(name, None) is not None:
            gc.collect()
            self._dropped(name)

    def check(self, name: str) -> None:
        """Let models pass that are warm, or that there is or can be made room for.

        Raises:
            JobError: what it needs, what there is, what to do.
        """
        if name in self._models:
            return
        needed = self._expected(name)
        check_size(name, needed, self._budget)
        pinned = [other for other in self._models if other in self._pinned]
        held = sum(self._models[other].memory for other in pinned)
        if held + needed > self._budget:
            raise JobError(
                "memory",
                f"{name} needs about {_size(needed)}, and of the {_size(self._budget)} that engine.memory_gb allows "
                f"{_size(held)} are held by pinned models ({', '.join(pinned)}); "
                f"/model/unload {pinned[0]}, or raise engine.memory_gb",
            )

    def _make_room(self, name: str) -> None:
        self.check(name)
        needed = self._expected(name)
        for other in [n for n in self._models if n not in self._pinned]:
            if self.memory + needed <= self._budget:
                return
            self.drop(other)


def check_size(name: str, needed: int, budget: int) -> None:
    """Let a model pass that alone is within a budget; both in bytes.

    Raises:
        JobError: what it needs, what there is, what to do.
    """
    if needed > budget:
        raise JobError(
            "memory",
            f"{name} needs about {_size(needed)} and engine.memory_gb allows {_size(budget)}; raise it, "
            "set engine.quantize to quality, balanced or speed, or play a smaller model",
        )


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
