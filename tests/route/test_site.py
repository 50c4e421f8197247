"""What Postfix makes of each kind of answer."""

from __future__ import annotations

import pytest
from tests.route.worlds import counted, host, mx, said, v4, v6

from mxtop.mail.answer import Address, Answer, LookupStatus, MxHost
from mxtop.mail.settings import Transport
from mxtop.route.features import features
from mxtop.route.predict import predict
from mxtop.route.site import resolve

DUAL = counted("mx1.example", 10, 1, 1)
V4_ONLY = Transport(inet_protocols=("ipv4",))


def failing(ipv4: LookupStatus | None, ipv6: LookupStatus | None, preference: int = 10) -> MxHost:
    return MxHost(preference=preference, host="dead.example", ipv4=ipv4, ipv6=ipv6)


def implicit(status: LookupStatus, *hosts: MxHost) -> Answer:
    return mx(*hosts, status=status)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (mx(DUAL), "ok"),
        (implicit("nodata", counted("example.org", 0, 1, 1)), "implicit_mx"),
        (implicit("nxdomain", counted("example.org", 0, 1, 0)), "implicit_mx"),
        (implicit("nxdomain", failing("nxdomain", "nxdomain", 0)), "nxdomain"),
        (implicit("nxdomain"), "nxdomain"),
        (implicit("nodata", failing("nodata", "nodata", 0)), "no_address"),
        (implicit("servfail"), "servfail"),
        (implicit("timeout"), "timeout"),
        (implicit("refused"), "refused"),
        (mx(failing("nxdomain", "nxdomain")), "no_address"),
        (mx(failing("servfail", "nodata")), "servfail"),
        (mx(failing("timeout", "nodata")), "timeout"),
        (mx(failing("refused", "refused")), "refused"),
        (mx(null_mx=True), "null_mx"),
        (mx(DUAL, null_mx=True), "null_mx"),
        (mx(MxHost(preference=0, host="."), null_mx=True), "null_mx"),
        (Answer(name="mx1.example", mode="host", hosts=(DUAL,)), "ok"),
        (Answer(name="x", mode="host", hosts=(failing("nxdomain", "nxdomain", 0),)), "nxdomain"),
        (Answer(name="x", mode="host", hosts=(failing("nodata", "nodata", 0),)), "no_address"),
        (mx(mode="srv", status="nxdomain"), "nxdomain"),
        (mx(mode="srv", status="nodata"), "no_address"),
        (mx(mode="srv", status="timeout"), "timeout"),
    ],
)
def test_status(answer: Answer, status: str) -> None:
    prediction = said(answer)
    assert prediction.status == status
    tried = status in ("ok", "implicit_mx")
    assert bool(prediction.order) is tried
    assert (prediction.shares.now is not None) is tried
    assert prediction.why


def test_a_failed_family_counts_like_no_address_of_it() -> None:
    """dns_lookup_rv(): the best status wins."""
    half = host("mx1.example", a=[v4(1)], ipv6="timeout")
    prediction = said(mx(half, counted("mx2.example", 20, 1, 1, start=5)))
    assert prediction.status == "ok"
    assert prediction.shares.ipv6 == 0
    assert "AAAA lookup of mx1.example fails (timeout)" in prediction.why


def test_null_mx_before_3_0_is_only_one_bad_record() -> None:
    world = mx(MxHost(preference=0, host="."), DUAL, null_mx=True)
    assert said(world, mail_version="2.11.11").status == "ok"
    assert said(world, mail_version="3.0.0").status == "null_mx"
    assert said(mx(null_mx=True), mail_version="2.11.11").status == "null_mx"


def test_ignore_mx_lookup_error_goes_on_with_addresses() -> None:
    world = mx(counted("example.org", 0, 1, 1), status="servfail")
    assert said(world).status == "servfail"
    lenient = said(world, Transport(ignore_mx_lookup_error=True))
    assert (lenient.status, lenient.shares.any) == ("implicit_mx", 0.5)


def test_one_family() -> None:
    assert said(mx(DUAL), V4_ONLY).shares.ipv6 == 0
    assert said(mx(DUAL), Transport(inet_protocols=("ipv6",))).shares.ipv4 == 1
    only6 = said(mx(counted("mx1.example", 10, 0, 1)), V4_ONLY)
    assert (only6.status, only6.order) == ("no_address", ())
    assert "inet_protocols = ipv4" in only6.why


def test_a_numeric_mx_is_its_own_address() -> None:
    numeric = MxHost(preference=10, host="192.0.2.1", addresses=(Address("192.0.2.1", "ipv4"),))
    prediction = said(mx(numeric, warnings=("numeric MX",)))
    assert (prediction.status, prediction.shares.now) == ("ok", 0)
    assert prediction.warnings == ("numeric MX",)


def test_nothing_is_taken_out_twice() -> None:
    twice = mx(host("a", 10, [v4(1)]), host("b", 10, [v4(1)], [v6(1)]))
    assert said(twice).shares.any == pytest.approx(1 / 3)


