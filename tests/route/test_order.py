"""The order that is shown, and where Postfix cuts it."""

from __future__ import annotations

import pytest
from tests.route.worlds import counted, mx, said, v4, v6

from mxtop.mail.answer import Address, MxHost
from mxtop.mail.settings import Transport
from mxtop.mail.snapshot import Candidate
from mxtop.route.features import Features, features
from mxtop.route.order import cut, effective

NOW = Features()


def families(order: tuple[Candidate, ...]) -> str:
    return "".join(candidate.family[-1] for candidate in order)


def of(text: str) -> list[Candidate]:
    return [
        Candidate(10, "m", v4(i) if char == "4" else v6(i), "ipv4" if char == "4" else "ipv6")
        for i, char in enumerate(text)
    ]


@pytest.mark.parametrize(
    ("order", "limit", "kept"),
    [
        ("66666664", 5, "66664"),  # few IPv4: all of them stay
        ("44444446", 5, "44446"),
        ("664444", 5, "66444"),
        ("446666", 5, "44666"),
        ("66664444", 5, "66644"),  # both many: the family that comes first gets the odd one
        ("44446666", 5, "44466"),
        ("46464646", 4, "4646"),
        ("6464", 5, "6464"),
        ("66666666", 5, "66666"),
        ("666444", 1, "6"),
        ("666444", 0, "666444"),  # no limit
    ],
)
def test_balance(order: str, limit: int, kept: str) -> None:
    assert families(cut(of(order), Transport(smtp_mx_address_limit=limit), NOW)) == kept


def test_without_balance_the_other_family_may_never_be_tried() -> None:
    for transport, rules in (
        (Transport(smtp_balance_inet_protocols=False), NOW),
        (Transport(smtp_balance_inet_protocols=None), NOW),
        (Transport(), features("3.2.0")),
    ):
        assert families(cut(of("66666664"), transport, rules)) == "66666"


def test_the_example_mixes_families_in_proportion() -> None:
    assert families(said(mx(counted("m", 10, 1, 4))).order) == "66466"
    assert families(said(mx(counted("m", 10, 3, 1))).order) == "4464"
    assert families(said(mx(counted("m", 10, 1, 1), counted("n", 20, 1, 1, start=7))).order) == "4646"


def test_the_example_follows_the_preference_within_one_mx_preference_only() -> None:
    world = mx(counted("m", 10, 2, 1), counted("n", 20, 1, 1, start=7))
    assert families(said(world, Transport(smtp_address_preference="IPv6")).order) == "64464"
    assert families(said(world, Transport(smtp_address_preference="ipv4")).order) == "44646"


def test_heavy_srv_targets_come_first() -> None:
    targets = [
        MxHost(
            preference=p, host=f"t{w}", weight=w, addresses=(Address(v6(w), "ipv6"), Address(v4(w), "ipv4"))
        )
        for p, w in ((20, 9), (10, 1), (10, 5))
    ]
    order = said(mx(*targets, mode="srv"), Transport(smtp_mx_address_limit=0)).order
    assert [(c.host, c.family) for c in order] == [
        (host, family) for host in ("t5", "t1", "t9") for family in ("ipv4", "ipv6")
    ]


def test_at_most_a_hundred_records() -> None:
    many = counted("m", 10, 60, 60)
    assert len(said(mx(many), mail_version="3.7.11").candidates) == 100
    assert len(said(mx(many), mail_version="3.7.10").candidates) == 120
    assert said(mx(many)).shares.any == pytest.approx(0.4)
    assert "more than 100" in said(mx(many)).warnings[0]
    best_last = [counted(f"m{i}", 20, 1, 0, start=1) for i in range(100)] + [counted("best", 10, 0, 1)]
    assert said(mx(*best_last), mail_version="3.7.11").shares.any == 0  # the best MX is number 101
    assert said(mx(*best_last), mail_version="3.7.10").shares.any == 1


def test_effective() -> None:
    assert effective(Transport(smtp_address_preference="IPV4"), NOW) == "ipv4"
    for value in ("", "all", "ipv5", "ipv4, ipv6", '"ipv4"', "$x"):
        assert effective(Transport(smtp_address_preference=value), NOW) is None
    assert effective(Transport(smtp_address_preference="any"), features("2.7.0")) == "ipv6"
