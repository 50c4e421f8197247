"""The machine that a command is about: this one, or one over SSH, reached before anything is asked of it.

A host key that known_hosts(5) does not vouch for is refused (but see `settle`), and nobody is asked for a
password: what keeps us out is an MxtopError with the next step.  Loads an SSH library only where a host is
named.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from mxtop.hosts.base import Host
from mxtop.hosts.errors import UnknownHostKey
from mxtop.hosts.remote import SshHost
from mxtop.hosts.target import parse_target
from mxtop.hosts.trust import accept
from mxtop.report.terminal import ask, narrate, somebody
from mxtop.report.where import Where


@asynccontextmanager
async def reach(where: Where) -> AsyncIterator[Host]:
    """The machine, connected.  HostDown, NeedsAuthentication, a HostKeyTrouble, BadTarget."""
    if where.word is None:
        from mxtop.hosts.local import LocalHost

        yield LocalHost()
        return
    async with await connected(where) as host:
        yield host


async def settle(where: Where) -> None:
    """See before a screen opens that the host can be reached; a person may accept a key that is unknown.

    Then it is added to their known_hosts.  As `reach` where they do not, or their StrictHostKeyChecking is
    `yes`; OSError where it cannot be added.
    """
    try:
        host = await connected(where)
    except UnknownHostKey as error:
        if not (somebody() and await _may_ask(where) and await _accepted(error)):
            raise
        accept(error)
        host = await connected(where)
    await host.close()


async def _may_ask(where: Where) -> bool:
    from mxtop.hosts.sshconfig import effective

    found = await effective(parse_target(where.word or ""))
    return found.get("stricthostkeychecking") not in ("yes", "true")


async def _accepted(unknown: UnknownHostKey) -> bool:
    narrate(f"{unknown.title}")
    narrate("Compare the fingerprint with the machine's own: somebody else may be answering in its place.")
    answer = await ask(f"Is it the same, and shall it be kept in {unknown.file}? [y/N]")
    return answer.lower() in ("y", "yes")


async def connected(where: Where) -> SshHost:
    """A connection to close; first what it leaves out of ssh_config(5), on stderr."""
    from mxtop.hosts.connect import ssh_host
    from mxtop.hosts.sshconfig import warnings

    target = parse_target(where.word or "")
    if where.ssh_command is None:
        for warning in await warnings(target):
            narrate(f"mxtop: {warning}")
    host = ssh_host(target, command=where.ssh_command)
    await host.connect()
    return host