class TestSelf:
    """This host among the MX hosts, port 25 only."""

    world = mx(
        counted("mx1.example", 10, 1, 0),
        counted("mx2.example", 20, 1, 1, start=5),
        counted("mx3.example", 30, 0, 1, start=9),
    )

    def test_only_better_hosts_remain(self) -> None:
        prediction = said(self.world, own=frozenset([v6(5)]))
        assert [c.host for c in prediction.candidates] == ["mx1.example"]
        assert prediction.why.startswith("This host is itself an MX (20)")

    def test_the_best_of_all_is_a_loop(self) -> None:
        prediction = said(self.world, own=frozenset([v4(1)]))
        assert (prediction.status, prediction.candidates) == ("loop", ())
        assert v4(1) in prediction.why

    def test_equal_preference_goes_too(self) -> None:
        equal = mx(counted("a", 10, 1, 1), counted("b", 10, 1, 1, start=5))
        assert said(equal, own=frozenset([v4(5)])).status == "loop"

    def test_srv_targets_too(self) -> None:
        world = mx(*self.world.hosts, mode="srv")
        prediction = said(world, own=frozenset([v6(5)]))
        assert [c.host for c in prediction.order] == ["mx1.example"]
        assert prediction.why.startswith("This host is itself an SRV target (20) of example.org, so only")
        assert said(world, own=frozenset([v4(1)])).status == "loop"
        world = mx(failing("nxdomain", "nxdomain", 5), *self.world.hosts, mode="srv")
        prediction = said(world, own=frozenset([v4(1)]))
        assert prediction.status == "no_primary"
        assert prediction.why.startswith("This host is an SRV target of example.org and the better targets")

    def test_no_better_host_has_an_address(self) -> None:
        world = mx(failing("nxdomain", "nxdomain", 5), *self.world.hosts)
        assert said(world, own=frozenset([v4(1)])).status == "no_primary"

    def test_other_ports_do_not_look(self) -> None:
        assert said(self.world, own=frozenset([v4(1)]), port_is_25=False).status == "ok"

    def test_lmtp_does_not_look(self) -> None:
        lmtp = Transport(command="lmtp")
        assert said(self.world, lmtp, own=frozenset([v4(1)])).status == "ok"

    def test_a_host_is_a_loop_as_a_whole(self) -> None:
        both = Answer(name="mx1.example", mode="host", hosts=(DUAL,))
        assert said(both, own=frozenset([v6(1)])).status == "loop"
        assert (
            said(implicit("nodata", counted("example.org", 0, 1, 1)), own=frozenset([v4(1)])).status == "loop"
        )

    def test_spelling_and_zone_do_not_matter(self) -> None:
        world = mx(host("a", aaaa=["2001:DB8:0::1"]))
        assert said(world, own=frozenset(["2001:db8::1%eth0"])).status == "loop"

    def test_no_address_of_a_family_not_enabled(self) -> None:
        assert said(self.world, V4_ONLY, own=frozenset([v6(5)])).shares.now == 0
        assert len(said(self.world, V4_ONLY, own=frozenset([v6(5)])).candidates) == 2

    def test_no_fallback_after_it(self) -> None:
        fallback = Answer(name="f", mode="host", hosts=(counted("f", 0, 0, 1, start=50),))
        looped = predict([self.world], Transport(), frozenset([v4(1)]), fallback=[fallback])
        assert (looped.status, looped.order) == ("loop", ())
        backup = predict([self.world], Transport(), frozenset([v4(5)]), fallback=[fallback])
        assert {c.host for c in backup.order} == {"mx1.example"}


def test_mx_order_is_by_preference_then_as_dns_gave_it() -> None:
    world = mx(counted("c", 20, 1, 1), counted("b", 10, 1, 0, start=3), counted("a", 10, 0, 1, start=5))
    site = resolve(world, Transport(), frozenset(), features(""), loop_detect=True)
    assert [c.host for c in site.candidates] == ["b", "a", "c", "c"]
    assert [c.host for c in site.best] == ["b", "a"]


@pytest.mark.parametrize(
    ("answer", "version", "kept", "truncated"),
    [
        (mx(counted("m", 10, 50, 50)), "3.7.11", (50, 50), False),
        (mx(counted("m", 10, 51, 50)), "3.7.11", (51, 49), True),
        (mx(counted("m", 10, 60, 0), counted("n", 20, 0, 60)), "3.7.11", (60, 40), True),
        (mx(counted("m", 10, 60, 60)), "3.4.0", (60, 60), False),  # before the limit
        (mx(counted("m", 10, 60, 60), mode="srv"), "3.11.6", (60, 60), False),
    ],
)
def test_more_records_than_postfix_keeps(
    answer: Answer, version: str, kept: tuple[int, int], truncated: bool
) -> None:
    site = resolve(answer, Transport(), frozenset(), features(version), loop_detect=False)
    families = [candidate.family for candidate in site.candidates]
    assert (families.count("ipv4"), families.count("ipv6")) == kept
    assert site.truncated is truncated
    warned = any(
        "more than 100 addresses" in warning for warning in said(answer, mail_version=version).warnings
    )
    assert warned is truncated
