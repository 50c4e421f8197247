"""`mxtop dns`: where mail for one domain goes, what DNS offers, what Postfix will do with it.

The same facts twice: `document` is the object of the JSON contract with raw text, `lines` the text for
a terminal of 80 columns, made safe to display.  Asks nothing: answers and prediction are given.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from mxtop.mail.answer import Answer, MxHost, Viewpoint
from mxtop.mail.settings import Override, Route, Settings, Transport
from mxtop.mail.snapshot import Candidate, Prediction
from mxtop.mail.text import SafeText, clean
from mxtop.route.features import features
from mxtop.route.predict import NO_SMTP, undeliverable
from mxtop.route.why import percent

WIDTH = 80
_LABEL = 12

SETTINGS = (
    "inet_protocols",
    "smtp_address_preference",
    "smtp_mx_address_limit",
    "smtp_balance_inet_protocols",
    "smtp_randomize_addresses",
)

__all__ = ["document", "lines", "undeliverable"]


def document(
    domain: str,
    viewpoint: Viewpoint | None,
    route: Route,
    answers: Sequence[Answer],
    prediction: Prediction,
    settings: Settings,
) -> dict[str, Any]:
    """The JSON object for one domain, every key present.

    `next_hop` as Postfix writes it, a list with commas; null where the transport has none.  `mx` holds the
    hosts of all next hops in DNS order; a domain without MX is its own host with preference 0.
    `settings`: `inet_protocols` as the string that Postfix shows (`all`), the preference as configured, the
    limit as a number, the other two as booleans; null where this Postfix has no such setting, and all
    null where no SMTP client delivers.
    """
    shares = prediction.shares
    return {
        "domain": domain,
        "viewpoint": {
            "host": viewpoint.host if viewpoint else None,
            "resolver": viewpoint.resolver if viewpoint else None,
        },
        "next_hop": ", ".join(route.next_hops) or None,
        "transport": route.transport or None,
        "status": prediction.status,
        "mx": [_mx(host) for answer in answers for host in answer.hosts],
        "settings": _settings(route, prediction, settings),
        "overrides": [
            {"service": o.service, "parameter": o.parameter, "value": o.value}
            for o in _overrides(route, settings)
        ],
        "expected_first_try_ipv6_share": {
            "now": shares.now,
            "any": shares.any,
            "ipv4": shares.ipv4,
            "ipv6": shares.ipv6,
        },
        "why": prediction.why,
        "example_order": [_candidate(candidate) for candidate in prediction.order],
    }


def lines(
    domain: str,
    viewpoint: Viewpoint | None,
    route: Route,
    answers: Sequence[Answer],
    prediction: Prediction,
    settings: Settings,
) -> list[SafeText]:
    """The text for one domain; a line is wider than 80 only for a name that is."""
    text = [SafeText(f"{clean(domain)}: {clean(prediction.status).replace('_', ' ')}")]
    hops = ", ".join(route.next_hops) or "none"
    source = f" ({route.source})" if route.source else ""
    text += _entry(
        "next hop",
        f"{hops}{source}, transport {route.transport or ('several' if route.cases else 'not known')}",
    )
    for who, case in route.cases:
        text += _entry("", f"for {who}: {', '.join(case.next_hops) or 'none'}, transport {case.transport}")
    if viewpoint:
        text += _entry("seen from", f"{viewpoint.host}, resolver {viewpoint.asked}")
    for answer in answers:
        for host in answer.hosts:
            text += _host(host)
    if prediction.status not in (*NO_SMTP, "error", "unknown"):
        shares = prediction.shares
        told = (("now", shares.now), ("any", shares.any), ("ipv4", shares.ipv4), ("ipv6", shares.ipv6))
        text += _entry("IPv6 first", "   ".join(f"{name} {_share(value)}" for name, value in told))
    text += _entry("why", prediction.why)
    for number, candidate in enumerate(prediction.order, start=1):
        label = "may try" if number == 1 else ""
        text += _entry(
            label, f"{number}. {candidate.address} ({_ranked(candidate.preference, candidate.host)})"
        )
    if prediction.status not in (*NO_SMTP, "error", "unknown"):
        values = _settings(route, prediction, settings)
        for number, (name, value) in enumerate(values.items()):
            text += _entry("" if number else "settings", f"{name} = {_shown(value)}")
        for number, override in enumerate(_overrides(route, settings)):
            said = f"{override.service}: -o {override.parameter}={override.value}"
            text += _entry("" if number else "overrides", said)
    for warning in prediction.warnings:
        text += _entry("note", warning)
    return text


def _mx(host: MxHost) -> dict[str, Any]:
    return {
        "preference": host.preference,
        "host": host.host,
        "cname": host.cname,
        "status": {"ipv4": host.ipv4, "ipv6": host.ipv6},
        "addresses": [{"address": a.address, "family": a.family, "ttl": a.ttl} for a in host.addresses],
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "preference": candidate.preference,
        "host": candidate.host,
        "address": candidate.address,
        "family": candidate.family,
    }


def _overrides(route: Route, settings: Settings) -> list[Override]:
    return [override for override in settings.overrides if override.service == route.transport]


def _settings(route: Route, prediction: Prediction, settings: Settings) -> dict[str, Any]:
    if prediction.status in (*NO_SMTP, "error", "unknown"):
        return dict.fromkeys(SETTINGS)
    transport = settings.transport(route.transport)
    values: dict[str, Any] = {name: getattr(transport, name) for name in SETTINGS}
    values["inet_protocols"] = _inet_protocols(route, transport, settings)
    if not features(settings.mail_version).preference:
        values["smtp_address_preference"] = None
    return values


def _inet_protocols(route: Route, transport: Transport, settings: Settings) -> str:
    """As configured for this service; where that names another parameter, the families enabled."""
    configured = settings.values.get("inet_protocols", "")
    for override in _overrides(route, settings):
        if override.parameter == "inet_protocols":
            configured = override.value
    return configured if configured and "$" not in configured else ", ".join(transport.inet_protocols)


def _host(host: MxHost) -> list[SafeText]:
    alias = f", alias of {host.cname}" if host.cname else ""
    text = _entry("MX", f"{_ranked(host.preference, host.host)}{alias}")
    for address in host.addresses:
        ttl = "" if address.ttl is None else f"ttl {address.ttl}"
        text += _entry("", f"   {address.address:<41}{ttl}".rstrip())
    missing = [
        f"{record}: {status}"
        for record, status in (("A", host.ipv4), ("AAAA", host.ipv6))
        if status not in (None, "ok")
    ]
    return text + (_entry("", "   " + ", ".join(missing)) if missing else [])


def _ranked(preference: int, host: str) -> str:
    return f"{preference} {host}"


def _share(value: float | None) -> str:
    return "–" if value is None else percent(Fraction(value))


def _shown(value: object) -> str:
    if value is None:
        return "–"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _entry(label: str, text: str) -> list[SafeText]:
    """A labelled paragraph, wrapped between words."""
    indent = " " * (_LABEL + 2)
    wrapped = textwrap.wrap(
        clean(text),
        WIDTH,
        initial_indent=f"  {label:<{_LABEL}}",
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
    )
    return [SafeText(line) for line in wrapped]
