"""The entry point: what it sets before anything is loaded."""

from __future__ import annotations

import subprocess
import sys


def test_no_time_of_the_start_goes_into_garbage_collection() -> None:
    script = (
        "import gc, sys; sys.argv = ['mxtop', '--version']\n"
        "from mxtop.__main__ import run\n"
        "try: run()\n"
        "except SystemExit: pass\n"
        "print(gc.isenabled(), 'textual' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines()[-1] == "False False"
