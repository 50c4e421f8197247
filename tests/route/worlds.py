"""Answers for the tests of mxtop.route, in few words."""

from __future__ import annotations

from typing import Any

from mxtop.mail.answer import Address, Answer, LookupStatus, MxHost
from mxtop.mail.settings import Transport
from mxtop.mail.snapshot import Prediction
from mxtop.route.predict import predict


def v4(n: int) -> str:
    return f"192.0.2.{n}"


def v6(n: int) -> str:
    return f"2001:db8::{n:x}"


def host(
    name: str, preference: int = 10, a: list[str] | None = None, aaaa: list[str] | None = None, **more: Any
) -> MxHost:
    """An MX host: lookups `ok` where there are addresses, `nodata` where there are none."""
    a, aaaa = a or [], aaaa or []
    given: dict[str, Any] = {"ipv4": "ok" if a else "nodata", "ipv6": "ok" if aaaa else "nodata", **more}
    return MxHost(
        preference=preference,
        host=name,
        addresses=(*(Address(x, "ipv4", 300) for x in a), *(Address(x, "ipv6", 300) for x in aaaa)),
        **given,
    )


def counted(name: str, preference: int, ipv4: int, ipv6: int, start: int = 1) -> MxHost:
    """An MX host with so many addresses of each family."""
    return host(
        name,
        preference,
        [v4(start + i) for i in range(ipv4)],
        [v6(start + i) for i in range(ipv6)],
    )


def mx(*hosts: MxHost, name: str = "example.org", status: LookupStatus = "ok", **more: Any) -> Answer:
    return Answer(name=name, mx_status=status, hosts=hosts, **more)


def said(
    answer: Answer, transport: Transport | None = None, own: frozenset[str] = frozenset(), **more: Any
) -> Prediction:
    """The prediction for one next hop on a current Postfix, unless told otherwise."""
    return predict([answer], transport or Transport(), own, **{"mail_version": "3.7.11", **more})
