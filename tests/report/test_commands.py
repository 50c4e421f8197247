"""The commands on a real mail host: what they print, on which stream, and how they end."""

from __future__ import annotations

import gzip
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.lab import Lab, world
from tests.lab.world import Destination
from tests.stories.count import count

pytestmark = pytest.mark.lab
MXTOP = str(Path(sys.executable).parent / "mxtop")

DNS_KEYS = {
    "domain", "viewpoint", "next_hop", "transport", "status", "mx", "settings", "overrides",
    "expected_first_try_ipv6_share", "why", "example_order",
}  # fmt: skip

STATUSES = {world.NULL_MX: "null_mx", world.DANGLING: "no_address", world.IMPLICIT: "implicit_mx"}


@pytest.fixture(scope="module")
def host() -> Iterator[Lab]:
    """The whole world, `any`, no connection cache, and a little traffic that is over."""
    with Lab(settings={"smtp_connection_cache_on_demand": "no"}) as lab:
        lab.send("user@dual.example", count=10)
        lab.send("user@dead.example")
        lab.wait_idle()
        yield lab


def mxtop(lab: Lab, *words: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return lab.run([MXTOP, *words], **options)


def loaded(done: subprocess.CompletedProcess[str], code: int = 0) -> Any:
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


# -- dns ----------------------------------------------------------------------------


def expected_share(destination: Destination) -> float | None:
    """Under `any`: the part of IPv6 among the addresses of the best preference (smtp_addr.c)."""
    hosts = {host.name: host for host in destination.hosts}
    if destination.mx:
        ranks = sorted({preference for preference, _ in destination.mx})
        tiers = [[name for preference, name in destination.mx if preference == rank] for rank in ranks]
    else:
        tiers = [[destination.domain]]
    broken = {fault.name for fault in destination.faults}
    for names in tiers:
        found = []
        for name in names:
            host = hosts.get(name)
            while host and host.cname_of:
                host = hosts[host.cname_of]
            found += [a for a in (host.addresses if host else ()) if not (a.is_ipv6 and name in broken)]
        if found:
            return sum(a.is_ipv6 for a in found) / len(found)
    return None


def test_dns_says_of_every_destination_what_the_world_promises(host: Lab) -> None:
    done = mxtop(host, "dns", "--json", *(d.domain for d in world.ALL), timeout=60)
    found = loaded(done, 1)  # the null MX and the dangling one cannot be delivered to
    assert [row["domain"] for row in found] == [d.domain for d in world.ALL]
    for destination, row in zip(world.ALL, found, strict=True):
        assert set(row) == DNS_KEYS
        assert row["status"] == STATUSES.get(destination, "ok"), row
        assert row["expected_first_try_ipv6_share"]["now"] == pytest.approx(expected_share(destination)), row
        assert row["expected_first_try_ipv6_share"]["any"] == row["expected_first_try_ipv6_share"]["now"]
        assert (row["transport"], row["next_hop"]) == ("smtp", destination.domain)
        assert row["viewpoint"] == {"host": "mail.sender.example", "resolver": host.resolver}
        shown = {a["address"] for mx in row["mx"] for a in mx["addresses"]}
        broken = {fault.name for fault in destination.faults}
        assert shown == {
            a.ip for h in destination.hosts for a in h.addresses if not (a.is_ipv6 and h.name in broken)
        }
        assert row["why"].endswith(".")


def test_dns_ends_with_0_where_all_can_be_delivered_to_and_with_1_else(host: Lab) -> None:
    assert mxtop(host, "dns", "dual.example", "[mx.quad.example]:25", "user@tiers.example").returncode == 0
    for bad in ("nullmx.example", "dangling.example", "nowhere.example"):
        done = mxtop(host, "dns", bad)
        assert (done.returncode, done.stderr) == (1, "")
        assert done.stdout.startswith(f"{bad}: ")
    done = mxtop(host, "dns", "not a domain")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_dns_under_each_preference(host: Lab) -> None:
    (row,) = loaded(mxtop(host, "dns", "--json", "dual.example"))
    assert row["expected_first_try_ipv6_share"] == {"now": 0.5, "any": 0.5, "ipv4": 0.0, "ipv6": 1.0}
    assert row["settings"]["smtp_address_preference"] == "any"
    assert {entry["family"] for entry in row["example_order"]} == {"ipv4", "ipv6"}


def test_dns_asks_as_the_chroot_asks_and_warns_where_it_differs() -> None:
    with Lab([world.DUAL], chroot=True) as lab:
        same = mxtop(lab, "dns", "dual.example")
        assert "chroot" not in same.stdout + same.stderr
        (lab.queue_directory / "etc" / "resolv.conf").write_text("nameserver 192.0.2.99\n")
        done = mxtop(lab, "dns", "--json", "dual.example", timeout=30)
        (row,) = loaded(done, 1)
        assert row["status"] == "timeout"
        assert row["viewpoint"]["resolver"] == "192.0.2.99"
        told = mxtop(lab, "dns", "dual.example", timeout=30)
        assert re.search(r"resolv\.conf.*differs|differs.*resolv\.conf", told.stdout + told.stderr, re.S)


# -- another instance -------------------------------------------------------------------


@pytest.fixture(scope="module")
def second(host: Lab) -> Path:
    """A second instance's settings, never started: IPv4 only, the same log, lines of its own in it."""
    directory = host.directory / "second"
    shutil.copytree(host.config_directory, directory)
    with (directory / "main.cf").open("a") as main_cf:
        main_cf.write(
            "\nsmtp_address_preference = ipv4\nsyslog_name = postfix-two\nmyhostname = two.example\n"
        )
    with host.log_path.open("a") as log:
        for n in range(3):
            log.write(
                f"{time.strftime('%b %e %H:%M:%S')} mail postfix-two/smtp[9{n}]: 4A5B6C7D{n}: "
                "to=<u@two-only.example>, relay=mx.two-only.example[2001:db8::99]:25, "
                "delay=1, delays=0/0/0.5/0.5, dsn=2.0.0, status=sent (250 ok)\n"
            )
    return directory


def test_config_dir_chooses_the_instance_everywhere(host: Lab, second: Path) -> None:
    (row,) = loaded(mxtop(host, "--config-dir", str(second), "dns", "--json", "dual.example"))
    assert row["expected_first_try_ipv6_share"]["now"] == 0.0
    assert row["viewpoint"]["host"] == "two.example"

    one = loaded(mxtop(host, "report", "--json"))
    two = loaded(mxtop(host, "report", "--json", "--config-dir", str(second)))
    assert (one["host"], two["host"]) == ("mail.sender.example", "two.example")
    assert {d["destination"] for d in two["destinations"]} == {"two-only.example"}
    assert two["deliveries"] == {"sent": 3}
    assert "two-only.example" not in {d["destination"] for d in one["destinations"]}
    assert one["deliveries"]["sent"] == 10
    both = loaded(mxtop(host, "report", "--json", str(host.log_path)))
    assert both["deliveries"]["sent"] == 13


def test_an_instance_that_is_not_there(host: Lab, tmp_path: Path) -> None:
    for command in (["report"], ["dns", "dual.example"], ["sockets"], ["parse"]):
        done = mxtop(host, *command, "--config-dir", str(tmp_path / "gone"))
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), command


