"""The remedy for a log that may not be read, seen by a user who may not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import asyncio, os, sys
from mxtop.mail.errors import LogUnreadable
from mxtop.sources.file import Follower
from mxtop.sources.history import plan, read
os.setgroups([]); os.setgid(65534); os.setuid(65534)  # imports before: Python itself may be root's own
async def follow(): await anext(Follower(sys.argv[1]).batches())
for attempt in (lambda: asyncio.run(follow()), lambda: plan(sys.argv[1]), lambda: list(read(sys.argv[1]))):
    try: attempt()
    except LogUnreadable as error: print(error)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")
@pytest.mark.parametrize(("mode", "gid"), [(0o640, 4), (0o600, 4), (0o640, 0)])
def test_the_remedy_names_the_group_that_may_read(mode: int, gid: int) -> None:
    log = Path(f"/tmp/mxtop-test-{os.getpid()}.log")
    log.touch()
    os.chown(log, 0, gid)
    log.chmod(mode)
    try:
        out = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(log)], stdout=subprocess.PIPE, text=True, timeout=20
        )
    finally:
        log.unlink()
    said = out.stdout.splitlines()
    assert len(said) == 3 and len(set(said)) == 1
    assert said[0].startswith(f"{log}: permission denied; run `sudo mxtop`")
    assert ("`sudo usermod -aG adm nobody`" in said[0]) == (mode == 0o640 and gid == 4)
