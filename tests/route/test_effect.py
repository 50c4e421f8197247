"""The predicted effect: shares weighted by traffic, what stays, what it costs, what stands against it."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.route.hosts import BEST4, DUAL, ONLY4, ONLY6, QUAD, hung, instance, refused, seen, snapshot
from tests.route.worlds import counted, mx

from mxtop.mail.answer import Answer
from mxtop.mail.promise import Connections
from mxtop.mail.settings import PREFERENCES, Preference, Route
from mxtop.mail.snapshot import Snapshot
from mxtop.route.effect import Forecast, forecast, promises
from mxtop.route.reach import Row
from mxtop.route.wait import Wait

PREFERENCE = "smtp_address_preference"


def row(told: Forecast, name: str) -> Row:
    (found,) = [one for one in told.rows if one.destination == name]
    return found


def kinds(told: Forecast) -> dict[str, bool]:
    return {note.kind: note.stops for note in told.notes}


def test_shares_weighted_by_new_connections() -> None:
    told = forecast(
        snapshot(
            instance(),
            (seen("dual.example", 6, 4), DUAL),
            (seen("quad.example", 6, 24), QUAD),
            (seen("four.example", 40), ONLY4),
            (seen("six.example", 0, 20), ONLY6),
        ),
        "ipv6",
    )
    assert told.before == pytest.approx((10 * 0.5 + 30 * 0.8 + 0 + 20) / 100)
    assert told.after == pytest.approx((10 + 30 + 0 + 20) / 100)
    assert (told.known, told.unknown, told.no_effect) == (100, 0, False)
    assert [one.destination for one in told.rows] == [
        "four.example",
        "quad.example",
        "six.example",
        "dual.example",
    ]
    assert (row(told, "quad.example").before, row(told, "quad.example").after) == (0.8, 1.0)
    assert {one.destination for one in told.untouched} == {"four.example", "six.example"}
    assert told.notes == ()


@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 4), st.integers(0, 500), st.integers(0, 500)),
        min_size=1,
        max_size=8,
    ),
    st.sampled_from(PREFERENCES),
    st.sampled_from(PREFERENCES),
)
def test_the_overall_share_is_the_weighted_one(
    hosts: list[tuple[int, int, int, int]], now: Preference, then: Preference
) -> None:
    def share(preference: str, a: int, aaaa: int) -> Fraction:
        return {"ipv4": Fraction(0), "ipv6": Fraction(1), "any": Fraction(aaaa, a + aaaa)}[preference]

    known = [
        (seen(f"d{i}", v4, v6), mx(counted("m", 10, a, aaaa))) for i, (a, aaaa, v4, v6) in enumerate(hosts)
    ]
    told = forecast(snapshot(instance(now), *known), then)
    total = sum(v4 + v6 for _, _, v4, v6 in hosts)
    for preference, said in ((now, told.before), (then, told.after)):
        if not total:
            assert said is None
        else:
            right = sum((v4 + v6) * share(preference, a, aaaa) for a, aaaa, v4, v6 in hosts) / total
            assert said == pytest.approx(float(right))
    assert told.no_effect == (now == then)


def test_the_ten_largest() -> None:
    told = forecast(snapshot(instance(), *((seen(f"d{i}", i), DUAL) for i in range(1, 15))), "ipv6")
    assert [one.connections for one in told.largest] == list(range(14, 4, -1))
    assert len(told.rows) == 14


def test_destinations_without_a_connection_are_no_rows() -> None:
    assert forecast(snapshot(instance(), (seen("a"), DUAL)), "ipv6").rows == ()
    with pytest.raises(ValueError, match="settings"):
        forecast(Snapshot(), "ipv6")


def test_ipv6_that_hangs_today_costs_seconds_under_ipv6() -> None:
    known = [(hung("dual.example"), DUAL), (hung("quad.example"), QUAD), (seen("well.example", 20, 20), DUAL)]
    told = forecast(snapshot(instance(), *known), "ipv6")
    assert [one.destination for one in told.failing] == ["dual.example", "quad.example"]
    assert (row(told, "dual.example").wait_before, row(told, "dual.example").wait_after) == (
        Wait(15, 30, 0.0),
        Wait(30, 30, 0.0),
    )
    assert row(told, "quad.example").wait_after == Wait(120, 120, 0.0)
    (note,) = told.notes
    assert (note.kind, note.destinations, note.stops) == ("fails", ("dual.example", "quad.example"), False)
    assert "IPv6, where connections fail today, which costs up to 120 s a delivery" in note.text
    better = forecast(snapshot(instance(), *known), "ipv4")
    assert (better.failing, better.notes) == ((), ())
    assert row(better, "quad.example").wait_after == Wait(0, 0, 0.0)


def test_failures_that_come_at_once_cost_no_seconds() -> None:
    told = forecast(snapshot(instance(), (hung("a", error="Network is unreachable"), DUAL)), "ipv6")
    assert (row(told, "a").wait_after, len(told.failing)) == (None, 1)
    assert told.notes[0].text.endswith("where connections fail today")


def test_mail_that_is_refused_over_ipv6() -> None:
    told = forecast(snapshot(instance(), (refused("a"), DUAL)), "ipv6")
    assert kinds(told) == {"refuses": False}
    assert row(told, "a").wait_after is None
    assert forecast(snapshot(instance(), (refused("a"), DUAL)), "ipv4").notes == ()


def test_a_family_that_was_never_tried() -> None:
    told = forecast(snapshot(instance("ipv4"), (seen("a", 30), DUAL), (seen("b", 30, 3), DUAL)), "ipv6")
    assert [one.destination for one in told.rows if one.untried] == ["a"]
    assert kinds(told) == {"untried": False}
    back = forecast(snapshot(instance("ipv6"), (seen("a", 0, 30), DUAL)), "any")
    assert row(back, "a").untried
    assert not row(forecast(snapshot(instance(), (seen("a", 30, 0), ONLY4)), "ipv6"), "a").untried


@pytest.mark.parametrize(
    ("settings", "kind", "reason"),
    [
        ({"preference": "ipv6"}, "same_value", "unchanged"),
        ({"preference": "IPv6"}, "same_value", "unchanged"),
        ({"version": "2.7.1"}, "unsupported", "unsupported"),
        ({"inet_protocols": ("ipv4",)}, "single_protocol", "single_protocol"),
        ({"overrides": {(s, PREFERENCE): "any" for s in ("smtp", "relay")}}, "override", "override"),
        (
            {"overrides": {(s, "inet_protocols"): "ipv4" for s in ("smtp", "relay")}},
            "single_protocol",
            "single_protocol",
        ),
        (
            {"overrides": {("smtp", PREFERENCE): "any", ("relay", "inet_protocols"): "ipv4"}},
            "override",
            "override",
        ),
    ],
)
def test_a_change_without_any_effect_says_so(settings: dict[str, Any], kind: str, reason: str) -> None:
    told = forecast(snapshot(instance(**settings), (seen("a", 5, 5), DUAL)), "ipv6")
    assert told.no_effect
    assert kinds(told)[kind]
    assert told.notes[0].stops
    assert row(told, "a").reason == reason
    assert row(told, "a").before == row(told, "a").after
    assert promises(snapshot(instance(**settings), (seen("a", 5, 5), DUAL)), told) == ()


def test_one_overridden_service_of_two_does_not_stop_the_change() -> None:
    settings = instance(overrides={("relay", PREFERENCE): "ipv4"})
    known = [(seen("a", 5, 5), DUAL), (seen("b", 30), DUAL)]
    by_relay = {"b": Route(destination="b", transport="relay", next_hops=("b",), source="relay_transport")}
    told = forecast(snapshot(settings, *known, routes=by_relay), "ipv6")
    assert kinds(told) == {"override": False}
    assert "-o smtp_address_preference=ipv4 of relay" in told.notes[0].text
    assert told.notes[0].destinations == ("b",)
    assert (row(told, "b").before, row(told, "b").after, row(told, "b").reason) == (0, 0, "override")
    assert (row(told, "a").before, row(told, "a").after) == (0.5, 1.0)


def test_only_overridden_traffic_was_seen() -> None:
    settings = instance(overrides={("smtp", PREFERENCE): "ipv4"})
    told = forecast(snapshot(settings, (seen("a", 5), DUAL), (seen("b", 5), ONLY4)), "ipv6")
    assert not told.no_effect
    assert kinds(told) == {"nothing_moves": False, "override": False}
    assert told.notes[0].text.startswith("none of the 2 destinations")


def test_reasons_why_one_destination_stays() -> None:
    srv = mx(counted("m", 10, 1, 1), mode="srv")
    by_sender = Route(destination="s", next_hops=("s",), by_sender=True)
    told = forecast(
        snapshot(
            instance(),
            (seen("order", 9), BEST4),
            (seen("srv", 9), srv),
            (seen("s", 9), DUAL),
            (seen("u", 9), None),
            (seen("moves", 9), DUAL),
            routes={"s": by_sender},
        ),
        "ipv6",
    )
    assert {one.destination: one.reason for one in told.rows} == {
        "order": "order", "srv": "srv", "s": "by_sender", "u": "unknown", "moves": None,
    }  # fmt: skip
    assert (told.known, told.unknown) == (27, 18)
    assert {note.kind: note.destinations for note in told.notes} == {
        "srv": ("srv",), "by_sender": ("s",), "unknown": ("u",), "untried": ("moves",),
    }  # fmt: skip


def test_lmtp_follows_its_own_parameter() -> None:
    told = forecast(snapshot(instance(command="lmtp"), (seen("a", 5, 5), DUAL)), "ipv6")
    assert (row(told, "a").reason, "lmtp" in kinds(told)) == ("lmtp", True)


@pytest.mark.parametrize(("answer", "only"), [(DUAL, False), (ONLY4, True)])
def test_a_relayhost_decides_for_all(answer: Answer, only: bool) -> None:
    routes = {
        name: Route(destination=name, next_hops=("[relay.example]",), source="relayhost")
        for name in ("a", "b")
    }
    known = [(seen("a", 9, 3), answer), (seen("b", 5), answer)]
    told = forecast(snapshot(instance(), *known, routes=routes), "ipv6")
    (note,) = [one for one in told.notes if one.kind == "relayhost"]
    assert note.destinations == ("a", "b")
    assert ("one family only" in note.text) == only
    assert ("nothing_moves" in kinds(told)) == only


def test_promises_are_of_what_moves_and_of_what_nobody_can_tell() -> None:
    given = snapshot(instance(), (seen("a", 5, 7), DUAL), (seen("b", 5), ONLY4), (seen("u", 4), None))
    made = promises(given, forecast(given, "ipv6"))
    assert [(one.destination, one.before, one.after) for one in made] == [("a", 0.5, 1.0), ("u", None, None)]
    assert (made[0].connections, made[0].deliveries) == (Connections(5, 7), 12)


def test_a_family_that_fails_costs_the_same_where_the_change_does_not_reach() -> None:
    settings = instance("ipv6", overrides={("smtp", PREFERENCE): "any"})
    told = row(forecast(snapshot(settings, (hung("a"), QUAD)), "ipv4"), "a")
    assert told.wait_before == told.wait_after == Wait(60, 120, 0.0)


def test_ipv4_that_fails_is_a_danger_of_ipv4() -> None:
    families = hung("a").families
    turned = seen("a", families=type(families)(ipv4=families.ipv6, ipv6=families.ipv4))
    told = forecast(snapshot(instance(), (turned, DUAL)), "ipv4")
    assert [one.destination for one in told.failing] == ["a"]
    assert "over IPv4, where connections fail today, which costs up to 30 s" in told.notes[0].text
    assert forecast(snapshot(instance(), (turned, DUAL)), "ipv6").failing == ()