# -- report and parse ------------------------------------------------------------------------


def test_report_of_the_host_a_file_a_pipe_and_packed_files_agree(host: Lab, tmp_path: Path) -> None:
    tails = [line.split(" mail ", 1)[1] for line in host.log_path.read_text().splitlines()]
    lines = [f"Nov 23 10:{n // 60:02}:{n % 60:02} mail {tail}\n" for n, tail in enumerate(tails)]
    text = "".join(lines)
    whole = tmp_path / "whole"
    whole.write_text(text)
    (tmp_path / "mail.log").write_text("".join(lines[60:]))
    with gzip.open(tmp_path / "mail.log.2.gz", "wt") as packed:
        packed.write("".join(lines[:30]))
    (tmp_path / "mail.log.1").write_text("".join(lines[30:60]))
    files = [str(tmp_path / name) for name in ("mail.log", "mail.log.2.gz", "mail.log.1")]
    reports = [
        loaded(mxtop(host, "report", "--json", str(whole))),
        loaded(mxtop(host, "report", "--json", "-", input=text)),
        loaded(mxtop(host, "report", "--json", *files)),
    ]
    assert reports[0]["lines"] == len(lines)
    assert reports[1] == reports[0] == reports[2]
    named = loaded(mxtop(host, "report", "--json", "--log", str(host.log_path)))
    own = loaded(mxtop(host, "report", "--json"))
    assert named == own


