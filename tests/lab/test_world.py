"""Every destination of the lab behaves as `world.py` promises: one message, and what the log says of it."""

from __future__ import annotations

import re

import pytest

from tests.lab import Lab, world
from tests.lab.lab import SENDER_IPV4, SENDER_IPV6
from tests.lab.shares import relays
from tests.lab.world import Destination

pytestmark = pytest.mark.lab


class Outcome:
    """One message's delivery line and the lines before it that name its destination."""

    def __init__(self, lab: Lab, destination: Destination) -> None:
        lab.send(f"user@{destination.domain}")
        lab.wait_lines(rf"to=<user@{re.escape(destination.domain)}>, ")
        lab.wait_idle()
        lines = [line for line in lab.lines() if destination.domain in line and "/smtp[" in line]
        *self.before, self.line = lines
        match = re.search(
            r"relay=(\S+), delay=.* delays=\S+/\S+/(\S+)/\S+, dsn=(\S+), status=(\w+)", self.line
        )
        assert match, self.line
        self.relay, c, self.dsn, self.status = match.groups()
        self.connection_seconds = float(c)

    @property
    def address(self) -> str:
        return re.sub(r".*\[(.*)\]:25", r"\1", self.relay)


def _try(lab: Lab, destination: Destination, preference: str) -> Outcome:
    """One message under a preference, which decides which family is tried first."""
    lab.prefer(preference)
    return Outcome(lab, destination)


@pytest.mark.parametrize("preference", ["ipv4", "ipv6"])
@pytest.mark.parametrize(
    "destination", [world.DUAL, world.QUAD, world.IMPLICIT], ids=lambda d: getattr(d, "domain", d)
)
def test_dual_stack_follows_the_preference(lab: Lab, destination: Destination, preference: str) -> None:
    outcome = _try(lab, destination, preference)
    assert outcome.status == "sent"
    assert outcome.before == []
    assert outcome.address in (destination.ipv4 if preference == "ipv4" else destination.ipv6)


@pytest.mark.parametrize(("preference", "host"), [("ipv4", "mx[12]"), ("ipv6", "mx2")])
def test_equal_mx_are_one_pool(lab: Lab, preference: str, host: str) -> None:
    outcome = _try(lab, world.EQUAL, preference)
    assert re.match(rf"{host}\.equal\.example\[", outcome.relay)
    assert outcome.status == "sent"


@pytest.mark.parametrize("preference", ["ipv4", "ipv6"])
@pytest.mark.parametrize(
    "destination", [world.TIERS, world.GMAIL_LIKE], ids=lambda d: getattr(d, "domain", d)
)
def test_only_the_best_mx_is_used(lab: Lab, destination: Destination, preference: str) -> None:
    outcome = _try(lab, destination, preference)
    best = destination.hosts[0]
    assert outcome.relay.startswith(f"{best.name}[")
    assert (":" in outcome.address) == (preference == "ipv6")


@pytest.mark.parametrize("preference", ["ipv4", "ipv6"])
@pytest.mark.parametrize("destination", [world.V6_BEST, world.V4_BEST], ids=lambda d: getattr(d, "domain", d))
def test_mx_preference_comes_before_the_family(lab: Lab, destination: Destination, preference: str) -> None:
    outcome = _try(lab, destination, preference)
    assert outcome.relay.startswith(f"mx1.{destination.domain}[")
    assert (":" in outcome.address) == (destination is world.V6_BEST)


@pytest.mark.parametrize("destination", [world.V4_ONLY, world.V6_ONLY], ids=lambda d: d.domain)
def test_single_stack_is_used_against_the_preference(lab: Lab, destination: Destination) -> None:
    outcome = _try(lab, destination, "ipv6" if destination is world.V4_ONLY else "ipv4")
    assert outcome.address == destination.addresses[0].ip
    assert outcome.status == "sent"


