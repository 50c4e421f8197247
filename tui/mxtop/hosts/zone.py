"""The time zone in which another machine writes its log.

The rule in /etc/localtime, which syslog daemons and postlogd(8) go by; where it cannot be read, the offset of
this moment.  Does not know of a TZ that a daemon was started with.
"""

from __future__ import annotations

import re
from typing import Final

from mxtop.hosts.base import Host
from mxtop.hosts.errors import HostDown
from mxtop.mail.errors import CommandFailed
from mxtop.mail.zone import rule_of

_OFFSET: Final = re.compile(r"([+-])([01]\d|2[0-3])([0-5]\d)", re.A)


async def zone(host: Host) -> str:
    """That machine's, as `mxtop.mail.zone` has it; "" where it does not say.  HostDown."""
    try:
        if rule := rule_of(await host.read_file("/etc/localtime")):
            return rule
    except HostDown:
        raise
    except (OSError, CommandFailed):
        pass
    try:
        said = _OFFSET.fullmatch((await host.run(["date", "+%z"])).text.strip())
    except HostDown:
        raise
    except CommandFailed:
        return ""
    if said is None:
        return ""
    sign, hours, minutes = said.groups()
    east = "-" if sign == "+" else "+"  # POSIX counts the other way
    return f"<{sign}{hours}{minutes}>{east}{hours}:{minutes}"
