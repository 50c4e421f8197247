"""The JSON object of `mxtop dns`, key by key, and its text."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mxtop.mail.answer import Address, Answer, MxHost, Viewpoint
from mxtop.mail.settings import Override, Route, Settings, Transport
from mxtop.mail.snapshot import Prediction
from mxtop.mail.text import SafeText, clean
from mxtop.report.dns import document, lines, undeliverable
from mxtop.route.predict import predict_route

MX1 = MxHost(
    preference=10,
    host="mx1.example.org",
    ipv4="ok",
    ipv6="ok",
    addresses=(Address("192.0.2.1", "ipv4", 300), Address("2001:db8::1", "ipv6", 60)),
)
MX2 = MxHost(
    preference=20,
    host="mx2.example.org",
    cname="real.example.net",
    ipv4="ok",
    ipv6="timeout",
    addresses=(Address("192.0.2.2", "ipv4", 300),),
)
ANSWER = Answer(name="example.org", mx_status="ok", hosts=(MX1, MX2), warnings=("the AAAA lookup failed",))
ROUTE = Route(destination="example.org", next_hops=("example.org",), source="recipient domain")
VIEW = Viewpoint("mail1.example", "127.0.0.53")


def setup(**changes: Any) -> Settings:
    given: dict[str, Any] = {
        "mail_version": "3.7.11",
        "values": {"inet_protocols": "all"},
        "transports": {
            "smtp": Transport(),
            "smtp4": Transport(service="smtp4", inet_protocols=("ipv4",)),
        },
        "overrides": (
            Override("smtp4", "inet_protocols", "ipv4"),
            Override("relay", "syslog_name", "postfix/relay"),
        ),
    }
    return Settings(**{**given, **changes})


def shown(
    route: Route = ROUTE, answers: tuple[Answer, ...] = (ANSWER,), settings: Settings | None = None
) -> tuple[dict[str, Any], str]:
    settings = settings or setup()
    prediction = predict_route(settings, route, answers)
    given = ("example.org", VIEW, route, answers, prediction, settings)
    return document(*given), "\n".join(lines(*given))


def test_the_whole_object() -> None:
    found = json.loads(json.dumps(shown()[0]))
    why = found.pop("why")
    assert why.startswith("Postfix picks at random among the 1 IPv4 and 1 IPv6 addresses")
    assert found == {
        "domain": "example.org",
        "viewpoint": {"host": "mail1.example", "resolver": "127.0.0.53"},
        "next_hop": "example.org",
        "transport": "smtp",
        "status": "ok",
        "mx": [
            {
                "preference": 10,
                "host": "mx1.example.org",
                "cname": None,
                "status": {"ipv4": "ok", "ipv6": "ok"},
                "addresses": [
                    {"address": "192.0.2.1", "family": "ipv4", "ttl": 300},
                    {"address": "2001:db8::1", "family": "ipv6", "ttl": 60},
                ],
            },
            {
                "preference": 20,
                "host": "mx2.example.org",
                "cname": "real.example.net",
                "status": {"ipv4": "ok", "ipv6": "timeout"},
                "addresses": [{"address": "192.0.2.2", "family": "ipv4", "ttl": 300}],
            },
        ],
        "settings": {
            "inet_protocols": "all",
            "smtp_address_preference": "any",
            "smtp_mx_address_limit": 5,
            "smtp_balance_inet_protocols": True,
            "smtp_randomize_addresses": True,
        },
        "overrides": [],
        "expected_first_try_ipv6_share": {"now": 0.5, "any": 0.5, "ipv4": 0.0, "ipv6": 1.0},
        "example_order": [
            {"preference": 10, "host": "mx1.example.org", "address": "192.0.2.1", "family": "ipv4"},
            {"preference": 10, "host": "mx1.example.org", "address": "2001:db8::1", "family": "ipv6"},
            {"preference": 20, "host": "mx2.example.org", "address": "192.0.2.2", "family": "ipv4"},
        ],
    }


def test_the_transports_own_settings() -> None:
    route = Route(destination="example.org", transport="smtp4", next_hops=("example.org",))
    found, _ = shown(route)
    assert found["transport"] == "smtp4"
    assert found["settings"]["inet_protocols"] == "ipv4"
    assert found["overrides"] == [{"service": "smtp4", "parameter": "inet_protocols", "value": "ipv4"}]
    assert found["expected_first_try_ipv6_share"]["ipv6"] == 0


def test_an_override_by_macro_shows_the_families() -> None:
    settings = setup(overrides=(Override("smtp4", "inet_protocols", "$my_protocols"),))
    route = Route(destination="example.org", transport="smtp4", next_hops=("example.org",))
    assert shown(route, settings=settings)[0]["settings"]["inet_protocols"] == "ipv4"
    assert shown(settings=setup(values={}))[0]["settings"]["inet_protocols"] == "ipv4, ipv6"


def test_unknown_settings_are_null() -> None:
    old = {"smtp": Transport(smtp_balance_inet_protocols=None)}
    values = shown(settings=setup(mail_version="2.11.11", transports=old))[0]["settings"]
    assert (values["smtp_balance_inet_protocols"], values["smtp_address_preference"]) == (None, "any")
    values = shown(settings=setup(mail_version="2.7.0", transports=old))[0]["settings"]
    assert values["smtp_address_preference"] is None


def test_an_invalid_preference_is_shown_as_configured() -> None:
    settings = setup(transports={"smtp": Transport(smtp_address_preference="ipv7")})
    found, _ = shown(settings=settings)
    assert found["settings"]["smtp_address_preference"] == "ipv7"
    assert found["expected_first_try_ipv6_share"] == {"now": None, "any": 0.5, "ipv4": 0.0, "ipv6": 1.0}
    assert found["example_order"] == []


def test_nothing_to_deliver_to() -> None:
    gone = Answer(name="example.org", mx_status="nxdomain")
    found, text = shown(answers=(gone,))
    assert (found["status"], found["mx"], found["example_order"]) == ("nxdomain", [], [])
    assert set(found["expected_first_try_ipv6_share"].values()) == {None}
    assert "IPv6 first  now –" in text
    assert undeliverable(predict_route(setup(), ROUTE, [gone]))


def test_a_list_of_next_hops_and_none() -> None:
    route = Route(destination="example.org", next_hops=("[a.example]:587", "b.example"), source="relayhost")
    answers = (
        Answer(name="a.example", mode="host", hosts=(MX1,)),
        Answer(name="b.example", mx_status="ok", hosts=(MX2,)),
    )
    found, text = shown(route, answers)
    assert found["next_hop"] == "[a.example]:587, b.example"
    assert [host["host"] for host in found["mx"]] == ["mx1.example.org", "mx2.example.org"]
    assert "[a.example]:587, b.example (relayhost), transport smtp" in text
    local, text = shown(Route(destination="example.org", transport="local"), ())
    assert (local["next_hop"], local["status"]) == (None, "not_smtp")
    assert set(local["settings"].values()) == {None}
    assert "IPv6 first" not in text


def test_no_viewpoint_keeps_its_keys() -> None:
    found = document("x", None, ROUTE, (), Prediction(status="timeout"), setup())
    assert found["viewpoint"] == {"host": None, "resolver": None}


def test_text() -> None:
    _, text = shown()
    assert text.splitlines() == [
        "example.org: ok",
        "  next hop    example.org (recipient domain), transport smtp",
        "  seen from   mail1.example, resolver 127.0.0.53",
        "  MX          10 mx1.example.org",
        "                 192.0.2.1                                ttl 300",
        "                 2001:db8::1                              ttl 60",
        "  MX          20 mx2.example.org, alias of real.example.net",
        "                 192.0.2.2                                ttl 300",
        "                 AAAA: timeout",
        "  IPv6 first  now 50 %   any 50 %   ipv4 0 %   ipv6 100 %",
        "  why         Postfix picks at random among the 1 IPv4 and 1 IPv6 addresses of",
        "              the best MX (10 mx1.example.org) (smtp_address_preference = any):",
        "              50 % of first tries go over IPv6.",
        "  may try     1. 192.0.2.1 (10 mx1.example.org)",
        "              2. 2001:db8::1 (10 mx1.example.org)",
        "              3. 192.0.2.2 (20 mx2.example.org)",
        "  settings    inet_protocols = all",
        "              smtp_address_preference = any",
        "              smtp_mx_address_limit = 5",
        "              smtp_balance_inet_protocols = yes",
        "              smtp_randomize_addresses = yes",
        "  note        the AAAA lookup failed",
    ]


def test_overrides_and_cases_in_the_text() -> None:
    route = Route(
        destination="example.org",
        transport="smtp4",
        next_hops=("example.org",),
        by_sender=True,
        cases=(("<boss@example.com>", Route(destination="example.org", next_hops=("[relay.example]",))),),
        reason="sender_dependent_relayhost_maps is set",
    )
    found, text = shown(route)
    assert "  overrides   smtp4: -o inet_protocols=ipv4" in text
    assert "for <boss@example.com>: [relay.example], transport smtp" in text
    assert set(found["expected_first_try_ipv6_share"].values()) == {None}
    assert "sender_dependent_relayhost_maps is set" in found["why"]


@pytest.mark.parametrize("hostile", ["\x1b]0;title\x07", "a\nb: ok", "\u202egro", "\udcff", "\x9b2J"])
def test_strangers_text_is_made_visible(hostile: str) -> None:
    host = MxHost(preference=10, host=hostile, cname=hostile, ipv4="ok", ipv6="ok", addresses=MX1.addresses)
    answer = Answer(name=hostile, mx_status="ok", hosts=(host,), warnings=(hostile,))
    settings = setup()
    route = Route(destination=hostile, next_hops=(hostile,), source=hostile)
    prediction = predict_route(settings, route, [answer])
    for line in lines(hostile, Viewpoint(hostile, hostile), route, [answer], prediction, settings):
        assert clean(line) == line
    assert document(hostile, None, route, [answer], prediction, settings)["mx"][0]["host"] == hostile


NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789-.", min_size=1, max_size=50)


@given(st.lists(st.text(max_size=30) | NAMES, max_size=4))
def test_every_line_is_clean(names: list[str]) -> None:
    for line in of_hosts(names):
        assert clean(line) == line


@given(st.lists(NAMES, max_size=4))
def test_lines_fit_80_columns(names: list[str]) -> None:
    for line in of_hosts(names):
        assert len(line) <= 80


def of_hosts(names: list[str]) -> list[SafeText]:
    hosts = tuple(
        MxHost(preference=10, host=name, ipv4="ok", ipv6="ok", addresses=MX1.addresses) for name in names
    )
    answer = Answer(name="example.org", mx_status="ok", hosts=hosts)
    settings = setup()
    return lines("example.org", VIEW, ROUTE, [answer], predict_route(settings, ROUTE, [answer]), settings)
