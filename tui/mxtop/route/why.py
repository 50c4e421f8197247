"""One plain sentence for an admin: why mail goes this way, or why it cannot go.

Names in the sentence are raw text from DNS and the settings: clean them before showing.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from mxtop.mail.settings import Override, Preference, Route, Transport
from mxtop.mail.value import named
from mxtop.route.features import Features
from mxtop.route.site import FAILED, Site, lookups, uses_dns

WORDS = {"ipv4": "IPv4", "ipv6": "IPv6"}
_RECORD = {"ipv4": "A", "ipv6": "AAAA"}


@named
class Case:
    """What the sentence is about: the next hop that decides, and all that decided it.

    `preference` is None where the configured value is invalid; `share` where it cannot be told.
    `skipped` are the next hops before this one that Postfix cannot use.
    """

    site: Site
    transport: Transport
    rules: Features
    preference: Preference | None
    share: Fraction | None
    route: Route | None = None
    overrides: Sequence[Override] = ()
    skipped: Sequence[Site] = ()


def why(case: Case) -> str:
    """The sentence."""
    if case.route is not None and case.route.by_sender:
        reason = case.route.reason or "a sender-dependent map decides the next hop"
        return _sentence(f"the sender decides, so no single share can be given: {reason}")
    if case.preference is None:
        return _sentence(
            f"{_setting(case, 'smtp_address_preference')} is no valid value (any, ipv4, ipv6): every "
            f"{case.transport.command}(8) process dies at start, and mail stays in the active queue"
        )
    if not case.site.candidates:
        return _sentence(_lead(case) + _failure(case))
    return _sentence(_lead(case) + _choice(case, case.preference))


def percent(share: Fraction) -> str:
    """`80 %`; never 0 % or 100 % for a share that is not exactly that."""
    whole = round(share * 100)
    if share not in (0, 1) and whole in (0, 100):
        return "over 99 %" if whole else "under 1 %"
    return f"{whole} %"


def _sentence(text: str) -> str:
    text = text.rstrip(".")
    return (text[0].upper() + text[1:] if text.split(" ")[0] in ("the", "this", "no") else text) + "."


def _setting(case: Case, parameter: str) -> str:
    """`smtp_address_preference = ipv4`, and where it was set if a master.cf line overrides main.cf."""
    value = getattr(case.transport, parameter)
    if isinstance(value, bool):
        value = "yes" if value else "no"
    elif isinstance(value, tuple):
        value = ", ".join(value)
    name = _named(case, parameter)
    mine = any(o.service == case.transport.service and o.parameter == name for o in case.overrides)
    return f"{name} = {value}" + (f" (-o of {case.transport.service} in master.cf)" if mine else "")


def _named(case: Case, parameter: str) -> str:
    if case.transport.command == "lmtp" and parameter.startswith("smtp_"):
        return "lmtp_" + parameter.removeprefix("smtp_")
    return parameter


def _lead(case: Case) -> str:
    """What came before the choice among addresses: relayhost, transport_maps, unusable next hops."""
    parts = []
    route = case.route
    if route is not None and route.rewritten:
        parts.append(route.rewritten)
    if route is not None and route.next_hops and route.source not in ("", "recipient domain"):
        parts.append(f"the next hop is {', '.join(route.next_hops)} ({route.source})")
    if case.skipped:
        names = ", ".join(f"{site.answer.name}: {site.status}" for site in case.skipped)
        parts.append(f"Postfix goes on to {case.site.answer.name} because it cannot use {names}")
    if case.site.own_preference is not None and case.site.candidates:
        what, those = ("SRV target", "targets") if case.site.mode == "srv" else ("MX", "MX hosts")
        parts.append(
            f"this host is itself an {what} ({case.site.own_preference}) of {case.site.answer.name}, "
            f"so only better {those} count"
        )
    return "".join(part + "; " for part in parts)


def _failure(case: Case) -> str:
    name, status = case.site.answer.name, case.site.status
    relay = case.route is not None and case.route.source == "relayhost"
    returned = "Postfix keeps mail in the queue" if relay else "Postfix returns mail to its sender"
    kept = "Postfix keeps mail in the queue and tries again later"
    if status == "null_mx":
        kind = "SRV" if case.site.mode == "srv" else "MX"
        return f"{name} accepts no mail (null {kind}): {returned}"
    if status == "loop":
        return (
            f"{case.site.own_address}, the best address of {name}, is this host's own, "
            f"so mail would loop: {returned}"
        )
    if status == "no_primary":
        what, those = ("SRV target", "targets") if case.site.mode == "srv" else ("MX", "MX hosts")
        return f"this host is an {what} of {name} and the better {those} have no address: {kept}"
    if status == "pending":
        return f"the addresses of {name} are still being looked up"
    if status == "nxdomain":
        return f"the name {name} does not exist in DNS: {returned}"
    if status in ("servfail", "timeout"):
        what = "MX" if case.site.mode == "mx" else "SRV" if case.site.mode == "srv" else "address"
        if case.site.answer.mx_status not in FAILED:
            what = "address"
        word = "gets no answer" if status == "timeout" else "fails (SERVFAIL)"
        return f"the {what} lookup of {name} {word}: {kept}"
    if status == "refused":
        return f"the name server refuses to answer for {name}: Postfix finds no address"
    return _without_address(case, name, returned, kept)


def _without_address(case: Case, name: str, returned: str, kept: str) -> str:
    site = case.site
    outcome = kept if site.mode == "mx" and case.transport.smtp_defer_if_no_mx_address_found else returned
    whose = f"no MX host of {name} has" if site.mode == "mx" else f"{name} has no MX record and no"
    if site.answer.mode == "host":
        whose = f"{name} has no"
    if site.mode == "srv":
        whose = f"no SRV target of {name} has"
    if site.mode != "host":
        whose += " an"
    if len(case.transport.inet_protocols) == 1:
        family = WORDS[case.transport.inet_protocols[0]]
        return f"{whose} {family} address, and {_setting(case, 'inet_protocols')} allows no other: {outcome}"
    return f"{whose} address: {outcome}"


def _choice(case: Case, preference: Preference) -> str:
    site, transport = case.site, case.transport
    if len(transport.inet_protocols) == 1:
        family = WORDS[transport.inet_protocols[0]]
        return (
            f"{_setting(case, 'inet_protocols')}: Postfix looks up and uses {family} only, "
            f"{_named(case, 'smtp_address_preference')} has no effect"
        )
    if site.mode == "srv":
        return _srv(case)
    families = sorted({candidate.family for candidate in site.best})
    if len(families) == 1:
        return _one_family(case, families[0])
    group = _group(site)
    if not case.rules.preference:
        return (
            "this Postfix (before 2.8) has no smtp_address_preference: "
            f"all IPv6 addresses of {group} come first"
        )
    setting = _setting(case, "smtp_address_preference")
    if preference != "any":
        return f"{setting}: all {WORDS[preference]} addresses of {group} come before the others"
    if transport.smtp_randomize_addresses:
        ipv6 = sum(candidate.family == "ipv6" for candidate in site.best)
        return (
            f"Postfix picks at random among the {len(site.best) - ipv6} IPv4 and {ipv6} IPv6 addresses of "
            f"{group} ({setting}): {percent(case.share or Fraction(0))} of first tries go over IPv6"
        )
    fixed = _setting(case, "smtp_randomize_addresses")
    if case.share is None:
        return (
            f"{fixed} and names come from the system's resolver: its own order of addresses (RFC 6724, "
            "usually IPv6 first) decides"
        )
    first = site.best[0]
    return (
        f"{fixed} and {setting}: Postfix keeps the order of DNS, IPv4 before IPv6 for each host, "
        f"and the first of {group} is {first.host} with {WORDS[first.family]} {first.address}"
    )


def _srv(case: Case) -> str:
    told = "the weights are too many to tell the share"
    if case.share is not None:
        told = f"{percent(case.share)} of first tries go over IPv6"
    return (
        f"SRV records decide ({_setting(case, 'use_srv_lookup')}): priority and weight choose the target, "
        f"its IPv4 addresses come before its IPv6 ones, {_named(case, 'smtp_address_preference')} has no "
        f"effect: {told}"
    )


def _one_family(case: Case, family: str) -> str:
    """Only one family at the best preference: say what became of the other."""
    site = case.site
    other = "ipv4" if family == "ipv6" else "ipv6"
    group = _group(site)
    named = _named(case, "smtp_address_preference")
    best = site.best[0].preference
    for target in site.targets:
        status = lookups(target.host, case.transport).get(other)
        if target.host.preference == best and status in FAILED:
            return (
                f"the {_RECORD[other]} lookup of {target.host.host} fails ({status}), and Postfix silently "
                f"goes on with the {WORDS[family]} addresses of {group}; {named} has nothing to choose"
            )
    if any(candidate.family == other for candidate in site.candidates):
        return (
            f"{group} has {WORDS[family]} only, and {named} orders addresses only within one MX "
            f"preference: {WORDS[other]} comes later, with a backup MX"
        )
    if not uses_dns(case.transport):
        return (
            f"the system's resolver knows only {WORDS[family]} addresses of {group}; "
            f"{named} has nothing to choose"
        )
    return f"{group} has {WORDS[family]} addresses only; {named} has nothing to choose"


def _group(site: Site) -> str:
    """The hosts that decide: `the best MX (10 mx1.example.org)`."""
    best = site.best
    hosts = list(dict.fromkeys(candidate.host for candidate in best))
    if site.mode == "host":
        return hosts[0] + (" (no MX record)" if site.status == "implicit_mx" else "")
    if len(hosts) == 1:
        return f"the best MX ({best[0].preference} {hosts[0]})"
    return f"the {len(hosts)} MX hosts of the best preference ({best[0].preference})"
