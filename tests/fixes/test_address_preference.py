"""What the fix finds, on snapshots written out, and that it keeps quiet where the evidence is thin."""

from __future__ import annotations

import random

import pytest
from tests.route.hosts import BEST4, DUAL, ONLY4, QUAD, hung, instance, refused, seen, snapshot

from mxtop.fixes import FIXES, diagnose
from mxtop.fixes.address_preference import ADDRESS_PREFERENCE as FIX
from mxtop.mail.answer import Answer
from mxtop.mail.finding import Evidence, Finding
from mxtop.mail.setting_change import SettingChange
from mxtop.mail.settings import Settings
from mxtop.mail.snapshot import Destination, Snapshot


def found(*known: tuple[Destination, Answer | None], settings: Settings | None = None) -> dict[str, Finding]:
    told = diagnose(snapshot(settings or instance(), *known))
    assert len({one.id for one in told}) == len(told)
    return {one.id: one for one in told}


def test_it_is_registered_and_sets_one_parameter_by_reload() -> None:
    assert FIXES["address-preference"] is FIX
    assert [value.name for value in FIX.values] == ["any", "ipv6", "ipv4"]
    assert FIX.activation == "reload"
    assert FIX.changes(instance("any"), "ipv6") == (
        SettingChange("smtp_address_preference", None, "any", "ipv6"),
    )
    assert FIX.changes(instance("IPv6"), "ipv6") == ()
    for value in ("IPV6", "all", "ipv4, ipv6", "", "$x"):
        with pytest.raises(ValueError, match="any, ipv6, ipv4"):
            FIX.changes(instance(), value)


def test_postfixs_own_judgement_stands_beside_the_values() -> None:
    assert {value.name: value.safe for value in FIX.values} == {"any": True, "ipv6": False, "ipv4": False}
    assert "unsafe" in FIX.value("ipv6").risk
    assert "unsafe" in FIX.value("ipv4").risk
    assert "-o inet_protocols=ipv4" in FIX.value("ipv4").instead


def test_the_seed_story_mail_goes_both_ways_under_any() -> None:
    told = found(
        (seen("dual.example", 12, 13), DUAL), (seen("quad.example", 9, 31), QUAD), (seen("four", 80), ONLY4)
    )
    assert list(told) == ["mixed-families"]
    mixed = told["mixed-families"]
    assert mixed.evidence == (
        Evidence("new connections over IPv4", 21),
        Evidence("new connections over IPv6", 44),
    )
    assert (mixed.fix, mixed.value) == ("address-preference", "ipv6")
    assert mixed.destinations == ("quad.example", "dual.example")
    assert "44 of 65 new connections to 2 destinations went over IPv6" in mixed.sentence


@pytest.mark.parametrize("preference", ["ipv4", "ipv6", "any"])
@pytest.mark.parametrize(
    ("row", "answer"),
    [
        (seen("a", 9, 10), DUAL),  # too few
        (seen("a", 40, 2), DUAL),  # hardly any over IPv6
        (seen("a", 40, 40), BEST4),  # the best MX decides
        (seen("a", 40, 40), ONLY4),
        (seen("a", 40, 40), None),  # DNS not known
        (hung("a", ipv4=40, failed=9), DUAL),
        (hung("a", ipv4=9, failed=40), DUAL),
        (refused("a", bounced=9), DUAL),
        (refused("a", sent=9, bounced=30), DUAL),
    ],
)
def test_no_wolf(row: Destination, answer: Answer | None, preference: str) -> None:
    assert found((row, answer), settings=instance(preference)) == {}


def test_no_finding_of_chance_where_another_setting_decides() -> None:
    row = (seen("a", 40, 40), DUAL)
    parameter = "smtp_address_preference"
    assert found(row, settings=instance("ipv6")) == {}
    assert found(row, settings=instance(overrides={("smtp", parameter): "any"})) == {}
    assert found(row, settings=instance(inet_protocols=("ipv6",))) == {}


def test_ipv6_that_fails_while_ipv4_works() -> None:
    told = found((hung("small", ipv4=30, failed=15), DUAL), (hung("big", ipv4=60, failed=30), QUAD))
    assert list(told) == ["ipv6-connections-fail"]
    failing = told["ipv6-connections-fail"]
    assert (failing.fix, failing.value) == ("address-preference", "ipv4")
    assert failing.evidence == (
        Evidence("IPv6 connections that failed", 45),
        Evidence("IPv6 connections tried", 45),
        Evidence("IPv4 connections that failed", 0),
        Evidence("IPv4 connections tried", 90),
        Evidence("seconds that the worst of them adds to a delivery, on average", 60.0),
    )
    assert "waits up to 60 s" in failing.sentence
    assert "IPv6 route" in failing.advice
    assert failing.destinations == ("big", "small")


def test_failures_that_come_at_once_add_no_seconds() -> None:
    told = found((hung("a", error="Connection refused"), DUAL))["ipv6-connections-fail"]
    assert len(told.evidence) == 4
    assert told.sentence == "Connections over IPv6 to a fail while IPv4 works."


def test_mail_refused_over_ipv6_alone() -> None:
    told = found((refused("a"), DUAL), (seen("b", 20, 20), DUAL))
    assert list(told) == ["ipv6-mail-refused", "mixed-families"]
    spam = told["ipv6-mail-refused"]
    assert spam.evidence[:2] == (
        Evidence("deliveries refused over IPv6", 20),
        Evidence("deliveries over IPv6", 20),
    )
    assert spam.value == "ipv4"
    assert spam.sentence == "Mail to a is deferred or bounced over IPv6 and accepted over IPv4."
    assert "-o inet_protocols=ipv4" in spam.advice
    assert told["mixed-families"].destinations == ("b",)  # an ailing family is the other finding's


def test_the_other_way_round() -> None:
    row = refused("a")
    turned = type(row.families)(ipv4=row.families.ipv6, ipv6=row.families.ipv4)
    told = found((seen("a", families=turned), DUAL))["ipv4-mail-refused"]
    assert (told.value, "inet_protocols" in told.advice) == ("ipv6", False)


def test_a_value_that_would_not_help_is_not_suggested() -> None:
    for settings in (instance("ipv4"), instance(inet_protocols=("ipv6",))):
        for known in (hung("a"), refused("a")):
            (told,) = found((known, DUAL), settings=settings).values()
            assert (told.fix, told.value) == (None, None)
    (told,) = found((hung("a"), None), settings=instance("ipv4")).values()
    assert told.value is None
    (unknown,) = found((hung("a"), None)).values()
    assert unknown.value == "ipv4"


def test_nothing_is_found_before_the_settings_are_known() -> None:
    assert diagnose(Snapshot(destinations=(hung("a"),))) == ()


def test_a_healthy_host_is_left_in_peace() -> None:
    """Forty looks at twenty destinations that fail now and then, over both families alike."""
    dice = random.Random(11)
    for _ in range(40):
        rows = []
        for i in range(20):
            lost = dice.random() * 0.3
            ok4, ok6 = (sum(dice.random() > lost for _ in range(15)) for _ in range(2))
            row = seen(f"d{i}", ok4, ok6)
            counts = row.families
            failing = [
                type(counts.ipv4)(connections=ok, sent=ok, failed_connects=15 - ok) for ok in (ok4, ok6)
            ]
            rows.append((seen(f"d{i}", families=type(counts)(ipv4=failing[0], ipv6=failing[1])), DUAL))
        assert set(found(*rows)) <= {"mixed-families"}
