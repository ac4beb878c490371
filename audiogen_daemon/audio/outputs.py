"""Whether an output can be had, tried in a process of its own: `python -m audiogen_daemon.audio.outputs NAME PLAYING`.

PortAudio sees a device that was plugged in later only when it starts anew, for which the open one would have to be
closed; and it may hang. So the sound leaves the device that it is on only for one that has just been opened.
"""

import json
import subprocess
import sys

from audiogen_daemon.audio.output import Output, OutputError, find_output
from audiogen_daemon.audio.player import Player

_BLOCK = 1024


def why_unusable(device: str, playing: str, patience: float = 5.0) -> str:
    """Return why an output is not there or does not open; empty where it does, or nobody can tell.

    Args:
        device: part of its name.
        playing: name of the one that the sound is on; only one program may be able to open it.
        patience: seconds to wait for an answer.
    """
    command = [sys.executable, "-m", "audiogen_daemon.audio.outputs", device, playing]
    try:
        found = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patience, check=False
        )
        return str(json.loads(found.stdout.splitlines()[-1]))
    except (subprocess.TimeoutExpired, OSError, ValueError, IndexError):
        return ""


def main(arguments: list[str]) -> int:
    """Print why there is no such output, or why it does not open, as JSON."""
    device, playing = arguments
    sys.stdout.write(json.dumps(_why_unusable(device, playing)) + "\n")
    return 0


def _why_unusable(device: str, playing: str) -> str:
    try:
        name = find_output(device)["name"]
    except OutputError as error:
        return str(error)
    if name == playing:
        return ""
    try:
        Output(device, _BLOCK, Player).close()
    except OutputError as error:
        return f'{error} Or is it "{playing}", which plays, by another name?' if playing else str(error)
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
