"""The addresses that Postfix takes for its own: inet_interfaces and proxy_interfaces, expanded.

Rules from global/own_inet_addr.c.  Addresses that come and go later are not followed.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable

from mxtop.hosts.base import Host
from mxtop.mail.errors import CommandFailed
from mxtop.postfix.postconf import words


async def interfaces(host: Host) -> frozenset[str]:
    """Every address of the host's interfaces, by `ip`; without it none, as on a host where `ip` fails."""
    try:
        done = await host.run(["ip", "-j", "addr"], timeout=10.0)
        listed = json.loads(done.stdout or b"[]")
    except (CommandFailed, ValueError):
        return frozenset()
    return frozenset(
        info["local"] for link in listed for info in link.get("addr_info", ()) if "local" in info
    )


async def own(
    host: Host, inet_interfaces: str, proxy_interfaces: str, of_host: Iterable[str]
) -> frozenset[str]:
    """The addresses in canonical text; `of_host` what `interfaces` found."""
    found: set[str] = set()
    for word in (*words(inet_interfaces), *words(proxy_interfaces)):
        if word.lower() == "all":
            found.update(of_host)
        elif word.lower() == "loopback-only":
            found.update(address for address in of_host if ipaddress.ip_address(address).is_loopback)
        else:
            found.update(await _addresses(host, word))
    return frozenset(str(ipaddress.ip_address(address)) for address in found)


async def _addresses(host: Host, word: str) -> set[str]:
    """An address, with brackets or without, as itself; a name as the host's own resolver has it."""
    bare = word.strip("[]")
    if bare[:5].lower() == "ipv6:":
        bare = bare[5:]
    try:
        return {str(ipaddress.ip_address(bare))}
    except ValueError:
        pass
    if bare.startswith("-"):
        return set()
    try:
        done = await host.run(["getent", "ahosts", bare], timeout=10.0)
    except CommandFailed:
        return set()
    return {line.split()[0].partition("%")[0] for line in done.text.split("\n") if line.strip()}
