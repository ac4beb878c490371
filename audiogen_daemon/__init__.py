"""audiogen-daemon: music generation on MLX as a DAW companion over OSC."""

from typing import Any

__version__ = "0.1.0"

_LAZY = {"generate": "api", "stream": "api", "GenerationResult": "api", "Client": "client"}

__all__ = ["Client", "GenerationResult", "__version__", "generate", "stream"]


def __getattr__(name: str) -> Any:
    """Import the Python API when it is first used: the daemon must start without it."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
