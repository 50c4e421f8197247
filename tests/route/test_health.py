"""A family is said to ail only where the counts prove it."""

from __future__ import annotations

import random

import pytest
from tests.route.hosts import hung, refused, seen

from mxtop.mail.snapshot import Destination, Failure, Families, FamilyCounts
from mxtop.route.health import Ailment, ailments, fine, suspicions


def counts(
    ipv4: tuple[int, int], ipv6: tuple[int, int], kind: str = "connect", name: str = "a.example"
) -> Destination:
    """(failed, tried) by family: connections, or delivery lines."""

    def made(failed: int, tried: int) -> FamilyCounts:
        if kind == "connect":
            return FamilyCounts(connections=tried - failed, failed_connects=failed)
        return FamilyCounts(sent=tried - failed, deferred=failed // 2, bounced=failed - failed // 2)

    return Destination(destination=name, families=Families(ipv4=made(*ipv4), ipv6=made(*ipv6)))


def test_ipv6_connections_that_fail_while_ipv4_works() -> None:
    assert ailments([hung("a.example")]) == {
        "a.example": Ailment(
            family="ipv6", kind="connect", failed=20, tried=20, other_failed=0, other_tried=40, hangs=True
        )
    }


def test_mail_that_bounces_over_ipv6_alone() -> None:
    assert ailments([refused("a.example")]) == {
        "a.example": Ailment(
            family="ipv6", kind="refused", failed=20, tried=20, other_failed=0, other_tried=20
        )
    }


@pytest.mark.parametrize("kind", ["connect", "refused"])
@pytest.mark.parametrize(
    ("ipv4", "ipv6", "family"),
    [
        ((0, 30), (30, 30), "ipv6"),
        ((30, 30), (0, 30), "ipv4"),
        ((0, 30), (15, 25), "ipv6"),
        ((2, 30), (30, 30), "ipv6"),
        ((0, 30), (9, 9), None),  # fewer than the sample
        ((0, 9), (30, 30), None),
        ((30, 30), (30, 30), None),  # both fail: port 25 is blocked, or the server is down
        ((4, 30), (30, 30), None),  # IPv4 is not fine either
        ((0, 300), (140, 300), None),  # fewer than half
        ((1, 10), (6, 10), None),  # that may be chance
        ((0, 0), (0, 0), None),
    ],
)
def test_what_is_proof(kind: str, ipv4: tuple[int, int], ipv6: tuple[int, int], family: str | None) -> None:
    found = ailments([counts(ipv4, ipv6, kind)]).get("a.example")
    assert (found.family if found else None) == family
    assert found is None or found.kind == kind


def test_instant_failures_do_not_hang_and_forgotten_ones_might() -> None:
    assert not ailments([hung("a", error="Connection refused")])["a"].hangs
    assert not ailments([hung("a", error="Network is unreachable")])["a"].hangs
    assert ailments([counts((0, 30), (30, 30))])["a.example"].hangs
    other = Failure("", "connect_failed", "mx", "192.0.2.1", "Connection refused")
    row = Destination(destination="a", families=hung("a").families, failures=(other,))
    assert ailments([row])["a"].hangs


def test_more_destinations_ask_for_more_proof() -> None:
    just = counts((0, 18), (18, 18), name="b.example")
    assert "b.example" in ailments([just])
    many = [seen(f"d{i}.example", 10, 10) for i in range(5000)]
    assert ailments([just, *many]) == {}
    assert "b.example" in ailments([just, *(seen(f"d{i}.example", 10) for i in range(5000))])  # not judged


def test_chance_alone_names_nobody() -> None:
    """Sixty looks at thirty destinations whose families fail alike."""
    dice = random.Random(5)
    named = 0
    for _ in range(60):
        chance = dice.random()
        rows = [
            counts(*((sum(dice.random() < chance for _ in range(n)), n) for n in (12, 12)), name=str(i))
            for i in range(30)
        ]
        named += bool(ailments(rows))
    assert named <= 2


@pytest.mark.parametrize("kind", ["connect", "refused"])
def test_doubt_is_enough_not_to_be_called_fine(kind: str) -> None:
    assert fine(counts((1, 10), (0, 3), kind))
    assert not fine(counts((2, 10), (0, 3), kind))
    assert not fine(counts((0, 10), (1, 3), kind))
    assert fine(counts((0, 0), (0, 0), kind))


@pytest.mark.parametrize("kind", ["connect", "refused"])
@pytest.mark.parametrize(
    ("ipv4", "ipv6", "family"),
    [
        ((0, 20), (9, 9), "ipv6"),  # no proof, but nobody would call it well
        ((0, 2), (2, 2), "ipv6"),
        ((0, 0), (3, 3), "ipv6"),  # the other was never tried
        ((5, 8), (0, 20), "ipv4"),
        ((0, 20), (1, 1), None),  # one may be anything
        ((0, 20), (4, 10), None),  # more often well than not
        ((9, 9), (9, 9), None),  # both fail: another family would change nothing
        ((0, 0), (0, 0), None),
    ],
)
def test_what_a_preview_does_not_keep_quiet_about(
    kind: str, ipv4: tuple[int, int], ipv6: tuple[int, int], family: str | None
) -> None:
    row = counts(ipv4, ipv6, kind)
    assert ailments([row]) == {}
    found = suspicions([row])
    assert [one.family for one in found.values()] == ([family] if family else [])
    for one in found.values():
        mine, other = (ipv6, ipv4) if family == "ipv6" else (ipv4, ipv6)
        assert (one.kind, one.failed, one.tried) == (kind, *mine)
        assert (one.other_failed, one.other_tried) == other
