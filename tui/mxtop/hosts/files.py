"""What commands say about files, as stat(2) and open(2) would: GNU, busybox and BSD.

Reads the words of LC_ALL=C.  A message that is none of the known ones becomes an OSError without a number.
"""

from __future__ import annotations

import errno
import os
import re
from typing import Final

from mxtop.hosts.base import FileStat

_NUMBERS: Final = {
    os.strerror(number): number
    for number in (
        *(errno.ENOENT, errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.EIO),
        *(errno.ENAMETOOLONG, errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ETIMEDOUT),
    )
}
_GNU: Final = re.compile(r"g ([0-9a-f]+) (\d+) (-?[0-9.]+) (\d+) (\d+) (\d+) (\d+)\n")
_BSD: Final = re.compile(r"b ([0-7]+) (\d+) (-?[0-9.]+) (\d+) (\d+) (\d+) (\d+)\n")


def errno_of(complaint: str, path: str) -> OSError:
    """The OSError that a message such as `head: cannot open 'x': Permission denied` stands for."""
    for words, number in _NUMBERS.items():
        if complaint.strip().endswith(words):
            return OSError(number, words, path)
    return OSError(f"{path}: {complaint.strip() or 'cannot be read'}")


def stat_commands(path: str) -> list[list[str]]:
    """Command lines whose output `file_stat` understands; the first that does is right for the machine."""
    return [
        ["stat", "-L", "-c", "g %f %s %.9Y %i %d %u %g", "--", path],  # GNU; busybox without the fraction
        ["stat", "-L", "-f", "b %p %z %Fm %i %d %u %g", "--", path],
    ]


def file_stat(text: str) -> FileStat | None:
    found = _GNU.fullmatch(text) or _BSD.fullmatch(text)
    if found is None:
        return None
    mode, size, mtime, inode, device, uid, gid = found.groups()
    return FileStat(
        mode=int(mode, 16 if text.startswith("g") else 8),
        size=int(size),
        mtime=float(mtime),
        inode=int(inode),
        device=int(device),
        uid=int(uid),
        gid=int(gid),
    )
