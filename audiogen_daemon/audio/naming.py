"""A stem's name comes from a template, is safe on every file system, and is never taken twice."""

import difflib
import re
import string
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

FIELDS = ("slug", "number", "date", "bpm", "key", "bars", "seed", "take", "model")
MOST_TRIES = 10_000
"""Names that are tried before a folder counts as full of them."""
_LONGEST = 100
_LONGEST_SLUG = 48


def slug(text: str, longest: int = _LONGEST_SLUG) -> str:
    """Return text as lower-case ASCII words joined by dashes; "take" if nothing is left."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode("ascii").lower()
    words = re.findall(r"[a-z0-9]+", plain)
    name = ""
    for word in words:
        if len(name) + 1 + len(word) > longest:
            break
        name = f"{name}-{word}" if name else word
    return name or (words[0][:longest] if words else "take")


def number_text(value: float) -> str:
    """Return a tempo or a number of bars as it appears in a name: 120, 127p5."""
    return f"{value:.3f}".rstrip("0").rstrip(".").replace(".", "p")


def key_text(key: str) -> str:
    """Return a key as it appears in a name: Amin, Fsmaj."""
    root, _, mode = key.strip().partition(" ")
    return root.replace("#", "s").replace("♯", "s").replace("♭", "b") + mode.strip()[:3].lower()


def check_template(template: str) -> None:
    """Reject a template that cannot give names.

    Raises:
        ValueError: an unknown field or a wrong format; names the nearest that is allowed.
    """
    sample = dict.fromkeys(FIELDS, "x") | {"number": 1, "seed": 1, "take": 1}
    try:
        for _, _, spec, _ in string.Formatter().parse(template):
            if re.search(r"[1-9]\d\d", spec or ""):
                raise ValueError(f'"{spec}" is wider than 99')
        _render(template, sample)
    except KeyError as error:
        nearest = difflib.get_close_matches(error.args[0], FIELDS, 1, 0)[0]
        raise ValueError(
            f'template "{template}": unknown field "{error.args[0]}"; did you mean "{nearest}"? '
            f"Allowed: {', '.join(FIELDS)}"
        ) from error
    except (ValueError, IndexError, AttributeError) as error:
        raise ValueError(f'template "{template}": {error}; a good one is "{{slug}}_{{number:03d}}"') from error


def name_for(template: str, values: Mapping[str, object], number: int) -> str:
    """Return the stem's name without its ending, at most 100 characters of a-z, A-Z, 0-9, dash, underscore and dot.

    A part between two underscores is left out when a field in it has no value (None).
    """
    name = _safe(_render(template, {**values, "number": number}))
    excess = len(name) - _LONGEST
    if excess > 0 and isinstance(words := values.get("slug"), str) and len(words) > excess:
        name = _safe(_render(template, {**values, "number": number, "slug": words[:-excess]}))
    return name[:_LONGEST]


def final_template(draft: str, model: str) -> str:
    """Return the template for a draft's final: the draft's name and the model, as dusty-loop_003_musicgen-medium."""
    return f"{draft.replace('{', '{{').replace('}', '}}')}_{slug(model)}"


def next_number(template: str, values: Mapping[str, object], taken: Iterable[str]) -> int:
    """Return one more than the highest number among names that begin alike; 1 if there is none.

    Args:
        taken: names without their endings.
    """
    mark = "\0"
    probe = _render(re.sub(r"\{number(:[^}]*)?\}", mark, template), values)
    prefix = _safe(probe.split(mark)[0], ends=False)
    pattern = re.compile(re.escape(prefix) + r"(\d+)(?!\d)", re.IGNORECASE)
    numbers = [int(match[1]) for name in taken if (match := pattern.match(name))]
    return max(numbers, default=0) + 1


def free_names(folder: Path, template: str, values: Mapping[str, object]) -> Iterator[str]:
    """Yield names, without endings, that nothing in the folder has, the next number first.

    Raises:
        OSError: the folder cannot be read.
    """
    taken = {path.stem.lower() for path in folder.iterdir() if not path.name.startswith(".")}
    first = next_number(template, values, taken)
    for index in range(MOST_TRIES):
        name = name_for(template, values, first + index)
        if index and not has_number(template):
            name = f"{name}-{index + 1}"
        if name.lower() not in taken:
            yield name


def has_number(template: str) -> bool:
    """Whether the template numbers its names."""
    return any(field == "number" for _, field, _, _ in string.Formatter().parse(template))


def _render(template: str, values: Mapping[str, object]) -> str:
    formatter = string.Formatter()
    parts: list[list[str]] = [[]]
    dropped: set[int] = set()
    for literal, field, spec, _ in formatter.parse(template):
        first, *rest = literal.split("_")
        parts[-1].append(first)
        parts.extend([text] for text in rest)
        if field is not None:
            value = values[field]
            if value is None:
                dropped.add(len(parts) - 1)
            else:
                parts[-1].append(format(value, spec or ""))
    return "_".join("".join(part) for index, part in enumerate(parts) if index not in dropped)


def _safe(name: str, ends: bool = True) -> str:
    plain = unicodedata.normalize("NFKD", name.replace("#", "s")).encode("ascii", "ignore").decode("ascii")
    plain = re.sub(r"[^A-Za-z0-9._\-]+", "-", plain)
    return (plain.strip("-._ ") or "take") if ends else plain.lstrip("-._ ")
