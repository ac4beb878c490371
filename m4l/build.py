"""Build Audiogen.amxd, and beside it the same patcher as text for review: python m4l/build.py [folder]."""

import sys
from pathlib import Path

from container import IS_DEVICE, File, audio_effect
from device import SCRIPT, build
from maxjson import dump

HERE = Path(__file__).parent
NAME = "Audiogen"
PARTS = (
    *("base", "controls", "connection", "transport", "takes", "missed", "letters"),
    *("recording", "jam", "importing", "preview", "messages"),
)
"""The script's files in the order they are joined: each uses those before it at load, all others only when it runs."""


def script() -> bytes:
    """Return audiogen.js: the parts of m4l/js, one after the other."""
    return b"\n".join((HERE / "js" / f"{part}.js").read_bytes() for part in PARTS)


def main(folder: Path) -> None:
    """Write the device and its patcher; the same sources give the same bytes."""
    text = dump(build())
    patcher = File(f"{NAME}.amxd", b"JSON", text.encode() + b"\0", IS_DEVICE)
    device = audio_effect(patcher, (File(SCRIPT, b"TEXT", script()),))
    (folder / f"{NAME}.amxd").write_bytes(device)
    (folder / f"{NAME}.maxpat.json").write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(f"{folder / NAME}.amxd: {len(device)} bytes\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
