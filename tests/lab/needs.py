"""What keeps the lab from running on this machine, in words."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache

PROGRAMS = (
    *("dig", "ip", "nft", "nsd", "nsenter", "openssl", "postfix", "rsyslogd"),
    *("ssh", "ssh-agent", "ssh-keygen", "sshd"),
    *("smtp-sink", "smtp-source", "ss", "sudo", "tmux", "unshare"),
)


@cache
def missing() -> str:
    """The reason in one line; empty when nothing is missing."""
    if os.geteuid():
        return "not root (run `sudo make test`)"
    gone = [name for name in PROGRAMS if shutil.which(name) is None]
    if gone:
        return f"missing {', '.join(gone)} (run `make deps` as root)"
    if subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, timeout=10).returncode:
        return "no network namespaces may be made here"
    return ""