@pytest.mark.parametrize(
    ("destination", "error", "seconds"),
    [
        (world.BLACK_HOLE, "Connection timed out", (3, 15)),
        (world.UNROUTABLE, "Network is unreachable", (0, 3)),
        (world.REFUSED, "Connection refused", (0, 3)),
    ],
    ids=lambda value: getattr(value, "domain", None),
)
def test_ipv6_that_cannot_connect_falls_back(
    lab: Lab, destination: Destination, error: str, seconds: tuple[int, int]
) -> None:
    outcome = _try(lab, destination, "ipv6")
    (v6,), (v4,) = destination.ipv6, destination.ipv4
    assert len(outcome.before) == 1
    assert outcome.before[0].endswith(f": connect to mx.{destination.domain}[{v6}]:25: {error}")
    assert outcome.relay == f"mx.{destination.domain}[{v4}]:25"
    assert outcome.status == "sent"
    assert seconds[0] <= outcome.connection_seconds < seconds[1]


def test_ipv6_that_says_550_bounces_without_a_try_over_ipv4(lab: Lab) -> None:
    outcome = _try(lab, world.REJECTING, "ipv6")
    assert (outcome.status, outcome.dsn, outcome.address) == ("bounced", "5.7.1", world.REJECTING.ipv6[0])
    assert f"said: {world.GMAIL_REPLY} (in reply to end of DATA command))" in outcome.line
    assert outcome.before == []
    lab.clear_queue()
    assert _try(lab, world.REJECTING, "ipv4").line.endswith("status=sent (250 2.0.0 Ok)")


def test_ipv6_that_says_450_is_followed_by_ipv4(lab: Lab) -> None:
    outcome = _try(lab, world.GREYLISTING, "ipv6")
    (soft,) = outcome.before
    host = f"mx.greylist6.example[{world.GREYLISTING.ipv6[0]}]"
    assert soft.endswith(f": host {host} said: {world.GREYLIST_REPLY} (in reply to RCPT TO command)")
    assert (outcome.status, outcome.address) == ("sent", world.GREYLISTING.ipv4[0])


def test_both_families_refused_names_the_last_address_only(lab: Lab) -> None:
    outcome = _try(lab, world.DEAD, "ipv6")
    (v6,), (v4,) = world.DEAD.ipv6, world.DEAD.ipv4
    assert (outcome.relay, outcome.status, outcome.dsn) == ("none", "deferred", "4.4.1")
    assert outcome.line.endswith(f"(connect to mx.dead.example[{v4}]:25: Connection refused)")
    assert [re.sub(r".*\[(\S+)\]:25:.*", r"\1", line) for line in outcome.before] == [v6, v4]


def test_tarpit_greets_late_and_takes_the_message(lab: Lab) -> None:
    outcome = _try(lab, world.TARPIT, "ipv6")
    assert (outcome.status, outcome.address) == ("sent", world.TARPIT.ipv6[0])
    assert world.TARPIT_SECONDS <= outcome.connection_seconds < world.TARPIT_SECONDS + 15


def test_ipv6_that_hangs_up_is_followed_by_ipv4(lab: Lab) -> None:
    outcome = _try(lab, world.HANG_UP, "ipv6")
    (lost,) = outcome.before
    assert lost.endswith(
        f"lost connection with mx.hangup6.example[{world.HANG_UP.ipv6[0]}] "
        "while receiving the initial server greeting"
    )
    assert (outcome.status, outcome.address) == ("sent", world.HANG_UP.ipv4[0])


def test_a_path_mtu_hole_takes_small_messages_and_loses_large_ones(lab: Lab) -> None:
    """As behind a tunnel whose `packet too big` never arrives: the session stands, its data does not."""
    (v6,), (v4,) = world.MTU_HOLE.ipv6, world.MTU_HOLE.ipv4
    lab.postconf_e("smtp_data_xfer_timeout=2s", "smtp_data_done_timeout=2s", "smtp_address_preference=ipv6")
    lab.reload()
    lab.send("small@mtuhole.example")
    assert relays(lab.wait_lines(r"to=<small@.* status="), "mtuhole.example") == [v6]
    lab.send("large@mtuhole.example", length=100_000)
    line = lab.wait_lines(r"to=<large@.* status=")[-1]
    assert f"relay=mx.mtuhole.example[{v4}]:25" in line and "status=sent" in line
    (lost,) = (one for one in lab.lines() if " timed out while " in one)
    where = rf"mx\.mtuhole\.example\[{v6}\]"
    assert re.search(rf"conversation with {where} timed out while sending (message body|end of data)", lost)


