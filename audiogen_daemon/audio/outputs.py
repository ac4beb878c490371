"""Whether an output is there, asked in a process of its own: `python -m audiogen_daemon.audio.outputs NAME`.

PortAudio sees a device that was plugged in later only when it starts anew, for which the open one would have to be
closed; and it may hang.
"""

import json
import subprocess
import sys

from audiogen_daemon.audio.output import OutputError, find_output


def why_missing(device: str, patience: float = 5.0) -> str:
    """Return why no output has a name, with those that there are; empty where there is one, or nobody can tell.

    Args:
        device: part of its name.
        patience: seconds to wait for an answer.
    """
    command = [sys.executable, "-m", "audiogen_daemon.audio.outputs", device]
    try:
        found = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=patience, check=False
        )
        return str(json.loads(found.stdout.splitlines()[-1]))
    except (subprocess.TimeoutExpired, OSError, ValueError, IndexError):
        return ""


def main(arguments: list[str]) -> int:
    """Print why there is no such output, as JSON."""
    try:
        find_output(arguments[0])
        reason = ""
    except OutputError as error:
        reason = str(error)
    sys.stdout.write(json.dumps(reason) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
