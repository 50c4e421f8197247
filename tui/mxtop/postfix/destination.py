"""What a user names as a destination: a domain, an address, or a next hop as Postfix writes it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from mxtop.mail import nexthop


@dataclass(frozen=True, slots=True)
class Destination:
    """`local_part` None where only a domain was named; `hop` set where a next hop was."""

    text: str
    domain: str = ""
    local_part: str | None = None
    hop: nexthop.NextHop | None = None

    @property
    def address(self) -> str:
        """The recipient to look up; for a bare domain one that every domain has (RFC 5321 section 4.5.1)."""
        return f"{'postmaster' if self.local_part is None else self.local_part}@{self.domain}"


def parse(text: str) -> Destination:
    """A destination.  ValueError where Postfix would not take it; a final dot is dropped as Postfix does."""
    text = text.strip()
    if not text.isprintable():
        raise ValueError(f"not a domain: {text!r}")
    local_part, at, domain = text.rpartition("@")
    if at:
        domain = domain.removesuffix(".").lower()
        if not domain.startswith("[") and not nexthop.is_hostname(nexthop.a_label(domain)):
            raise ValueError(f"bad address syntax: {text!r}")
        if domain.startswith("["):
            nexthop.parse(domain)
        return Destination(text, domain, local_part)
    try:
        return Destination(text, hop=nexthop.NextHop(str(ipaddress.ip_address(text)), literal=True))
    except ValueError:
        pass
    if text.startswith("[") or ":" in text:
        return Destination(text, hop=nexthop.parse(text))
    domain = text.removesuffix(".").lower()
    nexthop.parse(domain)
    return Destination(text, domain)
