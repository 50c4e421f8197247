"""What to tell a user who may not read a log: the exact remedy.

Promises only what the file's own mode says; ACLs, SELinux and unreadable parent directories are left to sudo.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from pathlib import Path

from mxtop.hosts.rights import HERE
from mxtop.mail.errors import LogUnreadable


def unreadable(path: str, error: OSError) -> LogUnreadable:
    """The error for a log that could not be opened or read."""
    if isinstance(error, FileNotFoundError):
        step = "name one that is there, or this host's with `--log FILE` or `--log journal`"
        return LogUnreadable(f"{path}: no such file", step)
    if isinstance(error, IsADirectoryError):
        return LogUnreadable(f"{path} is a directory", "name a log file in it")
    if isinstance(error, PermissionError):
        group = _reading_group(path)
        remedy = HERE.by_group(group, user()) if group else HERE.root
        return LogUnreadable(f"{path}: permission denied", remedy)
    return LogUnreadable(f"{path}: {error.strerror or error}", "name another log")


def user() -> str:
    """The name of the user we run as."""
    uid = os.geteuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _reading_group(path: str) -> str | None:
    """The group that may read the file by its mode, unless it is root's own."""
    try:
        found = Path(path).stat()
        if found.st_gid == 0 or not found.st_mode & stat.S_IRGRP:
            return None
        return grp.getgrgid(found.st_gid).gr_name
    except (OSError, KeyError):
        return None
