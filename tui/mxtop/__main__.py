"""`python -m mxtop` and the `mxtop` command."""

from __future__ import annotations

import sys


def run() -> int:
    """Run the command line; returns the exit code.  A closed pipe ends quietly, Ctrl-C with 130."""
    from mxtop.cli import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
