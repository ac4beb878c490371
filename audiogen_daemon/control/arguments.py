"""Arguments as OSC senders have them: numbers in whatever form, presses and releases of buttons, pairs."""

import math
from itertools import pairwise
from typing import Any

from audiogen_daemon.errors import CommandError
from audiogen_daemon.settings import PARAMETERS, show, to_number

Arguments = list[Any]

CLIENT = "client"
"""The pair by which whoever asks for a take names the request; /take/queued and /error repeat it."""

MAX_CLIENT = 64
"""Characters of that name."""


def number(arguments: Arguments, index: int, name: str) -> float:
    """Return the argument as a number.

    Raises:
        CommandError: it is missing, is no number, or is not finite.
    """
    if index >= len(arguments):
        raise CommandError(f"{name} is missing; send a number")
    value = to_number(arguments[index])
    if value is None or not math.isfinite(value):
        raise CommandError(f"{name} {show(arguments[index])} is no number; send a finite number")
    return value


def whole(arguments: Arguments, index: int, name: str) -> int:
    """Return the argument as a whole number; 7.0 and "7" are 7. Raises as `number`."""
    value = number(arguments, index, name)
    if value != int(value):
        raise CommandError(f"{name} {value:g} is no whole number")
    return int(value)


def optional_whole(arguments: Arguments, index: int, name: str) -> int | None:
    """Return the argument as a whole number, None where there is none. Raises as `number`."""
    return whole(arguments, index, name) if index < len(arguments) else None


def text(arguments: Arguments, index: int, name: str) -> str:
    """Return the argument as a text; numbers are written out.

    Raises:
        CommandError: it is missing, or a blob, an array or nil.
    """
    if index >= len(arguments):
        raise CommandError(f"{name} is missing; send a text")
    if isinstance(arguments[index], bytes | tuple | type(None)):
        raise CommandError(f"{name} must be a text, not {type(arguments[index]).__name__}")
    return str(arguments[index])


def at_most(arguments: Arguments, count: int) -> None:
    """Reject more arguments than are understood.

    Raises:
        CommandError: naming both counts.
    """
    if len(arguments) > count:
        raise CommandError(f"{len(arguments)} arguments where at most {count} are understood")


def is_path(arguments: Arguments) -> bool:
    """Whether a stem is named and not a take's number."""
    return bool(arguments) and isinstance(arguments[0], str) and to_number(arguments[0]) is None


def is_release(arguments: Arguments) -> bool:
    """Whether a button was let go: a lone 0 or False, or one behind a text."""
    if not arguments or isinstance(arguments[-1], str):
        return False
    alone = len(arguments) == 1 or (all(isinstance(a, str) for a in arguments[:-1]) and len(arguments) == 2)
    return alone and (arguments[-1] is False or arguments[-1] == 0)


def without_press(arguments: Arguments) -> Arguments:
    """Return the arguments without the 1 or True that a button's press adds."""
    after_text = len(arguments) == 2 and isinstance(arguments[0], str)
    pressed = bool(arguments) and not isinstance(arguments[-1], str) and arguments[-1] == 1
    if after_text and pressed:
        return arguments[:1]
    if len(arguments) == 1 and pressed and not _is_take_number(arguments[0]):
        return []
    return arguments


def _is_take_number(value: Any) -> bool:
    """A lone 1 is take 1 when it is an integer, a button's press when it is 1.0 or True."""
    return isinstance(value, int) and not isinstance(value, bool)


def pairs_without_prompt(arguments: Arguments) -> bool:
    """Whether all arguments are names of settings, each with its value."""
    return len(arguments) % 2 == 0 and all(is_setting(name) for name in arguments[::2])


def is_setting(value: Any) -> bool:
    """Whether the argument is a name that a value follows."""
    return isinstance(value, str) and (value in PARAMETERS or value == CLIENT)


def client_in(arguments: Arguments) -> str:
    """Return how the sender names the request, even where the rest of it is wrong; "" where it does not."""
    return next((str(b) for a, b in pairwise(arguments) if a == CLIENT and is_client(str(b))), "")


def is_client(name: str) -> bool:
    """Whether a client may be called that."""
    return 1 <= len(name) <= MAX_CLIENT and name.isprintable()
