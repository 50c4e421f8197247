"""How each smtp(8) and lmtp(8) service of master.cf behaves: main.cf and its own -o together.

As smtp(8) reads them (smtp/smtp.c, smtp_params.c, lmtp_params.c): an lmtp service reads `lmtp_…` where an
smtp service reads `smtp_…`.  Does not follow an `-o` that redefines a macro which main.cf uses in another
value.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from mxtop.mail.settings import Override, Transport
from mxtop.postfix.postconf import Service, number, seconds, version, words, yes

CLIENTS = ("smtp", "lmtp")


def build(
    services: Iterable[Service], overrides: Iterable[Override], values: Mapping[str, str]
) -> dict[str, Transport]:
    """The transports by service name.

    Of `services` those that deliver by SMTP or LMTP; `overrides` of unix services; `values` main.cf's.
    Where master.cf has none (or could not be read) `smtp` is there all the same, from main.cf alone.
    """
    own: dict[str, dict[str, str]] = {}
    for override in overrides:
        own.setdefault(override.service, {})[override.parameter] = override.value
    made = {
        service.name: transport(service, {**values, **own.get(service.name, {})})
        for service in services
        if service.type == "unix" and service.command in CLIENTS
    }
    return made or {"smtp": transport(Service("smtp", "unix", "n", "smtp"), values)}


def transport(service: Service, values: Mapping[str, str]) -> Transport:
    """One service; `values` with its overrides applied."""
    default = Transport()
    smtp = service.command == "smtp"

    def get(name: str) -> str | None:
        return values.get(name if smtp else name.replace("smtp_", "lmtp_", 1))

    balance = get("smtp_balance_inet_protocols")
    return Transport(
        service=service.name,
        command=service.command,
        chroot=chrooted(service.chroot, values),
        inet_protocols=families(values.get("inet_protocols", "all")),
        # Only before 2.8 is there no such parameter: IPv6 first was hard-wired there (smtp_addr.c).
        smtp_address_preference=_or(get("smtp_address_preference"), "ipv6"),
        smtp_mx_address_limit=number(get("smtp_mx_address_limit"), default.smtp_mx_address_limit),
        smtp_mx_session_limit=number(get("smtp_mx_session_limit"), default.smtp_mx_session_limit),
        smtp_balance_inet_protocols=None if balance is None else yes(balance, True),
        smtp_randomize_addresses=yes(get("smtp_randomize_addresses"), default.smtp_randomize_addresses),
        smtp_host_lookup=words(_or(get("smtp_host_lookup"), "dns")),
        smtp_dns_support_level=_support_level(get("smtp_dns_support_level"), values),
        smtp_tcp_port=_or(get("smtp_tcp_port"), "smtp" if smtp else "24"),
        smtp_fallback_relay=_or(get("smtp_fallback_relay"), ""),
        smtp_connect_timeout=seconds(get("smtp_connect_timeout"), default.smtp_connect_timeout),
        smtp_bind_address=_or(get("smtp_bind_address"), ""),
        smtp_bind_address6=_or(get("smtp_bind_address6"), ""),
        use_srv_lookup=words(values.get("use_srv_lookup", "")),
        allow_srv_lookup_fallback=yes(values.get("allow_srv_lookup_fallback"), False),
        ignore_srv_lookup_error=yes(values.get("ignore_srv_lookup_error"), False),
        ignore_mx_lookup_error=yes(values.get("ignore_mx_lookup_error"), False),
        smtp_defer_if_no_mx_address_found=yes(get("smtp_defer_if_no_mx_address_found"), False),
        smtp_dns_reply_filter=_or(get("smtp_dns_reply_filter"), ""),
        smtp_connection_cache_on_demand=yes(get("smtp_connection_cache_on_demand"), True),
        smtp_connection_cache_destinations=_or(get("smtp_connection_cache_destinations"), ""),
    )


def _or(value: str | None, default: str) -> str:
    return default if value is None else value


def _support_level(value: str | None, values: Mapping[str, str]) -> str:
    """smtp_dns_support_level; where it is empty, what disable_dns_lookups makes of it."""
    if value:
        return value
    return "disabled" if yes(values.get("disable_dns_lookups"), False) else ""


def families(inet_protocols: str) -> tuple[str, ...]:
    """The families that inet_protocols enables, IPv4 first whatever its order (util/inet_proto.c).

    Both where the value is not one that Postfix takes: then no Postfix program runs at all.
    """
    named = {word.lower() for word in words(inet_protocols)}
    found = tuple(family for family in ("ipv4", "ipv6") if family in named)
    return ("ipv4", "ipv6") if "all" in named or not found else found


def chrooted(column: str, values: Mapping[str, str]) -> bool:
    """The chroot column of master.cf: `-` is yes before 3.0 and with compatibility_level 0 (master_ent.c)."""
    if column in ("y", "n"):
        return column == "y"
    level = re.match(r"\d+", values.get("compatibility_level", "0"))
    return version(values.get("mail_version", "")) < (3, 0) or level is None or int(level[0]) < 1
