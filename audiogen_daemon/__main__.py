"""`python -m audiogen_daemon`."""

import sys

from audiogen_daemon.cli import main

if __name__ == "__main__":
    sys.exit(main())
