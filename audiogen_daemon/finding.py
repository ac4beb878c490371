"""From a path that came over the wire to the sound there, and its take; nothing outside is ever opened."""

import dataclasses
import difflib
import math
from pathlib import Path
from typing import Any

from audiogen_daemon.audio.describe import read_record
from audiogen_daemon.audio.dropfolder import FOLLOWED, INPUT_ENDINGS, SOUND_ENDINGS
from audiogen_daemon.audio.record import StemRecord
from audiogen_daemon.engine.hearing import find_input
from audiogen_daemon.errors import CommandError
from audiogen_daemon.messages import Continue, Generate, Message, SetValue, Take
from audiogen_daemon.settings import MAX_PROMPT, PARAMETERS, Settings, change, show, to_number


def find_stem(folder: Path, text: str) -> tuple[Path, Take]:
    """Return a stem in the drop folder and its take; text: its path, absolute or from the drop folder on.

    Raises:
        CommandError: it is outside, is not there, is no stem of ours, or says what no take can be.
    """
    path = _inside(folder, text)
    take = _take(path)
    if take is None:
        raise CommandError(f"{show(path.name)} is no stem of ours: it does not say what it was made from")
    return path, _going_on_inside(folder, take)


def take_of(folder: Path, record: StemRecord, path: Path) -> Take:
    """Return the take of a record that was read from a path.

    Raises:
        CommandError: it says what no take can be, or goes on from what is not in the drop folder.
    """
    return _going_on_inside(folder, _recorded(record, path))


def _going_on_inside(folder: Path, take: Take) -> Take:
    if not take.continues:
        return take
    return dataclasses.replace(take, continues=str(_inside(folder, take.continues, INPUT_ENDINGS)))


def find_sound(folder: Path, text: str) -> tuple[Path, Take | None]:
    """Return a sound to go on from, and its take if it is a stem of ours; text: as `find_stem`, or a name in the in
    folder.

    Raises:
        CommandError: it is outside or is not there.
    """
    path = _inside(folder, text, INPUT_ENDINGS, ("", FOLLOWED))
    return path, _take(path)


def files_to_follow(message: Message) -> tuple[str, ...]:
    """Return the names of the files whose melody or style a message wants followed; none that is wrongly written."""
    match message:
        case SetValue(name, value):
            pairs: tuple[tuple[str, object], ...] = ((name, value),)
        case Generate(changes=changes) | Continue(changes=changes):
            pairs = changes
        case _:
            return ()
    values = [value for name, value in pairs if name in PARAMETERS and PARAMETERS[name].kind == "file"]
    return tuple(name for value in values if (name := _file_name(value)))


def check_files(folder: Path, names: tuple[str, ...]) -> None:
    """Let names pass that lie in the in folder or in the drop folder.

    Raises:
        CommandError: one lies in neither, or is no path.
    """
    for name in names:
        try:
            find_input(folder, name)
        except (OSError, ValueError, RuntimeError) as error:
            raise CommandError(str(error)) from error


def _file_name(value: object) -> str:
    """Return what names a file; empty for a take's number, for "off" and for what no file can be called."""
    number = to_number(value)
    try:
        return "" if number and math.isfinite(number) else str(PARAMETERS["melody"].parse(value))
    except CommandError:
        return ""


def _take(path: Path) -> Take | None:
    """Return the take that a sound was made from, as far as its record can be believed; None where it has none."""
    try:
        record = read_record(path)
    except (OSError, ValueError) as error:
        raise CommandError(f"{show(path.name)} cannot be read: {error}") from error
    return None if record is None else _recorded(record, path)


def _recorded(record: StemRecord, path: Path) -> Take:
    continues = str(record.settings.get("continues") or "")
    return Take(record.take, record.uid, _settings(record, path), record.created, continues)


def _inside(folder: Path, text: str, endings: frozenset[str] = SOUND_ENDINGS, places: tuple[str, ...] = ("",)) -> Path:
    """Return where a path really leads from the first place in the folder that has it, if to a sound in the folder."""
    try:
        root = folder.resolve()
        paths = [(root / place / text).resolve() for place in places]
        path = next((path for path in paths if path.is_file()), paths[0])
        is_there = path.is_relative_to(root) and path.is_file()
    except (OSError, ValueError, RuntimeError) as error:
        raise CommandError(f"{show(text)} is no path: {error}") from error
    if not path.is_relative_to(root):
        raise CommandError(f"{show(text)} is outside the drop folder {root}; copy the stem there")
    if not is_there:
        there = [found.name for place in (root, root / FOLLOWED) for found in place.glob("*.*")]
        near = difflib.get_close_matches(path.name, there, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        is_nowhere = "is not in" if len(places) == 1 else f"is neither in the in folder {root / FOLLOWED} nor in"
        raise CommandError(f"{show(text)} {is_nowhere} the drop folder {root}{hint}")
    if path.suffix.lower() not in endings:
        raise CommandError(f"{show(text)} is no sound file; give one of {', '.join(sorted(endings))}")
    return path


def _settings(record: StemRecord, path: Path) -> Settings:
    """Return the record's settings, each checked as if it had come over the wire: anybody may have written the file."""
    settings = Settings()
    values: dict[str, Any] = {"prompt": record.prompt, **record.settings}
    for name in PARAMETERS:
        value = values.get(name)
        if value is None:
            continue
        if not isinstance(value, str | int | float | list):
            raise CommandError(f"{show(path.name)} says {name} {show(value)}; it is no stem that can be made again")
        try:
            settings = change(settings, name, value)
        except CommandError as error:
            raise CommandError(f"{show(path.name)} says {name}: {error}") from error
    return dataclasses.replace(settings, morph=_morph(values.get("morph") or [], path))


def _morph(value: Any, path: Path) -> tuple[tuple[str, float], ...]:
    try:
        pairs = tuple((str(prompt), float(weight)) for prompt, weight in value)
    except (TypeError, ValueError) as error:
        raise CommandError(f"{show(path.name)} says morph {show(value)}, which is no list of pairs") from error
    if not all(0 < weight <= 1 and len(prompt) <= MAX_PROMPT for prompt, weight in pairs):
        raise CommandError(f"{show(path.name)} says morph {show(value)}; weights are above 0 and at most 1")
    return pairs
