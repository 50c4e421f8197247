"""What to tell a user who may not see something on a machine: be root there, or join the group that may.

Each `Host` has the words of its own: on another machine `sudo mxtop` here would help nobody.  Promises only
what a file's own mode says; ACLs, SELinux and closed directories are left to root.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mxtop.mail.errors import CommandFailed

if TYPE_CHECKING:
    from mxtop.hosts.base import FileStat, Host

_GROUP_READ: Final = 0o040


@dataclass(frozen=True, slots=True)
class Rights:
    """The words of one machine: `root` is how to be root on it, `place` where a command is to be given,
    `after` what makes a new group count.
    """

    root: str
    place: str
    after: str

    def by_group(self, group: str, user: str) -> str:
        """Root now, or the group that may read for good."""
        join = f"{self.place}`sudo usermod -aG {group} {user}`"
        return f"{self.root}, or join the group that may read it ({join}) and {self.after}"


HERE: Final = Rights("run `sudo mxtop`", "", "log in again")
THERE: Final = Rights("log in there as root", "there: ", "start mxtop again")


async def to_be_in(host: Host, group: str) -> str:
    """What helps where a group may read: its name as the host has it, the user's too."""
    try:
        user = (await host.run(["id", "-un"], timeout=10.0)).text.strip()
    except CommandFailed:
        user = ""
    return host.rights.by_group(group, user) if user else host.rights.root


async def to_read(host: Host, file: FileStat) -> str:
    """What helps the user to whom this file is closed."""
    if file.mode & _GROUP_READ and file.gid != 0:
        try:
            named = await host.run(["getent", "group", str(file.gid)], timeout=10.0)
        except CommandFailed:
            return host.rights.root
        if group := named.text.partition(":")[0]:
            return await to_be_in(host, group)
    return host.rights.root
