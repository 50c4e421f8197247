"""The machine that a command is about: this one, or one over SSH, reached before anything is asked of it.

A host key that known_hosts(5) does not vouch for is refused, and nobody is asked for a password: what keeps
us out is an MxtopError with the next step.  (The screen asks: `mxtop.ui.connecting`.)  Loads an SSH library
only where a host is named.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from mxtop.hosts.base import Host
from mxtop.hosts.remote import SshHost
from mxtop.hosts.target import parse_target
from mxtop.report.terminal import narrate
from mxtop.report.where import Where

if TYPE_CHECKING:
    from mxtop.hosts.ssh import Bastions


@asynccontextmanager
async def reach(where: Where) -> AsyncIterator[Host]:
    """The machine, connected.  HostDown, NeedsAuthentication, a HostKeyTrouble, BadTarget."""
    if where.word is None:
        from mxtop.hosts.local import LocalHost

        yield LocalHost()
        return
    async with await connected(where) as host:
        yield host


async def connected(where: Where, bastions: Bastions | None = None) -> SshHost:
    """A connection to close; first what it leaves out of ssh_config(5), on stderr.

    Hosts that share `bastions` share their connections to jump hosts.
    """
    from mxtop.hosts.connect import ssh_host
    from mxtop.hosts.sshconfig import warnings

    target = parse_target(where.word or "")
    if where.ssh_command is None:
        for warning in await warnings(target):
            narrate(f"mxtop: {warning}")
    host = ssh_host(target, bastions=bastions, command=where.ssh_command)
    await host.connect()
    return host
