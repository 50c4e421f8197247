"""The settings of one Postfix instance, as far as they decide where mail goes.

Values only; `mxtop.postfix` reads them.  A setting that this Postfix version does not
know is None (2.11 has no smtp_balance_inet_protocols).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Literal

from mxtop.mail.value import named, value

Preference = Literal["any", "ipv4", "ipv6"]
PREFERENCES: tuple[Preference, ...] = ("any", "ipv4", "ipv6")


@value
class Override:
    """A `-o parameter=value` of a master.cf service: it wins over main.cf for that service."""

    service: str  # "relay" (the first field of the master.cf line)
    parameter: str
    value: str


@named
class Transport:
    """How one smtp(8) service of master.cf behaves: main.cf and its own -o overrides together.

    Defaults are Postfix 3.7's.  Times in seconds.
    """

    service: str = "smtp"
    command: str = "smtp"  # the daemon: smtp, lmtp, local, pipe, …
    chroot: bool = False
    inet_protocols: tuple[str, ...] = ("ipv4", "ipv6")  # the families enabled: never empty
    smtp_address_preference: str = "any"  # as configured: an invalid value is kept
    smtp_mx_address_limit: int = 5
    smtp_mx_session_limit: int = 2
    smtp_balance_inet_protocols: bool | None = True  # None: before 3.3
    smtp_randomize_addresses: bool = True
    smtp_host_lookup: tuple[str, ...] = ("dns",)
    smtp_dns_support_level: str = ""
    smtp_tcp_port: str = "smtp"
    smtp_fallback_relay: str = ""
    smtp_connect_timeout: float = 30.0
    smtp_bind_address: str = ""
    smtp_bind_address6: str = ""
    use_srv_lookup: tuple[str, ...] = ()  # services (3.8+)
    allow_srv_lookup_fallback: bool = False
    ignore_srv_lookup_error: bool = False
    ignore_mx_lookup_error: bool = False
    smtp_defer_if_no_mx_address_found: bool = False
    smtp_dns_reply_filter: str = ""
    smtp_connection_cache_on_demand: bool = True
    smtp_connection_cache_destinations: str = ""


@named
class Settings:
    """One instance.

    `values` are effective main.cf values as `postconf -xh NAME` prints them;
    `transports` the smtp(8) and lmtp(8) services by name.
    """

    config_directory: str = "/etc/postfix"
    mail_version: str = ""
    myhostname: str = ""
    syslog_name: str = "postfix"
    syslog_names: tuple[str, ...] = ("postfix",)  # syslog_name and every -o syslog_name= of master.cf
    queue_directory: str = "/var/spool/postfix"
    daemon_directory: str = ""
    maillog_file: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    transports: Mapping[str, Transport] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    own_addresses: frozenset[str] = frozenset()  # inet_interfaces and proxy_interfaces, expanded
    local_domains: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()  # what to tell the admin, e.g. a chroot's resolv.conf that differs

    def transport(self, service: str) -> Transport:
        """The transport of that name; smtp's own where it is not a service of master.cf."""
        return self.transports.get(service) or self.transports.get("smtp") or Transport()


@named
class Route:
    """Where mail for one destination goes, before DNS: the transport service and the next hop.

    `next_hops` as Postfix writes them (`example.org`, `[host]`, `[host]:587`), tried in turn;
    `by_sender` is True where a sender-dependent map may decide otherwise: then `cases` holds one
    (who, route) for each known sender or domain, and `reason` says so in words.
    """

    destination: str
    transport: str = "smtp"
    next_hops: tuple[str, ...] = ()
    fallback: tuple[str, ...] = ()
    source: str = ""  # what decided: "transport_maps", "relayhost", "default_transport", "recipient domain"
    by_sender: bool = False
    cases: tuple[tuple[str, Route], ...] = ()
    reason: str = ""
    rewritten: str = ""  # what cleanup(8) makes of the address first, and by which parameter
