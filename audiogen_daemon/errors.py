"""The three ways in which work can fail; anything else is a bug and crashes with a traceback."""


class CommandError(Exception):
    """Something was asked wrongly; nothing changed. The text says what was got, what is allowed, what to do."""


class JobError(Exception):
    """One take failed; the engine lives on.

    code: a short machine-readable word such as "model", "memory", "request".
    """

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class EngineError(Exception):
    """The engine process died, hung or could not be started."""
