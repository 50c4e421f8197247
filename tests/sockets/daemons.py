"""A process tree that looks like Postfix's: `master`, and children with the names and arguments of daemons.

Each child does what its code says and prints `ready` when it has its sockets; all end with the tree.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

MASTER = """
import json, os, signal, subprocess, sys
children = [
    subprocess.Popen([name, "-c", code, *arguments], executable=os.path.join(sys.argv[1], name), pass_fds=())
    for name, code, arguments in json.loads(sys.argv[2])
]
def end(*_):
    for child in children: child.kill()
    os._exit(0)
signal.signal(signal.SIGTERM, end)
sys.stdin.read()
end()
"""

SETUP = "import os, socket, sys, time\nheld = []\n"
READY = "\nopen(sys.argv[-1], 'w').close()\ntime.sleep(60)\n"


class Daemons:
    """`children`: (name, code, arguments) each; they are running, with their sockets, once this returns."""

    def __init__(
        self,
        directory: Path,
        children: Sequence[tuple[str, str, Sequence[str]]],
        *,
        prefix: Sequence[str] = (),
        cwd: Path | None = None,
    ) -> None:
        names = {"master", *(name for name, _, _ in children)}
        for name in names:  # the kernel names a process after the file it was started from
            (directory / name).symlink_to(os.path.realpath(sys.executable))
        marks = [directory / f"ready{number}" for number in range(len(children))]
        specification = [
            (name, SETUP + code + READY, [*arguments, str(mark)])
            for (name, code, arguments), mark in zip(children, marks)
        ]
        self._process = subprocess.Popen(
            [*prefix, str(directory / "master"), "-c", MASTER, str(directory), json.dumps(specification)],
            stdin=subprocess.PIPE,
            cwd=cwd,
        )
        deadline = time.monotonic() + 10
        while not all(mark.exists() for mark in marks):
            assert time.monotonic() < deadline, "a child did not come up"
            time.sleep(0.02)

    @property
    def pid(self) -> int:
        """Of the master."""
        return self._process.pid

    def close(self) -> None:
        self._process.send_signal(signal.SIGTERM)
        self._process.wait(timeout=10)
