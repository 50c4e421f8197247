"""Snapshots for the tests of what a change would do: destinations in few words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.route.worlds import counted, mx

from mxtop.mail.answer import Answer
from mxtop.mail.settings import Override, Route, Settings, Transport
from mxtop.mail.snapshot import Destination, Failure, Families, FamilyCounts, Outlook, Snapshot
from mxtop.route.predict import predict_route

DUAL = mx(counted("mx1.example", 10, 1, 1))
QUAD = mx(counted("mx1.example", 10, 1, 4))
ONLY4 = mx(counted("mx1.example", 10, 2, 0))
ONLY6 = mx(counted("mx1.example", 10, 0, 1))
BEST4 = mx(counted("mx1.example", 10, 1, 0), counted("mx2.example", 20, 1, 1, start=5))


def seen(name: str, ipv4: int = 0, ipv6: int = 0, **more: Any) -> Destination:
    """A destination with so many new connections by family, each of which delivered."""
    families = Families(
        ipv4=FamilyCounts(connections=ipv4, sent=ipv4), ipv6=FamilyCounts(connections=ipv6, sent=ipv6)
    )
    families = more.get("families", families)
    both = (families.ipv4, families.ipv6)
    totals = {word: sum(getattr(one, word) for one in both) for word in ("sent", "deferred", "bounced")}
    return Destination(**{"destination": name, "families": families, **totals, **more})


def hung(name: str, ipv4: int = 40, failed: int = 20, error: str = "Connection timed out") -> Destination:
    """A destination whose IPv6 connections all fail, and whose mail goes over IPv4 then."""
    return seen(
        name,
        families=Families(
            ipv4=FamilyCounts(connections=ipv4, sent=ipv4), ipv6=FamilyCounts(failed_connects=failed)
        ),
        failures=(Failure("", "connect_failed", "mx1.example", "2001:db8::1", error),),
    )


def refused(name: str, bounced: int = 20, sent: int = 20) -> Destination:
    """A destination that bounces what comes over IPv6 and takes what comes over IPv4."""
    return seen(
        name,
        families=Families(
            ipv4=FamilyCounts(connections=sent, sent=sent),
            ipv6=FamilyCounts(connections=bounced, bounced=bounced),
        ),
    )


def instance(
    preference: str = "any",
    version: str = "3.7.11",
    overrides: Mapping[tuple[str, str], str] | None = None,
    **transport: Any,
) -> Settings:
    """Services smtp and relay as master.cf has them; `overrides` {(service, parameter): value}."""
    given = overrides or {}
    services = {}
    for service in ("smtp", "relay"):
        own = {name: value for (whose, name), value in given.items() if whose == service}
        if "inet_protocols" in own:
            own["inet_protocols"] = (own["inet_protocols"],)  # type: ignore[assignment]
        services[service] = Transport(
            **{"service": service, "smtp_address_preference": preference, **transport, **own}
        )
    return Settings(
        mail_version=version,
        values={"smtp_address_preference": preference},
        transports=services,
        overrides=tuple(Override(service, name, value) for (service, name), value in given.items()),
    )


def snapshot(
    settings: Settings, *known: tuple[Destination, Answer | None], routes: Mapping[str, Route] | None = None
) -> Snapshot:
    """Destinations each with the answer of its next hop, None where DNS was not asked."""
    outlooks = {}
    for row, answer in known:
        name = row.destination
        route = (routes or {}).get(name) or Route(
            destination=name, next_hops=(name,), source="recipient domain"
        )
        if answer is not None:
            told = predict_route(settings, route, [answer])
            outlooks[name] = Outlook(destination=name, route=route, answers=(answer,), prediction=told)
    return Snapshot(destinations=tuple(row for row, _ in known), settings=settings, outlooks=outlooks)
