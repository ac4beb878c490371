"""JSON as Max 9.1 writes it, so that a device saved in Max differs from a built one only where it was changed."""

import json
from typing import Any

INDENT = "    "


def dump(value: Any, depth: int = 0) -> str:
    """Return a patcher as text: four spaces per level, lists of plain values on one line."""
    inner, outer = INDENT * (depth + 1), INDENT * depth
    if isinstance(value, dict):
        if not value:
            return "{" + outer + "}"
        rows = (f"{inner}{_plain(key)}: {dump(item, depth + 1)}" for key, item in value.items())
        return "{\n" + ",\n".join(rows) + "\n" + outer + "}"
    if isinstance(value, list):
        if not value:
            return "[]"
        if not any(isinstance(item, dict | list) for item in value):
            return "[ " + ", ".join(_plain(item) for item in value) + " ]"
        return "[\n" + ",\n".join(inner + dump(item, depth + 1) for item in value) + "\n" + outer + "]"
    return _plain(value)


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
