"""Routes, lists of next hops, fallback relays, settings that break things."""

from __future__ import annotations

from typing import Any

import pytest
from tests.route.worlds import counted, mx, said, v4

from mxtop.mail.answer import Answer, MxHost
from mxtop.mail.settings import Override, Route, Settings, Transport
from mxtop.mail.snapshot import Shares
from mxtop.route.predict import predict, predict_route, undeliverable

DUAL = mx(counted("mx1.example", 10, 1, 1))
V6 = mx(counted("mx6.example", 10, 0, 1, start=20), name="six.example")
DEAD = mx(name="dead.example", status="nxdomain")


def test_an_invalid_preference_stops_all_mail() -> None:
    prediction = said(DUAL, Transport(smtp_address_preference="ipv7"))
    assert prediction.status == "ok"
    assert prediction.shares == Shares(now=None, any=0.5, ipv4=0.0, ipv6=1.0)
    assert prediction.order == ()
    assert "ipv7 is no valid value" in prediction.why
    assert undeliverable(prediction)


def test_before_2_8_there_is_no_preference() -> None:
    prediction = said(DUAL, Transport(smtp_address_preference="nonsense"), mail_version="2.7.16")
    assert prediction.shares == Shares(now=1.0)
    assert prediction.order[0].family == "ipv6"
    assert not undeliverable(prediction)
    assert said(DUAL, mail_version="2.8.0").shares.any == 0.5


def test_without_shuffle_the_order_of_dns_decides() -> None:
    fixed = Transport(smtp_randomize_addresses=False)
    assert said(DUAL, fixed).shares == Shares(now=0.0, any=0.0, ipv4=0.0, ipv6=1.0)
    two = mx(counted("a", 10, 0, 1), counted("b", 10, 1, 1, start=5))
    assert said(two, fixed).shares.any == 1
    assert any("may change from answer to answer" in warning for warning in said(two, fixed).warnings)


def test_the_systems_resolver_has_its_own_order() -> None:
    for native in (Transport(smtp_host_lookup=("native",)), Transport(smtp_dns_support_level="disabled")):
        host = Answer(name="mx1.example", mode="host", hosts=(counted("mx1.example", 0, 1, 1),))
        assert said(host, native).shares.any == 0.5
        fixed = Transport(
            smtp_host_lookup=native.smtp_host_lookup,
            smtp_dns_support_level=native.smtp_dns_support_level,
            smtp_randomize_addresses=False,
        )
        assert said(host, fixed).shares == Shares(now=None, any=None, ipv4=0.0, ipv6=1.0)
        assert "RFC 6724" in said(host, fixed).why
        assert not undeliverable(said(host, fixed))
    both = Transport(smtp_host_lookup=("dns", "native"), smtp_randomize_addresses=False)
    assert said(DUAL, both).shares.any == 0


def test_the_warnings_of_all_answers_once_each() -> None:
    answers = [mx(counted("a", 10, 1, 1), warnings=("x", "y")), mx(counted("b", 10, 1, 1), warnings=("y",))]
    assert predict(answers, Transport(), frozenset()).warnings == ("x", "y")


def test_what_is_still_being_looked_up() -> None:
    known, unknown = counted("mx1.example", 10, 1, 1), MxHost(preference=20, host="mx2.example")
    half = mx(known, unknown)
    prediction = said(half)
    assert (prediction.status, prediction.shares, prediction.order) == ("pending", Shares(), ())
    assert prediction.why == "The addresses of example.org are still being looked up."
    half6 = mx(known, MxHost(preference=20, host="mx2.example", ipv4="nodata"))
    assert said(half6).status == "pending"
    assert said(half6, Transport(inet_protocols=("ipv4",))).status == "ok"
    not_a_name = mx(known, MxHost(preference=20, host="not a name"))
    assert said(not_a_name).status == "ok"


def test_next_hops_are_tried_in_turn() -> None:
    first = predict([V6, DUAL], Transport(), frozenset())
    assert first.shares.any == 1
    assert [c.host for c in first.order] == ["mx6.example", "mx1.example", "mx1.example"]
    second = predict([DEAD, V6], Transport(), frozenset())
    assert (second.status, second.shares.any) == ("ok", 1)
    assert "cannot use dead.example: nxdomain" in second.why
    none = predict([DEAD, mx(name="b", null_mx=True)], Transport(), frozenset())
    assert (none.status, none.shares.any) == ("nxdomain", None)


def test_a_list_of_next_hops_before_3_5_is_one_bad_name() -> None:
    assert predict([V6, DUAL], Transport(), frozenset(), mail_version="3.4.29").status == "no_address"
    with_fallback = predict([DEAD], Transport(), frozenset(), mail_version="3.4.29", fallback=[V6])
    assert (with_fallback.status, with_fallback.shares.any) == ("ok", 1)


