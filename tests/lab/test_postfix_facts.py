"""What mxtop believes about Postfix, seen on the Postfix that is installed here.

Fallback, refusal and bounces over one family are in test_world.py, one test for each destination.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path

import pytest

from mxtop.mail.scan import Scanner
from mxtop.mail.tracker import Tracker
from tests.lab import Lab, world
from tests.lab.shares import binomial_bounds, ipv6_count, relays

pytestmark = pytest.mark.lab


def version(lab: Lab) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", lab.postconf("mail_version"))[:3])


def burst(lab: Lab, domain: str, count: int) -> list[str]:
    """Send, wait, and return the delivery lines' relay addresses; all must have been sent."""
    lab.send(f"user@{domain}", count=count)
    lab.wait_lines(rf"to=<user@{re.escape(domain)}>.* status=sent ", count=count)
    return relays(lab.lines(), domain)


@pytest.mark.parametrize(("destination", "share"), [(world.DUAL, 0.5), (world.QUAD, 0.8)], ids=["1+1", "1+4"])
def test_any_draws_uniformly_over_the_addresses(
    lab: Lab, destination: world.Destination, share: float
) -> None:
    lab.postconf_e("smtp_connection_cache_on_demand=no", "smtp_address_preference=any")
    lab.reload()
    low, high = binomial_bounds(400, share)
    assert low <= ipv6_count(burst(lab, destination.domain, 400)) <= high


@pytest.mark.parametrize(("preference", "expected"), [("ipv6", 200), ("ipv4", 0)])
def test_a_preference_is_total_after_reload(lab: Lab, preference: str, expected: int) -> None:
    lab.prefer(preference)
    assert ipv6_count(burst(lab, "dual.example", 200)) == expected


def test_the_connection_cache_makes_messages_a_bad_count_of_connections(lab: Lab) -> None:
    """Reuse is by next hop, so a burst follows the first connections; how far it skews is chance."""
    addresses = burst(lab, "dual.example", 200)
    new = relays(lab.lines(), "dual.example", new_only=True)
    assert len(addresses) == 200
    assert 0 < len(new) < 200
    assert set(addresses) == set(new)


def test_an_invalid_preference_is_accepted_and_stops_all_mail_silently(lab: Lab) -> None:
    lab.postconf_e("service_throttle_time=4s")  # 60 s by default: a reload does not cut it short
    assert lab.postconf_e("smtp_address_preference=ipv7").returncode == 0
    assert lab.command("postfix", "check").returncode == 0
    assert lab.reload().returncode == 0
    lab.send("user@dual.example")
    lab.wait_lines(r"postfix/smtp\[\d+\]: fatal: bad smtp_address_preference value: ipv7$")
    lab.wait_lines(r"/master\[\d+\]: warning: process \S+/smtp pid \d+ exit status 1$")
    lab.wait_lines(r"/master\[\d+\]: warning: \S+/smtp: bad command startup -- throttling$")
    time.sleep(1)
    assert len(lab.queue_files("active")) == 1
    assert not [line for line in lab.lines() if "status=" in line]

    lab.prefer("ipv6")
    lab.wait_lines(r"to=<user@dual\.example>.* status=sent ")


