"""`audiogen-daemon doctor`: what works here, what does not, and what to do about it."""

import argparse
import dataclasses
import json

from audiogen_daemon import config as configuration
from audiogen_daemon import doctor


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--json", action="store_true", help="print as JSON")


def run(options: argparse.Namespace) -> int:
    """Print each check; 0 when nothing is broken."""
    checks = doctor.examine(configuration.load(options.config, options.set))
    if options.json:
        print(json.dumps([dataclasses.asdict(check) for check in checks]))
    else:
        for check in checks:
            mark = {True: "ok  ", False: "FAIL", None: "note"}[check.ok]
            print(f"{mark} {check.name}: {check.found}")
            if check.cure and check.ok is not True:
                print(f"     → {check.cure}")
    return 0 if doctor.healthy(checks) else 1