@pytest.mark.parametrize("preference", ["ipv4", "ipv6"])
def test_tls_on_both_families(lab: Lab, preference: str) -> None:
    outcome = _try(lab, world.TLS, preference)
    address = (world.TLS.ipv4 if preference == "ipv4" else world.TLS.ipv6)[0]
    assert (
        f"TLS connection established to mx.tls.example[{address}]:25: TLSv1.3 with cipher"
        in outcome.before[0]
    )
    assert re.search(r"status=sent \(250 2\.0\.0 Ok: queued as [0-9A-F]+\)$", outcome.line)


def test_null_mx_bounces(lab: Lab) -> None:
    outcome = Outcome(lab, world.NULL_MX)
    assert (outcome.relay, outcome.dsn, outcome.status) == ("none", "5.1.0", "bounced")
    assert outcome.line.endswith("(Domain nullmx.example does not accept mail (nullMX))")


def test_cname_mx_is_followed_and_named_as_the_alias(lab: Lab) -> None:
    outcome = _try(lab, world.CNAME_MX, "ipv6")
    assert outcome.relay == f"alias.cname.example[{world.CNAME_MX.ipv6[0]}]:25"
    assert outcome.status == "sent"


def test_dangling_mx_bounces(lab: Lab) -> None:
    outcome = Outcome(lab, world.DANGLING)
    assert outcome.before[0].endswith("warning: no MX host for dangling.example has a valid address record")
    assert (outcome.relay, outcome.dsn, outcome.status) == ("none", "5.4.4", "bounced")
    assert "name=gone.dangling.example type=AAAA: Host not found" in outcome.line


@pytest.mark.parametrize(
    ("destination", "seconds"),
    [(world.SERVFAIL6, (0, 2)), (world.SILENT6, (2, 15))],
    ids=["servfail", "silent"],
)
def test_aaaa_that_fails_in_dns_leaves_ipv4_and_no_trace(
    lab: Lab, destination: Destination, seconds: tuple[int, int]
) -> None:
    outcome = _try(lab, destination, "ipv6")
    assert (outcome.status, outcome.address) == ("sent", destination.ipv4[0])
    assert outcome.before == []
    assert seconds[0] <= outcome.connection_seconds < seconds[1]


@pytest.mark.parametrize("transport", ["+notcp", "+tcp"])
def test_dns_faults_are_what_they_say_and_only_that(lab: Lab, transport: str) -> None:
    def dig(name: str, kind: str) -> str:
        argv = ["dig", transport, "+tries=1", "+time=1", f"@{lab.resolver}", name, kind]
        return lab.run(argv).stdout

    assert "status: SERVFAIL" in dig("mx.servfail6.example", "AAAA")
    assert "timed out" in dig("mx.silent6.example", "AAAA")
    assert world.SERVFAIL6.ipv4[0] in dig("mx.servfail6.example", "A")
    assert world.SILENT6.ipv4[0] in dig("mx.silent6.example", "A")
    assert "status: NXDOMAIN" in dig("nobody.example", "MX")
    assert "status: NXDOMAIN" in dig("gone.dangling.example", "A")
    assert "0 ." in dig("nullmx.example", "MX")


def test_source_addresses_are_the_senders_own_in_both_families(lab: Lab) -> None:
    for destination, source in ((world.BLACK_HOLE.ipv4[0], SENDER_IPV4), (world.DUAL.ipv6[0], SENDER_IPV6)):
        route = lab.run(["ip", "route", "get", destination]).stdout
        assert f"src {source} " in route
    pointer = lab.run(["dig", "+short", f"@{lab.resolver}", "-x", SENDER_IPV6]).stdout
    assert pointer == "mail.sender.example.\n"


def test_hosted_domains_share_addresses_and_have_names_of_their_own() -> None:
    some = list(world.hosted(3))
    assert [d.domain for d in some] == ["d0.hosted.example", "d1.hosted.example", "d2.hosted.example"]
    assert {a.ip for d in some for a in d.addresses} == {a.ip for a in world.DUAL.addresses}
    assert len({h.name for d in some for h in d.hosts}) == 6


def test_no_two_destinations_share_an_address() -> None:
    every = [a.ip for d in world.ALL for a in d.addresses]
    assert len(every) == len(set(every))
