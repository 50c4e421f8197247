"""`python -m mxtop` and the `mxtop` command."""

from __future__ import annotations

import gc
import os
import sys


def run() -> int:
    """Run the command line; returns the exit code.  A closed pipe ends quietly, Ctrl-C with 130."""
    # A stream that the caller closed (`>&-`) is nothing to read, and nobody who reads; lowest number first.
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode))
    # What is made at the start stays, and a report makes no cycles: looking for garbage would be a fifth
    # of the time to the first screen.  The screen begins to look once it stands (`ui.app`).
    gc.disable()
    from mxtop.cli import main

    return main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(run())
