"""What DNS says of one next hop: MX hosts and their addresses, as the mail host sees them.

Values only; `mxtop.dns` asks, `mxtop.route` reasons.  Order within an answer is the server's.
"""

from __future__ import annotations

from typing import Final, Literal

from mxtop.mail.value import named, value

LookupStatus = Literal["ok", "nodata", "nxdomain", "servfail", "timeout", "refused"]
"""The outcome of one query; `refused` covers NOTIMP and FORMERR too."""


@value
class Address:
    address: str
    family: Literal["ipv4", "ipv6"]
    ttl: int | None = None  # None for a literal


@named
class MxHost:
    """One MX host: addresses A first then AAAA, each in the order of the answer (smtp_addr.c)."""

    preference: int
    host: str
    cname: str | None = None  # the end of the alias chain, where the name is an alias
    ipv4: LookupStatus | None = None  # None: not asked (family not enabled)
    ipv6: LookupStatus | None = None
    addresses: tuple[Address, ...] = ()
    weight: int | None = None  # SRV only
    port: int | None = None  # SRV only


_WAYS: Final = {
    "": "",
    "stream": ", through a forwarded connection",
    "command": ", asked by a command there",
}


@value
class Viewpoint:
    """Whose eyes: the mail host, and the resolver it asks; `way` how another machine's is reached."""

    host: str
    resolver: str
    way: Literal["", "stream", "command"] = ""

    @property
    def asked(self) -> str:
        """The resolver, and by which way it is asked where that is not from here."""
        return self.resolver + _WAYS[self.way]


@named
class Answer:
    """All that was asked for one next hop.

    `mx_status` is the MX (or SRV) query's own outcome, None where none was asked ([host]).
    `hosts` are in DNS order; for an address lookup a single one with preference 0.
    """

    name: str  # the domain or host asked for, without brackets and port
    mode: Literal["mx", "host", "srv"] = "mx"
    mx_status: LookupStatus | None = None
    null_mx: bool = False
    hosts: tuple[MxHost, ...] = ()
    ttl: int | None = None  # of the MX RRset, seconds
    fetched: float = 0.0  # time.time() of the oldest part
    viewpoint: Viewpoint | None = None
    warnings: tuple[str, ...] = ()  # numeric MX, alias MX, duplicate, …