def test_each_next_hop_has_its_own_limit() -> None:
    many = mx(counted("m", 10, 6, 0))
    assert len(predict([many], Transport(), frozenset(), fallback=[many]).order) == 10


def test_ports_go_with_their_next_hops() -> None:
    own = frozenset([v4(1)])
    assert predict([DUAL, V6], Transport(), own, port_is_25=[False, True]).status == "ok"
    assert predict([DUAL, V6], Transport(), own, port_is_25=[True, False]).status == "loop"


def test_no_answer_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="at least one"):
        predict([], Transport(), frozenset())


def routed(answers: list[Answer], *, setup: dict[str, Any] | None = None, **route: Any) -> Any:
    transports = {"smtp": Transport(), "relay": Transport(service="relay", smtp_address_preference="ipv4")}
    settings = Settings(
        mail_version="3.7.11",
        own_addresses=frozenset([v4(1)]),
        **{"transports": transports, **(setup or {})},
    )
    return predict_route(settings, Route(**{"destination": "example.org", **route}), answers)


def test_the_routes_transport_counts() -> None:
    overrides = (Override("relay", "smtp_address_preference", "ipv4"),)
    prediction = routed([V6], transport="relay", next_hops=("six.example",), setup={"overrides": overrides})
    assert prediction.shares == Shares(1.0, 1.0, 1.0, 1.0)
    world = mx(counted("m", 10, 1, 1, start=7))
    prediction = routed([world], transport="relay", next_hops=("x",), setup={"overrides": overrides})
    assert prediction.shares.now == 0
    assert "smtp_address_preference = ipv4 (-o of relay in master.cf)" in prediction.why


@pytest.mark.parametrize(
    ("hop", "port", "status"),
    [
        ("example.org", "smtp", "loop"),
        ("example.org", "25", "loop"),
        ("example.org", "587", "ok"),
        ("example.org:587", "smtp", "ok"),
        ("[mx1.example]:submission", "smtp", "ok"),
        ("example.org:25", "587", "loop"),
        ("example.org:smtp", "587", "loop"),
    ],
)
def test_the_port_decides_whether_postfix_looks_for_itself(hop: str, port: str, status: str) -> None:
    setup = {"transports": {"smtp": Transport(smtp_tcp_port=port)}}
    assert routed([DUAL], next_hops=(hop,), setup=setup).status == status


def test_fallback_relays_come_after_the_next_hops() -> None:
    prediction = routed([DEAD, V6], next_hops=("dead.example",), fallback=("six.example",))
    assert prediction.shares.any == 1
    assert len(routed([V6], next_hops=("six.example",), fallback=("x",)).order) == 1


def test_no_share_where_the_sender_decides() -> None:
    reason = "sender_dependent_relayhost_maps has an entry for a@example.com."
    prediction = routed([V6], next_hops=("six.example",), by_sender=True, reason=reason)
    assert prediction.shares == Shares()
    assert prediction.why.endswith("sender_dependent_relayhost_maps has an entry for a@example.com.")
    assert not undeliverable(prediction)


@pytest.mark.parametrize(
    ("route", "status", "bad"),
    [
        ({"transport": "local"}, "not_smtp", False),
        ({"transport": "dovecot", "next_hops": ("x",), "source": "transport_maps"}, "not_smtp", False),
        ({"transport": "smtp", "next_hops": ("unix:private/lmtp",)}, "not_smtp", False),
        ({"transport": "error", "next_hops": ("5.1.1 gone",), "source": "transport_maps"}, "error", True),
    ],
)
def test_what_is_not_smtp(route: dict[str, Any], status: str, bad: bool) -> None:
    prediction = routed([], **route)
    assert (prediction.status, prediction.shares) == (status, Shares())
    assert undeliverable(prediction) is bad
    assert prediction.why.endswith(".")


@pytest.mark.parametrize("answer", [DEAD, mx(null_mx=True), mx(status="timeout")])
def test_undeliverable(answer: Answer) -> None:
    assert undeliverable(said(answer))
    assert not undeliverable(said(DUAL))


def test_tls_policies_that_may_skip_an_address_are_named() -> None:
    values = {"smtp_tls_policy_maps": "socketmap:inet:127.0.0.1:8461:postfix"}
    dual = mx(counted("mx1.example", 10, 1, 1, start=5))

    def warned(answer: Answer, transport: str = "smtp") -> list[str]:
        own = (Override("relay", "smtp_tls_policy_maps", ""),)
        told = routed(
            [answer], transport=transport, next_hops=("x",), setup={"values": values, "overrides": own}
        )
        return [warning.partition(" may")[0] for warning in told.warnings]

    assert warned(dual) == ["smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:postfix"]
    assert warned(dual, "relay") == [], "its own -o takes them away"
    assert warned(V6) == [], "nothing to choose"
