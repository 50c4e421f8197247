"""The sentence, case by case, as an admin reads it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.route.worlds import counted, host, mx, said, v4

from mxtop.mail.answer import Answer, MxHost
from mxtop.mail.settings import Override, Route, Transport
from mxtop.route.why import percent

ONE_FOUR = mx(counted("mx1.example.org", 10, 1, 4))
BACKUP = counted("mx2.example.org", 20, 1, 1, start=9)
RELAY = Answer(name="relay.example", mode="host", hosts=(counted("relay.example", 0, 1, 1),))
BY_RELAYHOST = Route(destination="example.org", next_hops=("[relay.example]:587",), source="relayhost")

CASES: list[tuple[Answer, dict[str, Any], dict[str, Any], str]] = [
    (
        ONE_FOUR,
        {},
        {},
        "Postfix picks at random among the 1 IPv4 and 4 IPv6 addresses of the best MX (10 "
        "mx1.example.org) (smtp_address_preference = any): 80 % of first tries go over IPv6.",
    ),
    (
        mx(counted("a", 10, 1, 1), counted("b", 10, 1, 0, start=5)),
        {},
        {},
        "Postfix picks at random among the 2 IPv4 and 1 IPv6 addresses of the 2 MX hosts of the best "
        "preference (10) (smtp_address_preference = any): 33 % of first tries go over IPv6.",
    ),
    (
        ONE_FOUR,
        {"smtp_address_preference": "ipv6"},
        {},
        "smtp_address_preference = ipv6: all IPv6 addresses of the best MX (10 mx1.example.org) come "
        "before the others.",
    ),
    (
        mx(counted("mx1.example.org", 10, 1, 0), BACKUP),
        {"smtp_address_preference": "ipv6"},
        {},
        "The best MX (10 mx1.example.org) has IPv4 only, and smtp_address_preference orders addresses "
        "only within one MX preference: IPv6 comes later, with a backup MX.",
    ),
    (
        mx(counted("mx1.example.org", 10, 0, 2)),
        {"smtp_address_preference": "ipv4"},
        {},
        "The best MX (10 mx1.example.org) has IPv6 addresses only; smtp_address_preference has nothing to"
        " choose.",
    ),
    (
        mx(host("mx1.example.org", a=[v4(1)], ipv6="servfail")),
        {},
        {},
        "The AAAA lookup of mx1.example.org fails (servfail), and Postfix silently goes on with the IPv4 "
        "addresses of the best MX (10 mx1.example.org); smtp_address_preference has nothing to choose.",
    ),
    (
        ONE_FOUR,
        {"inet_protocols": ("ipv4",)},
        {},
        "inet_protocols = ipv4: Postfix looks up and uses IPv4 only, smtp_address_preference has no effect.",
    ),
    (
        ONE_FOUR,
        {"inet_protocols": ("ipv4",), "service": "smtp4"},
        {"overrides": [Override("smtp4", "inet_protocols", "ipv4")]},
        "inet_protocols = ipv4 (-o of smtp4 in master.cf): Postfix looks up and uses IPv4 only, "
        "smtp_address_preference has no effect.",
    ),
    (
        ONE_FOUR,
        {"inet_protocols": ("ipv4",)},
        {"overrides": [Override("smtp4", "inet_protocols", "ipv4")]},
        "inet_protocols = ipv4: Postfix looks up and uses IPv4 only, smtp_address_preference has no effect.",
    ),
    (
        ONE_FOUR,
        {"smtp_randomize_addresses": False},
        {},
        "smtp_randomize_addresses = no and smtp_address_preference = any: Postfix keeps the order of DNS,"
        " IPv4 before IPv6 for each host, and the first of the best MX (10 mx1.example.org) is "
        "mx1.example.org with IPv4 192.0.2.1.",
    ),
    (
        mx(
            MxHost(preference=1, host="t", weight=1, addresses=counted("t", 1, 1, 1).addresses),
            mode="srv",
        ),
        {"use_srv_lookup": ("submission",)},
        {},
        "SRV records decide (use_srv_lookup = submission): priority and weight choose the target, its "
        "IPv4 addresses come before its IPv6 ones, smtp_address_preference has no effect: 0 % of first "
        "tries go over IPv6.",
    ),
    (
        RELAY,
        {"smtp_address_preference": "ipv4"},
        {"route": BY_RELAYHOST, "port_is_25": False},
        "The next hop is [relay.example]:587 (relayhost); smtp_address_preference = ipv4: all IPv4 "
        "addresses of relay.example come before the others.",
    ),
    (
        RELAY,
        {"command": "lmtp", "service": "lmtp", "smtp_address_preference": "ipv6"},
        {"overrides": [Override("lmtp", "lmtp_address_preference", "ipv6")]},
        "lmtp_address_preference = ipv6 (-o of lmtp in master.cf): all IPv6 addresses of relay.example "
        "come before the others.",
    ),
    (
        mx(counted("example.org", 0, 1, 1), status="nodata"),
        {},
        {},
        "Postfix picks at random among the 1 IPv4 and 1 IPv6 addresses of example.org (no MX record) "
        "(smtp_address_preference = any): 50 % of first tries go over IPv6.",
    ),
    (
        ONE_FOUR,
        {},
        {"mail_version": "2.7.16"},
        "This Postfix (before 2.8) has no smtp_address_preference: all IPv6 addresses of the best MX (10 "
        "mx1.example.org) come first.",
    ),
    (
        ONE_FOUR,
        {"smtp_address_preference": "both"},
        {},
        "smtp_address_preference = both is no valid value (any, ipv4, ipv6): every smtp(8) process dies "
        "at start, and mail stays in the active queue.",
    ),
    (mx(null_mx=True), {}, {}, "example.org accepts no mail (null MX): Postfix returns mail to its sender."),
    (
        mx(status="nxdomain", name="relay.example"),
        {},
        {"route": Route(destination="example.org", next_hops=("relay.example",), source="relayhost")},
        "The next hop is relay.example (relayhost); the name relay.example does not exist in DNS: Postfix"
        " keeps mail in the queue.",
    ),
    (
        mx(status="timeout"),
        {},
        {},
        "The MX lookup of example.org gets no answer: Postfix keeps mail in the queue and tries again later.",
    ),
    (
        mx(MxHost(preference=5, host="m", ipv4="servfail", ipv6="servfail")),
        {},
        {},
        "The address lookup of example.org fails (SERVFAIL): Postfix keeps mail in the queue and tries "
        "again later.",
    ),
    (
        mx(MxHost(preference=5, host="m", ipv4="nxdomain", ipv6="nxdomain")),
        {},
        {},
        "No MX host of example.org has an address: Postfix returns mail to its sender.",
    ),
    (
        mx(MxHost(preference=5, host="m", ipv4="nxdomain", ipv6="nxdomain")),
        {"smtp_defer_if_no_mx_address_found": True},
        {},
        "No MX host of example.org has an address: Postfix keeps mail in the queue and tries again later.",
    ),
    (
        mx(MxHost(preference=0, host="example.org", ipv4="nodata"), status="nodata"),
        {"inet_protocols": ("ipv4",)},
        {},
        "example.org has no MX record and no IPv4 address, and inet_protocols = ipv4 allows no other: "
        "Postfix returns mail to its sender.",
    ),
    (
        mx(counted("me", 10, 1, 0)),
        {},
        {"own": frozenset([v4(1)])},
        "192.0.2.1, the best address of example.org, is this host's own, so mail would loop: Postfix "
        "returns mail to its sender.",
    ),
]


@pytest.mark.parametrize(("answer", "settings_", "more", "sentence"), CASES)
def test_sentence(answer: Answer, settings_: dict[str, Any], more: dict[str, Any], sentence: str) -> None:
    assert said(answer, Transport(**settings_), **more).why == sentence


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (Fraction(4, 5), "80 %"),
        (Fraction(1, 3), "33 %"),
        (Fraction(0), "0 %"),
        (Fraction(1), "100 %"),
        (Fraction(1, 1000), "under 1 %"),
        (Fraction(999, 1000), "over 99 %"),
    ],
)
def test_percent(share: Fraction, text: str) -> None:
    assert percent(share) == text


STATUSES = st.sampled_from(["ok", "nodata", "nxdomain", "servfail", "timeout", "refused"])


@settings(max_examples=200, deadline=None)
@given(
    STATUSES,
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2), STATUSES, st.integers(1, 2)), max_size=3),
    st.sampled_from(["mx", "host", "srv"]),
    st.sampled_from([("ipv4", "ipv6"), ("ipv4",), ("ipv6",)]),
    st.sampled_from(["any", "ipv4", "ipv6", "bad"]),
    st.booleans(),
)
def test_every_case_has_one_sentence(
    status: Any,
    hosts: list[tuple[int, int, Any, int]],
    mode: Any,
    protocols: tuple[str, ...],
    preference: str,
    null: bool,
) -> None:
    """No case without a reason; and none that speaks of both success and failure."""
    listed = tuple(
        MxHost(
            preference=p, host=f"h{i}", ipv4=word, ipv6=word, addresses=counted("h", p, a, b, 9 * i).addresses
        )
        for i, (a, b, word, p) in enumerate(hosts)
    )
    answer = Answer(name="example.org", mode=mode, mx_status=status, hosts=listed, null_mx=null)
    prediction = said(
        answer,
        Transport(inet_protocols=protocols, smtp_address_preference=preference),
        own=frozenset([v4(9)]),
    )
    assert prediction.why.endswith(".")
    assert not prediction.why.endswith("..")
    assert prediction.why.count("\n") == 0
    fails = "Postfix returns" in prediction.why or "Postfix keeps mail" in prediction.why
    assert not (fails and prediction.order)
    if prediction.status in ("ok", "implicit_mx"):
        assert bool(prediction.order) is (preference != "bad")
    else:
        assert prediction.order == ()
