"""A remote host from a target; the one place that loads an SSH library, and only when it is called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mxtop.hosts.remote import SshHost
from mxtop.hosts.target import Target

if TYPE_CHECKING:
    from mxtop.hosts.login import Ask
    from mxtop.hosts.ssh import Bastions


def new_bastions() -> Bastions:
    """What hosts behind the same jump host share."""
    from mxtop.hosts.ssh import Bastions

    return Bastions()


def ssh_host(
    target: Target,
    *,
    config: Sequence[str] | None = None,
    ask: Ask | None = None,
    bastions: Bastions | None = None,
    connect_timeout: float | None = None,
    command: Sequence[str] | None = None,
) -> SshHost:
    """A host reached by asyncssh; nothing is connected yet.  The arguments: `mxtop.hosts.ssh.Dialer`.

    With `command`, an ssh program and its options, that program is the transport instead
    (`mxtop.hosts.openssh`), which reads its own configuration and asks nothing.
    """
    if command is not None:
        from mxtop.hosts.openssh import CONNECT_SECONDS, OpenSsh

        return SshHost(target, OpenSsh(target, command, connect_timeout=connect_timeout or CONNECT_SECONDS))
    from mxtop.hosts.ssh import Dialer

    dial = Dialer(target, config=config, ask=ask, bastions=bastions, connect_timeout=connect_timeout)
    return SshHost(target, dial, lambda: dial.at)
