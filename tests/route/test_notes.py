"""What is told before a change: what stops it, what decides instead, what it would run into."""

from __future__ import annotations

from typing import Any

import pytest
from tests.route.hosts import DUAL, instance, seen, snapshot

from mxtop.mail.settings import Route, Settings
from mxtop.mail.snapshot import Snapshot
from mxtop.route.health import Ailment
from mxtop.route.notes import Note, notes
from mxtop.route.reach import Reason, Row
from mxtop.route.wait import Wait


def told(settings: Settings | None, *rows: Row, value: Any = "ipv6", **more: Any) -> tuple[Note, ...]:
    return notes(Snapshot(settings=settings, **more), value, rows)


def row(name: str = "a.example", reason: Reason | None = None, **more: Any) -> Row:
    return Row(
        **{"destination": name, "connections": 1, "before": 0.5, "after": 1.0, "reason": reason, **more}
    )


def sick(name: str, kind: Any, cost: float | None = None, **more: Any) -> Row:
    """A destination whose IPv6 fails."""
    ailment = Ailment(family="ipv6", kind=kind, failed=20, tried=20, other_failed=0, other_tried=20)
    wait = None if cost is None else Wait(cost, cost, 0.0)
    return row(name, ailment=ailment, wait_after=wait, **more)


def test_a_change_that_does_what_it_should_has_nothing_to_tell() -> None:
    assert told(instance(), row()) == ()
    assert told(instance()) == ()
    assert told(None, row()) == ()


def test_the_value_that_is_set_already_stops_it_in_any_letters() -> None:
    (note,) = told(instance("IPv6"), row())
    assert (note.kind, note.stops) == ("same_value", True)
    assert note.text == "smtp_address_preference is ipv6 already"
    assert told(instance("ipv4"), row()) == ()


def test_a_version_without_the_parameter_stops_it() -> None:
    (note,) = told(instance(version="2.7.1"), row())
    assert (note.kind, note.stops) == ("unsupported", True)
    assert "2.7.1" in note.text


def test_one_deaf_service_of_two_is_told_and_stops_nothing() -> None:
    (note,) = told(
        instance(overrides={("relay", "smtp_address_preference"): "ipv4"}),
        row("b.example", "override"),
        row(),
    )
    assert (note.kind, note.stops, note.destinations) == ("override", False, ("b.example",))
    assert note.text == "-o smtp_address_preference=ipv4 of relay in master.cf wins over main.cf"


def test_all_services_deaf_stop_it_each_for_its_own_reason() -> None:
    overrides = {("relay", "smtp_address_preference"): "ipv4", ("smtp", "inet_protocols"): "ipv4"}
    told_of = {note.kind: note for note in told(instance(overrides=overrides), row("a.example", "override"))}
    assert told_of.keys() == {"single_protocol", "override"}
    assert all(note.stops for note in told_of.values())
    assert told_of["single_protocol"].text == ("inet_protocols = ipv4 for smtp: Postfix uses IPv4 only there")


def test_two_families_alone_name_no_destinations_as_none_can_be_told_apart() -> None:
    overrides = {("relay", "inet_protocols"): "ipv6", ("smtp", "inet_protocols"): "ipv4"}
    found = told(instance(overrides=overrides), row("a.example", "single_protocol"))
    assert [(note.kind, note.destinations, note.stops) for note in found] == [
        ("single_protocol", (), True),
        ("single_protocol", (), True),
    ]


@pytest.mark.parametrize(("reason", "word"), [("lmtp", "lmtp_address_preference"), ("srv", "SRV records")])
def test_who_decides_instead(reason: Reason, word: str) -> None:
    (note,) = told(instance(), row(), row("b.example", reason))
    assert (note.kind, note.destinations, note.stops) == (reason, ("b.example",), False)
    assert word in note.text


def test_a_sender_dependent_map_is_told() -> None:
    (note,) = told(instance(), row(), row("b.example", "by_sender"))
    assert (note.kind, note.destinations) == ("by_sender", ("b.example",))


def test_what_moves_nothing_says_so_first_but_not_where_something_stops_it_or_is_unknown() -> None:
    still = row("b.example", "one_family")
    (note,) = told(instance(), row("a.example", "order"), still)
    assert (note.kind, note.stops) == ("nothing_moves", False)
    assert note.text == "none of the 2 destinations seen would be tried in another order"
    assert [note.kind for note in told(instance("ipv6"), still)] == ["same_value"]
    assert [note.kind for note in told(instance(), still, row("c.example", "unknown"))] == ["unknown"]
    assert [note.kind for note in told(instance(), still, row("c.example", "srv"))] == [
        "nothing_moves",
        "srv",
    ]


def test_a_relayhost_is_named_with_the_mail_that_goes_there() -> None:
    route = Route(destination="a.example", next_hops=("[relay.example]:587",), source="relayhost")
    world = snapshot(instance(), (seen("a.example", 1), DUAL), routes={"a.example": route})
    (note,) = notes(world, "ipv6", [row("a.example"), row("b.example")])
    assert (note.kind, note.destinations) == ("relayhost", ("a.example",))
    assert "the relayhost [relay.example]:587:" in note.text
    nothing, note = notes(world, "ipv6", [row("a.example", "one_family")])
    assert nothing.kind == "nothing_moves"
    assert "which has addresses of one family only" in note.text


def test_dangers_by_kind_with_the_greatest_cost() -> None:
    found = told(
        instance(),
        sick("a.example", "connect", cost=15.0),
        sick("b.example", "connect", cost=30.0),
        sick("c.example", "refused"),
        sick("d.example", "connect", before=1.0, after=0.0),  # less over the family that fails
        row("e.example", untried=True),
        row("f.example", "unknown", before=None, after=None),
    )
    assert [(note.kind, note.destinations) for note in found] == [
        ("fails", ("a.example", "b.example")),
        ("refuses", ("c.example",)),
        ("untried", ("e.example",)),
        ("unknown", ("f.example",)),
    ]
    assert found[0].text == (
        "more first tries would go over IPv6, where connections fail today, which costs up to 30 s a delivery"
    )
    assert found[1].text == "more mail would go over IPv6, where it is deferred or bounced today"


def test_a_danger_that_costs_no_time_names_none() -> None:
    (note,) = told(instance(), sick("a.example", "connect", cost=0.0))
    assert note.text.endswith("where connections fail today")
    (note,) = told(instance(), sick("a.example", "connect"))
    assert note.text.endswith("where connections fail today")
