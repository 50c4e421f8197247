"""Which transport and next hop Postfix chooses for a destination, and what made it choose so.

The rules of trivial-rewrite(8): resolve.c for the class of a domain, transport.c for transport_maps.  What
cleanup(8) makes of an address before them is `mxtop.postfix.rewriting`'s.  For a bare domain, entries for
single users do not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

from mxtop.hosts.base import Host
from mxtop.mail import nexthop
from mxtop.mail.errors import CommandFailed
from mxtop.mail.settings import Route, Settings, Transport
from mxtop.postfix import matchlist, postconf, rewriting, senders
from mxtop.postfix.destination import Destination, parse
from mxtop.postfix.tables import Key, Tables, without_extension

Class = Literal["local", "virtual_alias", "virtual_mailbox", "relay", "default"]

_TRANSPORT: Final[Mapping[Class, str]] = {
    "local": "local_transport",
    "virtual_mailbox": "virtual_transport",
    "relay": "relay_transport",
    "default": "default_transport",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """A transport with its next hop as text, and the parameter that named the next hop."""

    transport: str
    next_hop: str
    source: str


async def route(host: Host, settings: Settings, destination: str) -> Route:
    """The route of a domain, an address, or a next hop (`[host]:587`), which is used as it is.

    ValueError where it is none of them.  Where a table cannot be asked, `reason` says why, `transport` is ""
    and there are no next hops.  A transport that is not an SMTP client has no next hops either.  An address
    that is rewritten has the route of what it becomes; where that is several with routes of their own,
    `transport` is "" and `cases` has them.
    """
    target = parse(destination)
    if target.hop is not None:
        transport = settings.values.get("default_transport", "smtp").partition(":")[0]
        return finished(settings, target, Choice(transport, str(target.hop), "as given"))
    tables = Tables(host, settings.config_directory)
    try:
        if target.local_part is None:
            return await _resolved(host, tables, settings, target)
        return await _rewritten(host, tables, settings, target)
    except (CommandFailed, OSError) as problem:
        return Route(destination=target.domain, transport="", reason=f"not known: {problem}")


async def _rewritten(host: Host, tables: Tables, settings: Settings, target: Destination) -> Route:
    became = await rewriting.rewritten(host, tables, settings, target.address)
    if not became.by:
        return await _resolved(host, tables, settings, target)
    said = f"{' and '.join(became.by)}: {target.address} becomes {', '.join(became.addresses)}"
    routes = [await _resolved(host, tables, settings, parse(one)) for one in became.addresses]
    if all(replace(one, destination="") == replace(routes[0], destination="") for one in routes):
        return replace(routes[0], rewritten=said)
    cases = tuple(zip(became.addresses, routes))
    return Route(destination=target.domain, transport="", cases=cases, rewritten=said)


async def _resolved(host: Host, tables: Tables, settings: Settings, target: Destination) -> Route:
    kind = await _class(host, tables, settings, target.domain)
    moved = await _relocated(tables, settings, target)
    entry = None if kind == "virtual_alias" else await _transport_entry(tables, settings, target)

    def chosen(sender_transport: str | None, sender_relayhost: str | None) -> Route:
        choice = _by_class(settings, kind, target, sender_transport, sender_relayhost)
        if entry is not None:
            choice = _overridden(choice, entry, target)
        if moved is not None:
            choice = Choice("error", f"5.1.6 User has moved to {moved}", "relocated_maps")
        return finished(settings, target, choice)

    base = chosen(None, None)
    if kind == "virtual_alias" and target.local_part is None:
        said = "a virtual alias domain: each address goes where virtual_alias_maps says"
        return replace(base, source="virtual_alias_maps", reason=said)
    if kind not in ("relay", "default"):
        return base
    return await _by_sender(tables, settings, kind, base, chosen)


async def _class(host: Host, tables: Tables, settings: Settings, domain: str) -> Class:
    """The address class of a domain: ADDRESS_CLASS_README, in the order of resolve.c."""

    def listed_in(parameter: str) -> str:
        return settings.values.get(parameter, "")

    async def matches(parameter: str) -> bool:
        return await matchlist.matches(host, tables, listed_in(parameter), domain)

    if await matches("mydestination") or domain.strip("[]").removeprefix("ipv6:") in settings.own_addresses:
        return "local"
    if await matches("virtual_alias_domains"):
        return "virtual_alias"
    if await matches("virtual_mailbox_domains"):
        return "virtual_mailbox"
    parents = parents_match(settings, "relay_domains")
    if await matchlist.matches(
        host, tables, listed_in("relay_domains"), domain, subdomains=True, parents=parents
    ):
        return "relay"
    return "default"


def parents_match(settings: Settings, parameter: str) -> bool:
    """Whether a plain domain in that list stands for its subdomains too."""
    return parameter in postconf.words(settings.values.get("parent_domain_matches_subdomains", ""))


def _by_class(
    settings: Settings,
    kind: Class,
    target: Destination,
    sender_transport: str | None,
    sender_relayhost: str | None,
) -> Choice:
    """What main.cf says for a class, before transport_maps; None: no entry for the sender."""
    if kind == "virtual_alias":
        return Choice("error", "5.1.1 User unknown in virtual alias table", "virtual_alias_domains")
    parameter = _TRANSPORT[kind]
    named = settings.values.get(parameter, "smtp")
    choice = Choice("", target.domain, "recipient domain")
    if kind in ("relay", "default"):
        relayhost = settings.values.get("relayhost", "")
        if sender_relayhost is not None:
            choice = Choice("", sender_relayhost, "sender_dependent_relayhost_maps")
        elif relayhost:
            choice = Choice("", relayhost, "relayhost")
    if kind == "default" and sender_transport is not None:
        parameter, named = "sender_dependent_default_transport_maps", sender_transport
    transport, _, explicit = named.partition(":")
    if explicit:
        return Choice(transport, explicit, parameter)
    return replace(choice, transport=transport)


async def _transport_entry(tables: Tables, settings: Settings, target: Destination) -> str | None:
    """The entry of transport_maps, `transport:nexthop`, by the search order of transport(5)."""
    maps = settings.values.get("transport_maps", "")
    if not maps:
        return None
    keys = [Key(target.address, "pattern" if target.local_part is None else "any"), *_bare(settings, target)]
    parents = parents_match(settings, "transport_maps")
    names = [target.domain, *matchlist.above(target.domain, parents=parents)]
    keys += [Key(name, "indexed") for name in names]
    return await tables.first(maps, [*keys, Key("*")])


def _overridden(choice: Choice, entry: str, target: Destination) -> Choice:
    """A choice after an entry of transport_maps: transport.c update_entry()."""
    transport, _, hop = entry.partition(":")
    if not transport:
        return Choice(choice.transport, hop, "transport_maps") if hop else choice
    if not hop:
        hop = "Address is undeliverable" if transport == "error" else target.domain
    return Choice(transport, hop, "transport_maps")


async def _relocated(tables: Tables, settings: Settings, target: Destination) -> str | None:
    """Where the recipient has moved to (relocated(5)); the keys of mail_addr_find.c for no local domain."""
    maps = settings.values.get("relocated_maps", "")
    if not maps:
        return None
    keys = [Key(target.address), *_bare(settings, target)] if target.local_part is not None else []
    return await tables.first(maps, [*keys, Key(f"@{target.domain}", "indexed")])


def _bare(settings: Settings, target: Destination) -> list[Key]:
    """The address without its extension, where it has one."""
    bare = without_extension(target.local_part or "", settings.values.get("recipient_delimiter", ""))
    return [Key(f"{bare}@{target.domain}", "indexed")] if bare is not None else []


async def _by_sender(
    tables: Tables,
    settings: Settings,
    kind: Class,
    base: Route,
    chosen: Callable[[str | None, str | None], Route],
) -> Route:
    """The route of everybody, with the cases of those senders that have a route of their own."""
    known = await senders.known(tables, settings, default_class=kind == "default")
    if known.problem:
        # Nothing is left to the sender where transport_maps decides transport and next hop alike.
        if chosen("?:?", "?") == base:
            return base
        return replace(base, by_sender=True, reason=known.problem)
    cases = tuple((who, chosen(transport, relayhost)) for who, transport, relayhost in known.cases)
    if all(one == base for _, one in cases):
        return base
    parameters = " and ".join(known.parameters)
    return replace(base, by_sender=True, cases=cases, reason=f"{parameters}: the sender decides")


def finished(settings: Settings, target: Destination, choice: Choice) -> Route:
    """The choice as a route: the list of next hops, with names as A-labels, and the fallback relays."""
    made = Route(destination=target.domain or target.text, transport=choice.transport, source=choice.source)
    transport = settings.transports.get(choice.transport)
    if transport is None:
        return replace(made, reason=f"{choice.transport} is not an SMTP client: {choice.next_hop}")
    if transport.command == "lmtp":
        return _by_lmtp(made, choice.next_hop, transport)
    lists = postconf.version(settings.mail_version) >= (3, 5)
    hops = nexthop.sites(choice.next_hop) if lists else (choice.next_hop,)
    try:
        return replace(
            made,
            next_hops=tuple(str(nexthop.parse(hop)) for hop in hops),
            fallback=tuple(str(nexthop.parse(hop)) for hop in nexthop.sites(transport.smtp_fallback_relay)),
        )
    except ValueError as problem:
        return replace(made, reason=f"{choice.transport} refuses its next hop: {problem}")


def _by_lmtp(made: Route, hop: str, transport: Transport) -> Route:
    """LMTP knows no MX: `[host]`, `host` and `inet:host` all mean that host (smtp_connect.c).

    Only SRV (3.8) tells them apart: it is for names without brackets.
    """
    kind, _, rest = hop.partition(":")
    if kind == "unix":
        return replace(made, reason=f"LMTP to the UNIX-domain socket {rest}")
    try:
        parsed = nexthop.parse(rest if kind == "inet" else hop)
    except ValueError as problem:
        return replace(made, reason=f"{made.transport} refuses its next hop: {problem}")
    srv = (parsed.port or transport.smtp_tcp_port) in transport.use_srv_lookup
    return replace(made, next_hops=(str(replace(parsed, literal=parsed.literal or not srv)),))
