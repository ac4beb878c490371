"""The address table as Markdown: `python -m audiogen_daemon.control.document > docs/osc.md`."""

import sys

from audiogen_daemon.control.addresses import ANSWERS, help_rows
from audiogen_daemon.settings import PARAMETERS

_HEAD = """# OSC addresses

Made from the table in `audiogen_daemon/control/addresses.py`; `/help` answers the same.

The daemon listens on UDP 127.0.0.1:11010 and sends to the configured `osc.notify` hosts (127.0.0.1:11011), to
subscribers, and direct answers also to the port a message came from. Numbers may arrive as integer, float, numeric
text, True or False. Letting a button go (a trailing 0 or False) is ignored on every address marked *button*; a
trailing 1.0 or True is its press. A message that is refused is answered by `/error address reason`.
"""


def markdown() -> str:
    """Return the document."""
    from audiogen_daemon.control.addresses import ROWS

    lines = [_HEAD, "## To the daemon", "", "| address | arguments | meaning | |", "|---|---|---|---|"]
    for path, arguments, text in help_rows():
        lines.append(f"| `{path}` | {_cell(arguments)} | {_cell(text)} | {'button' if ROWS[path].trigger else ''} |")
    lines += ["", "## Settings", "", "`/set/NAME value`, `/get/NAME`, or pairs after a prompt in `/generate`.", ""]
    lines += ["| name | accepts | meaning |", "|---|---|---|"]
    lines += [f"| `{p.name}` | {_cell(p.accepts)} | {_cell(p.help)} |" for p in PARAMETERS.values()]
    lines += ["", "## From the daemon", "", "| address | arguments | meaning |", "|---|---|---|"]
    lines += [f"| `{path}` | {_cell(arguments)} | {_cell(text)} |" for path, arguments, text in ANSWERS]
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(markdown())