def test_preflight_tells_a_bad_value_without_touching_the_instance(lab: Lab) -> None:
    smtp = str(Path(lab.postconf("daemon_directory")) / "smtp")

    def preflight(value: str) -> int:
        options = ["-S", "-n", "smtp", "-t", "unix", "-o", f"smtp_address_preference={value}"]
        argv = lab.namespace.argv([smtp, *options])
        env = {"MAIL_CONFIG": str(lab.config_directory), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        null = subprocess.DEVNULL
        return subprocess.run(argv, env=env, stdin=null, stdout=null, stderr=null, timeout=10).returncode

    assert [preflight(value) for value in ("any", "ipv4", "ipv6", "IPv4")] == [0, 0, 0, 0]
    assert [preflight(value) for value in ("ipv5", "all", "", "ipv4, ipv6")] == [1, 1, 1, 1]
    assert lab.postconf("smtp_address_preference") == "any"


def test_postconf_right_after_an_edit_waits_for_the_file_to_settle(lab: Lab) -> None:
    lab.command("postconf", "-e", "smtp_address_preference=any")
    began = time.monotonic()
    assert lab.postconf("smtp_address_preference") == "any"
    assert 0.5 < time.monotonic() - began < 10


def has_newline_fix(found: tuple[int, ...]) -> bool:
    """HISTORY 20250316: in 3.7.15, 3.8.10, 3.9.4, 3.10.2 and 3.11."""
    major, minor, patch = found
    fixed_in = {7: 15, 8: 10, 9: 4, 10: 2}
    return (major, minor) >= (3, 11) or (major == 3 and minor in fixed_in and patch >= fixed_in[minor])


def test_postconf_e_glues_to_a_last_line_without_newline_unless_fixed(lab: Lab, tmp_path: Path) -> None:
    shutil.copytree(lab.config_directory, tmp_path, dirs_exist_ok=True)
    main_cf = tmp_path / "main.cf"
    main_cf.write_text(main_cf.read_text() + "smtp_connection_cache_on_demand = no")
    done = lab.run(["postconf", "-c", str(tmp_path), "-e", "smtp_bind_address_enforce=yes"])
    assert done.returncode == 0
    glue = "\n" if has_newline_fix(version(lab)) else ""
    assert main_cf.read_text().endswith(
        f"\nsmtp_connection_cache_on_demand = no{glue}smtp_bind_address_enforce = yes\n"
    )


def test_reload_without_a_terminal(lab: Lab) -> None:
    done = lab.reload()
    assert (done.returncode, done.stdout) == (0, "")
    said = "refreshing the Postfix mail system" if version(lab) >= (3, 8) else ""
    assert said in done.stderr if said else done.stderr == ""
    lab.wait_lines(r"postfix/postfix-script\[\d+\]: refreshing the Postfix mail system$")
    number = re.escape(lab.postconf("mail_version"))
    where = re.escape(str(lab.config_directory))
    lab.wait_lines(rf"postfix/master\[\d+\]: reload -- version {number}, configuration {where}$")


def test_inet_protocols_is_followed_at_once_by_outgoing_mail_only(lab: Lab) -> None:
    lab.prefer("ipv6")
    lab.postconf_e("inet_protocols=ipv4")
    lab.reload()
    for text in (
        "ignoring inet_protocols parameter value change",
        'old value: "all", new value: "ipv4"',
        "to change inet_protocols, stop and start Postfix",
    ):
        lab.wait_lines(rf"/master\[\d+\]: warning: {re.escape(text)}$")
    assert ipv6_count(burst(lab, "dual.example", 4)) == 0
    lab.send("user@v6only.example")
    (line,) = lab.wait_lines(r"to=<user@v6only\.example>")
    assert re.search(r"relay=none, .* dsn=5\.4\.4, status=bounced \(.*type=A: ", line)


def test_a_failed_destination_is_suspended_and_nothing_is_tried(lab: Lab) -> None:
    """After a cohort of failures error(8) repeats the old failure for every further message."""
    suspended = r"postfix/error\[\d+\]: .* relay=none, .* status=deferred \(delivery temporarily suspended: "
    lab.send("first@dead.example", count=20)
    lab.wait_lines(rf"{suspended}connect to mx\.dead\.example\[")
    lab.wait_idle()
    before = lab.mark()
    lab.send("second@dead.example")
    (line,) = lab.wait_lines(r"to=<second@dead\.example>")
    assert re.search(suspended, line)
    assert not [line for line in lab.lines(before) if "/smtp[" in line]


@pytest.mark.parametrize("reused", [False, True], ids=["new TLS session", "TLS session taken up again"])
def test_a_refused_certificate_counts_at_the_address_that_was_tried(lab: Lab, reused: bool) -> None:
    """With any smtp_tls_loglevel smtp(8) says whose certificate fails just before it gives up the session."""
    lab.prefer("ipv6")
    cache = "btree:${data_directory}/smtp_scache"  # TLS 1.2: in 1.3 the ticket comes after the handshake
    again = ("smtp_tls_mandatory_protocols=TLSv1.2", f"smtp_tls_session_cache_database={cache}")
    lab.postconf_e("smtp_tls_security_level=verify", "smtp_tls_loglevel=0", *(again if reused else ()))
    lab.reload()
    for _ in range(1 + reused):
        since = lab.mark()
        lab.send("user@tls.example")
        lab.wait_lines(r"to=<user@tls\.example>.* \(Server certificate not \w+\)$", since=since)
        lab.wait_idle()
    lines = lab.lines(since)
    assert ("re-using session with untrusted" in "".join(lines)) == reused
    tracker = Tracker()
    Scanner(tracker, time.time()).feed("\n".join(lines))
    counts = tracker.totals().families
    assert [family.connections for family in (counts.ipv6, counts.ipv4, counts.none)] == [1, 1, 0]
    assert tracker.rows(0)[0].first_try_ipv6_share == 1
