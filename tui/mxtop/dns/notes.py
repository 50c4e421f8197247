"""What an admin should know about an answer: the sentences of `Answer.warnings`.

Names come from DNS as printable ASCII (see `names.text`).  Nothing here says that mail cannot
be delivered; `mxtop.route` does.
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final, Literal

from mxtop.dns.wire import RdType, Reply
from mxtop.mail.answer import MxHost
from mxtop.mail.nexthop import is_hostname
from mxtop.mail.settings import Transport

MAX_HOSTS: Final = 100  # whose addresses are asked for: Postfix's own list ends at 100 records
_FAILED: Final = ("servfail", "timeout", "refused")
_SITE_ONLY: Final = tuple(
    ipaddress.ip_network(text)
    for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "fc00::/7", "fe80::/10")
)


def literal_family(host: str) -> Literal["ipv4", "ipv6"] | None:
    """The family of a numeric host name; None where it is not one."""
    try:
        return "ipv4" if ipaddress.ip_address(host).version == 4 else "ipv6"
    except ValueError:
        return None


def of_settings(transport: Transport) -> Iterator[str]:
    """Where the transport's settings make Postfix see other addresses than DNS has."""
    if transport.smtp_dns_support_level == "disabled" or "dns" not in transport.smtp_host_lookup:
        yield f"{transport.service} takes addresses from the hosts file, not from DNS"
    if transport.smtp_dns_reply_filter:
        yield f"smtp_dns_reply_filter = {transport.smtp_dns_reply_filter} may drop some of these records"


def of_set(first: tuple[str, RdType], reply: Reply, null: bool) -> Iterator[str]:
    """About the MX or SRV reply itself; `first` is what was asked."""
    name, rdtype = first
    yield from _failure(name, rdtype, reply)
    if reply.status != "ok":
        return
    if reply.cname is not None:
        yield f"{name} is an alias of {reply.cname}"
    roots = [record for record in reply.records if record.value == "."]
    if roots and rdtype == "MX":
        if len(reply.records) > len(roots):
            outcome = "Postfix bounces all mail" if null else "this Postfix skips the null MX"
            yield f"{name} has a null MX beside other MX hosts: {outcome}"
        elif not null:
            yield f"{name} has a null MX, which Postfix knows from version 3.0 on"
        if any(record.preference != 0 for record in roots):
            yield f"the null MX of {name} has a preference other than 0 (RFC 7505 section 3)"
    counts = Counter((record.value.lower(), record.port) for record in reply.records)
    for (host, _), times in counts.items():
        if times > 1:
            yield f"{host} is listed {times} times: each counts"
    if len(counts) > MAX_HOSTS:
        yield f"{name} has {len(counts)} hosts: addresses of the first {MAX_HOSTS} only"


def of_host(host: MxHost, replies: Mapping[RdType, Reply], from_mx: bool) -> Iterator[str]:
    """About one host; `from_mx` where an MX record names it."""
    name = host.host
    if from_mx:
        yield from _of_mx_name(host)
    for rdtype, reply in replies.items():
        yield from _failure(name, rdtype, reply)
    failed = [rdtype for rdtype, reply in replies.items() if reply.status in _FAILED]
    fine = [rdtype for rdtype, reply in replies.items() if reply.status == "ok"]
    if failed and fine:
        yield (f"Postfix uses the {fine[0]} records of {name} alone and does not log that {failed[0]} failed")
    for address in host.addresses:
        yield from _of_address(name, address.address)


def _of_mx_name(host: MxHost) -> Iterator[str]:
    name = host.host
    if literal_family(name) is not None:
        yield f"MX {name} is an address, not a name (RFC 5321 section 5.1): Postfix takes it, others do not"
    elif name.lower() in ("localhost", "localhost.localdomain"):
        yield f"MX {name}: mail for the domain goes to the sending host itself"
    elif not is_hostname(name) and name != ".":
        yield f"MX {name} is not a host name: Postfix skips it"
    elif name.lower().endswith(".msv1.invalid"):
        yield f"MX {name} only proves ownership to Microsoft 365: it has no address"
    if host.cname is not None:
        yield f"MX {name} is an alias of {host.cname} (against RFC 2181 section 10.3); logs show the alias"


def _of_address(name: str, text: str) -> Iterator[str]:
    address = ipaddress.ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    if mapped is not None:
        yield f"AAAA {text} of {name} is an IPv4-mapped address: nothing can connect to it over IPv6"
    elif address.is_loopback or address.is_unspecified:
        yield f"{text} of {name} is the sending host itself"
    elif any(address in network for network in _SITE_ONLY if network.version == address.version):
        yield f"{text} of {name} is not reachable from the internet"


def _failure(name: str, rdtype: RdType, reply: Reply) -> Iterator[str]:
    if reply.status in _FAILED:
        yield f"{rdtype} of {name}: {reply.status}" + (f" ({reply.detail})" if reply.detail else "")
    elif reply.detail:
        yield f"{rdtype} of {name}: {reply.detail}"
