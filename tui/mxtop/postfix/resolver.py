"""Which resolv.conf smtp(8) reads, and whether it is the one that everybody else reads.

A chrooted smtp(8) has the copy below $queue_directory, made at the last start; when it is stale, Postfix
and its admin resolve differently.  nsswitch.conf and hosts matter only with smtp_host_lookup = native and
are not compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mxtop.hosts.base import Host
from mxtop.mail.settings import Settings, Transport

RESOLV_CONF: Final = "/etc/resolv.conf"


@dataclass(frozen=True, slots=True)
class ResolverPlace:
    """`path` of the resolv.conf that counts; `warning` "" where all is well."""

    path: str
    warning: str = ""


def resolv_conf_path(settings: Settings, transport: Transport) -> str:
    """The resolv.conf that this transport's smtp(8) reads."""
    return f"{settings.queue_directory}{RESOLV_CONF}" if transport.chroot else RESOLV_CONF


async def resolver_place(host: Host, settings: Settings, transport: Transport) -> ResolverPlace:
    """The resolv.conf of a transport, compared with the host's own where it is another file."""
    path = resolv_conf_path(settings, transport)
    if path == RESOLV_CONF:
        return ResolverPlace(path)
    theirs, ours = await _meaning(host, path), await _meaning(host, RESOLV_CONF)
    if theirs == ours:
        return ResolverPlace(path)
    what = "is missing" if theirs is None else f"differs from {RESOLV_CONF}"
    return ResolverPlace(
        path,
        f"{path} {what}: chrooted smtp(8) resolves otherwise than this host does; "
        f"cp {RESOLV_CONF} {path}, then postfix reload",
    )


async def _meaning(host: Host, path: str) -> list[list[str]] | None:
    """The words of the file's lines without its comments; None where it cannot be read."""
    try:
        text = (await host.read_file(path)).decode("utf-8", "replace")
    except OSError:
        return None
    lines = (line.split() for line in text.split("\n"))
    return [line for line in lines if line and line[0][0] not in "#;"]
