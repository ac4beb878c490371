"""Checked values out of a checkpoint's JSON: what is wrong is named with file, key, value and what is allowed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class CheckpointError(ValueError):
    """A checkpoint folder that cannot be used: names the file or tensor, what was got and what was wanted."""


@dataclass(frozen=True)
class Reader:
    """Reads checked values from a JSON object. place: file and key so far, for errors."""

    place: str
    values: Mapping[str, Any]

    def section(self, key: str) -> "Reader":
        """A nested object."""
        value = self.values.get(key)
        if not isinstance(value, dict):
            raise CheckpointError(f"{self.place}: {key} is {value!r}, wanted an object")
        return Reader(f"{self.place}: {key}", value)

    def count(self, key: str, default: int | None = None) -> int:
        """A whole number above 0; null counts as absent."""
        value = self.values.get(key)
        value = default if value is None else value
        if type(value) is not int or value < 1:
            raise CheckpointError(f"{self.place}: {key} is {value!r}, wanted a whole number above 0")
        return value

    def counts(self, key: str, default: tuple[int, ...]) -> tuple[int, ...]:
        """A list of whole numbers above 0."""
        value = self.values.get(key, default)
        whole = isinstance(value, list | tuple) and value and all(type(item) is int and item > 0 for item in value)
        if not whole:
            raise CheckpointError(f"{self.place}: {key} is {value!r}, wanted a list of whole numbers above 0")
        return tuple(value)

    def number(self, key: str, default: float) -> float:
        """A number of at least 0; null counts as absent."""
        value = self.values.get(key)
        value = default if value is None else value
        if type(value) not in (int, float) or not 0 <= value < float("inf"):
            raise CheckpointError(f"{self.place}: {key} is {value!r}, wanted a number of at least 0")
        return float(value)

    def above_zero(self, key: str) -> float:
        """A number above 0, which must be there."""
        value = self.values.get(key)
        if not _is_above_zero(value):
            raise CheckpointError(f"{self.place}: {key} is {value!r}, wanted a number above 0")
        return float(value)  # type: ignore[arg-type]

    def numbers(self, key: str) -> tuple[float, ...]:
        """A list of numbers above 0, which must be there."""
        values = self.values.get(key)
        if not isinstance(values, list) or not values or not all(map(_is_above_zero, values)):
            raise CheckpointError(f"{self.place}: {key} is {values!r}, wanted a list of numbers above 0")
        return tuple(float(value) for value in values)

    def one_of(self, key: str, allowed: tuple[Any, ...], default: Any = None) -> Any:
        """A value of a fixed set."""
        value = self.values.get(key, default)
        if value not in allowed:
            options = ", ".join(map(repr, allowed))
            raise CheckpointError(f"{self.place}: {key} is {value!r}; supported: {options}")
        return value


def _is_above_zero(value: object) -> bool:
    return type(value) in (int, float) and 0 < value < float("inf")  # type: ignore[operator]
