"""The pitch class of a note's name."""

_LETTERS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
_RAISES = {"": 0, "#": 1, "♯": 1, "sharp": 1, "b": -1, "♭": -1, "flat": -1}


def pitch_class(letter: str, accidental: str = "") -> int:
    """Return 0 (C) to 11 of a letter A to G and an accidental (#, ♯, sharp, b, ♭, flat or none), in either case.

    Raises:
        KeyError: neither.
    """
    return (_LETTERS[letter.lower()] + _RAISES[accidental.lower()]) % 12