def test_report_since(host: Lab, tmp_path: Path) -> None:
    log = tmp_path / "mail.log"
    line = (
        "{} mail postfix/smtp[7]: 4A5B6C7D8E: to=<u@dual.example>, "
        "relay=mx.dual.example[192.0.2.1]:25, delay=1, delays=0/0/0.5/0.5, dsn=2.0.0, status=sent (250 ok)\n"
    )
    now = time.time()
    ages = (7200, 1800, 60)
    log.write_text(
        "".join(line.format(time.strftime("%b %e %H:%M:%S", time.localtime(now - age))) for age in ages)
    )
    for since, sent in (("1w", 3), ("1h", 2), ("5m", 1)):
        of_file = loaded(mxtop(host, "report", "--json", "--since", since, str(log)))
        of_host = loaded(mxtop(host, "report", "--json", "--since", since, "--log", str(log)))
        assert of_file["deliveries"] == of_host["deliveries"] == {"sent": sent}
    of_file = loaded(mxtop(host, "report", "--json", "--since", "30", str(log)))
    assert of_file["deliveries"] == {"sent": 1}  # counted back from the last line
    of_host = loaded(mxtop(host, "report", "--json", "--since", "30", "--log", str(log)))
    assert of_host["deliveries"] == {}  # counted back from now


def test_parse_of_the_host_is_one_event_a_line_and_streams(host: Lab) -> None:
    events = [json.loads(line) for line in mxtop(host, "parse").stdout.splitlines()]
    assert len(events) == len(host.log_path.read_text().splitlines())
    assert [event["line"] for event in events] == list(range(1, len(events) + 1))
    sent = sum(event.get("status") == "sent" for event in events if event["event"] == "delivery")
    assert sent == count(host.lines()).whole.statuses["sent"]

    stream = host.popen([MXTOP, "parse", "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for text in host.log_path.read_text().splitlines()[:3]:
        stream.stdin.write(text + "\n")
        stream.stdin.flush()
        assert json.loads(stream.stdout.readline())["text"] in text  # while the pipe stays open
    stream.stdin.close()
    assert stream.wait(10) == 0


@pytest.mark.parametrize("command", [["parse"], ["report"], ["report", "--json"], ["dns", "dual.example"]])
def test_a_closed_pipe_ends_quietly(host: Lab, command: list[str]) -> None:
    shell = 'mxtop=$0; { "$mxtop" "$@"; echo "ended $?" >&2; } | true'
    done = host.run(["sh", "-c", shell, MXTOP, *command])
    assert done.stderr == "ended 0\n"


def test_sockets_where_nothing_is_connected(host: Lab) -> None:
    host.wait_idle()
    done = mxtop(host, "sockets", "--json")
    assert [row for row in loaded(done) if row["state"] == "ESTABLISHED"] == []
    done = mxtop(host, "sockets", str(host.log_path))
    assert (done.returncode, done.stdout) == (2, "")
