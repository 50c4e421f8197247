"""One destination under another preference: what moves, what keeps it, and what it costs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.route.hosts import BEST4, DUAL, ONLY4, QUAD, instance, seen, snapshot
from tests.route.worlds import counted, mx

from mxtop.mail.answer import Answer
from mxtop.mail.settings import Override, Preference, Route, Settings
from mxtop.mail.snapshot import Families, FamilyCounts, Outlook
from mxtop.route.health import Ailment
from mxtop.route.reach import Row, reach

NAME = "a.example"
HANGS = Ailment(
    family="ipv6", kind="connect", failed=20, tried=20, other_failed=0, other_tried=20, hangs=True
)


def row(
    answer: Answer | None = DUAL,
    value: Preference = "ipv6",
    settings: Settings | None = None,
    ailment: Ailment | None = None,
    route: Route | None = None,
    **counts: Any,
) -> Row:
    settings = settings or instance()
    destination = seen(NAME, 6, 4, **counts)
    world = snapshot(settings, (destination, answer), routes={NAME: route} if route else None)
    return reach(destination, 10, world.outlooks.get(NAME), settings, value, ailment)


def told(found: Row) -> tuple[float | None, float | None, str | None]:
    return found.before, found.after, found.reason


def test_what_moves_has_no_reason() -> None:
    assert told(row(QUAD)) == (0.8, 1.0, None)
    assert told(row(QUAD, "ipv4")) == (0.8, 0.0, None)
    assert told(row(QUAD, "any", instance("ipv4"))) == (0.0, 0.8, None)
    assert (row().destination, row().connections) == (NAME, 10)


def test_what_is_not_known_is_not_guessed() -> None:
    unknown = (None, None, "unknown")
    assert told(row(None)) == unknown
    settings = instance()
    route = Route(destination=NAME, next_hops=(NAME,))
    for outlook in (Outlook(destination=NAME), Outlook(destination=NAME, route=route, pending=True)):
        assert told(reach(seen(NAME), 0, outlook, settings, "ipv6", None)) == unknown
    assert reach(seen(NAME), 0, None, settings, "ipv6", HANGS).ailment is HANGS  # the log knows that


def test_where_the_sender_decides_there_is_no_single_share() -> None:
    route = Route(destination=NAME, next_hops=(NAME,), by_sender=True)
    assert told(row(route=route)) == (None, None, "by_sender")


@pytest.mark.parametrize(
    ("settings", "answer", "expected"),
    [
        (instance(version="2.7.1"), DUAL, "unsupported"),
        (instance(command="lmtp"), DUAL, "lmtp"),
        (instance(overrides={("smtp", "smtp_address_preference"): "ipv4"}), DUAL, "override"),
        (instance("ipv6"), DUAL, "unchanged"),
        (instance(inet_protocols=("ipv4",)), DUAL, "single_protocol"),
        (instance(), mx(counted("m", 10, 1, 1), mode="srv"), "srv"),
        (instance(), ONLY4, "one_family"),
        (instance(), BEST4, "order"),
    ],
)
def test_why_it_stays(settings: Settings, answer: Answer, expected: str) -> None:
    found = row(answer, settings=settings)
    assert found.reason == expected
    assert found.before == found.after


def test_an_override_of_another_service_or_setting_is_none() -> None:
    plain = instance()
    for override in (
        Override("relay", "smtp_address_preference", "ipv4"),
        Override("smtp", "smtp_connect_timeout", "3s"),
    ):
        assert told(row(settings=replace(plain, overrides=(override,)))) == (0.5, 1.0, None)


@pytest.mark.parametrize(
    ("value", "counts", "untried"),
    [
        ("ipv6", {}, True),
        ("ipv6", {"ipv6": FamilyCounts(connections=5, failed_connects=5)}, False),
        ("ipv6", {"ipv6": FamilyCounts(connections=5)}, False),
        ("ipv6", {"ipv6": FamilyCounts(failed_connects=5)}, False),
        ("ipv6", {"ipv4": FamilyCounts(connections=5)}, True),
        ("ipv4", {"ipv4": FamilyCounts(connections=5)}, False),
        ("ipv4", {"ipv6": FamilyCounts(connections=5)}, True),
    ],
)
def test_a_family_that_the_log_has_never_seen_there(
    value: Preference, counts: dict[str, FamilyCounts], untried: bool
) -> None:
    assert row(value=value, families=Families(**counts)).untried == untried


def test_nothing_is_untried_where_nothing_moves() -> None:
    assert not row(ONLY4, families=Families()).untried


def test_only_more_tries_over_the_family_that_fails_are_worse() -> None:
    assert row(ailment=HANGS).worse
    assert not row(value="ipv4", ailment=HANGS).worse
    assert not row().worse
    assert not row(ONLY4, ailment=HANGS).worse  # nothing moves
    assert not row(None, ailment=HANGS).worse  # not known
    for before, after in ((None, 1.0), (0.5, None)):
        assert not Row(destination=NAME, connections=1, before=before, after=after, ailment=HANGS).worse


def test_a_hanging_family_costs_its_timeout_now_and_then() -> None:
    found = row(ailment=HANGS)
    assert found.wait_before is not None
    assert found.wait_after is not None
    assert (found.wait_before.expected, found.wait_after.expected) == (15.0, 30.0)


def test_what_refuses_at_once_costs_nothing() -> None:
    quick = Ailment(family="ipv6", kind="connect", failed=20, tried=20, other_failed=0, other_tried=20)
    refused = Ailment(
        family="ipv6", kind="refused", failed=20, tried=20, other_failed=0, other_tried=20, hangs=True
    )
    for ailment in (quick, refused):
        assert (row(ailment=ailment).wait_before, row(ailment=ailment).wait_after) == (None, None)


def test_a_transport_that_does_not_listen_waits_as_before() -> None:
    settings = instance(overrides={("smtp", "smtp_address_preference"): "ipv4"})
    found = row(settings=settings, ailment=HANGS)
    assert found.wait_before is not None
    assert found.wait_before == found.wait_after
    assert found.wait_before.expected == 0.0
