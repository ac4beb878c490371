"""Who may import whom, read from the sources."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "audiogen_daemon"
FORBIDDEN = {
    "messages/": ("mlx", "asyncio", "threading", "socket", "audiogen_daemon.session", "audiogen_daemon.models"),
    "errors.py": ("mlx", "audiogen_daemon."),
    "session/": (
        "mlx",
        "asyncio",
        "threading",
        "socket",
        "time",
        "os",
        "audiogen_daemon.models",
        "audiogen_daemon.audio",
    ),
    "models/": (
        "asyncio",
        "threading",
        "sounddevice",
        "pythonosc",
        "audiogen_daemon.audio",
        "audiogen_daemon.control",
        "audiogen_daemon.engine",
        "audiogen_daemon.session",
    ),
    "audio/": ("mlx", "audiogen_daemon.models", "audiogen_daemon.engine", "audiogen_daemon.session"),
    "control/": ("mlx", "audiogen_daemon.models", "audiogen_daemon.engine"),
    "engine/supervisor.py": ("mlx", "audiogen_daemon.models"),
    "daemon.py": ("mlx", "audiogen_daemon.models.musicgen"),
}


def imports_of(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{name.name}" for name in node.names}
    return found


@pytest.mark.parametrize("place", FORBIDDEN)
def test_layers_import_only_what_they_may(place):
    files = sorted((PACKAGE / place).rglob("*.py")) if place.endswith("/") else [PACKAGE / place]
    assert files
    for file in files:
        for name in imports_of(file):
            for forbidden in FORBIDDEN[place]:
                assert not f"{name}.".startswith(f"{forbidden.rstrip('.')}."), (file, name)


def test_only_the_hub_module_knows_the_hub():
    users = [f.name for f in PACKAGE.rglob("*.py") if any(n.startswith("huggingface_hub") for n in imports_of(f))]
    assert users == ["hub.py"]


@pytest.mark.parametrize("module", ["audiogen_daemon.daemon", "audiogen_daemon.cli", "audiogen_daemon.commands.models"])
def test_the_daemon_process_never_imports_mlx(module):
    code = f"import {module}, sys; sys.exit(any(name.split('.')[0] == 'mlx' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
