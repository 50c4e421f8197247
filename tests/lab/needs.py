"""What keeps the lab from running on this machine, in words."""

from __future__ import annotations

import os
import shutil
from functools import cache
from pathlib import Path

PROGRAMS = (
    "dig",
    "ip",
    "nft",
    "nsd",
    "nsenter",
    "openssl",
    "postfix",
    "smtp-sink",
    "smtp-source",
    "ss",
    "tmux",
)


@cache
def missing() -> str:
    """The reason in one line; empty when nothing is missing."""
    if os.geteuid():
        return "not root (run `sudo make test`)"
    gone = [name for name in PROGRAMS if shutil.which(name) is None]
    if gone:
        return f"missing {', '.join(gone)} (run `make deps` as root)"
    if not Path("/proc/self/ns/net").exists():
        return "this kernel has no network namespaces"
    return ""
