"""IPv6 that leads nowhere: the attempt that hangs, what it costs, and what the log says of it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator

import pytest
from tests.lab import Lab, world
from tests.lab.world import Address, Destination, Host, Service
from tests.stories.terminal import BIN, Terminal

pytestmark = pytest.mark.lab

STEP = 10
"""Seconds of smtp_connect_timeout: long enough to be watched."""

TWO_HOLES = Destination(
    "holes.example",
    "two IPv6 addresses time out, then IPv4 takes the message",
    ((10, "mx.holes.example"),),
    (
        Host(
            "mx.holes.example",
            (
                Address("198.51.100.250"),
                Address("2001:db8:0:3f::1", Service.DROPPED),
                Address("2001:db8:0:3f::2", Service.DROPPED),
            ),
        ),
    ),
)
ONE_HOLE = world.BLACK_HOLE


@pytest.fixture(scope="module")
def hole_lab() -> Iterator[Lab]:
    settings = {"smtp_address_preference": "ipv6", "smtp_connect_timeout": f"{STEP}s"}
    with Lab([world.DUAL, ONE_HOLE, TWO_HOLES], settings=settings) as lab:
        yield lab


def test_an_attempt_that_hangs_is_seen_before_the_log_knows_of_it(
    hole_lab: Lab, size: tuple[int, int]
) -> None:
    """Nobody has ever delivered there: the destination comes from the queue, its peer from DNS."""
    lab = hole_lab
    hole = ONE_HOLE if size == (100, 30) else TWO_HOLES
    lab.send("user@dual.example")
    lab.wait_idle()
    with Terminal(lab, ["mxtop"], *size) as screen:
        screen.wait(r"dual\.example")
        assert hole.domain not in screen.text()
        lab.send(f"user@{hole.domain}", count=2)
        screen.keys("4")
        screen.wait(r"Sockets · 2 out, 0 in, 2 hanging", STEP)
        rows = re.findall(r"^│.+ ✖ SYN_SENT hangs +v6 +(\S+) +→ +(\S+) ", screen.text(), re.M)
        assert {local for local, _ in rows} == {"2001:db8::25"}
        assert {peer.rstrip("…") for _, peer in rows} <= {ip[:17] for ip in dropped(hole)}
        screen.wait(rf"\w+ +{hole.domain[:10]}\S* .* 0/0 +2 ", STEP)

        lab.wait_lines(rf"to=<user@{hole.domain}>.* status=sent ", count=2)
        screen.keys("2")
        screen.wait(r"4▇+ +0/0 +0 ", 5)
        screen.select(hole.domain)
        screen.keys("Enter")
        steps = len(dropped(hole))
        screen.wait(rf"^│ c +{steps * STEP}(\.\d)?s +connecting")
        assert re.search(rf"^│ v6 +0 +0 +{2 * steps} +0 ", screen.text(), re.M)
        assert re.search(r"^│ v4 +\d +\d +0 +2 ", screen.text(), re.M)
        assert f"Last errors ({2 * steps}, newest first)" in screen.text()
        screen.keys("NPage")
        screen.wait(r"connect failed mx\.\S+\[2001:db8:")
        screen.wait("Connection timed out")
        screen.keys("Escape")
        screen.wait("2 Destinations")
        screen.keys("5")
        screen.wait(r"smtp +v6 no connection mx\.\S+\[2001:db8:")


def test_the_steps_of_the_timeout_are_the_delay(hole_lab: Lab) -> None:
    """c of postconf(5), delay_logging: one smtp_connect_timeout for each address that hangs."""
    done = hole_lab.run([str(BIN / "mxtop"), "report", "--json"])
    rows = {row["destination"]: row for row in json.loads(done.stdout)["destinations"]}
    for hole in (ONE_HOLE, TWO_HOLES):
        connecting = rows[hole.domain]["stage_seconds"][2]
        assert connecting == pytest.approx(STEP * len(dropped(hole)), abs=1.5)
        assert rows[hole.domain]["first_try_ipv6_share"] == 1.0


def test_the_command_shows_the_hanging_attempt_with_its_owner(hole_lab: Lab) -> None:
    lab = hole_lab
    lab.send(f"late@{ONE_HOLE.domain}")
    deadline = time.monotonic() + STEP
    while True:
        done = lab.run([str(BIN / "mxtop"), "sockets", "--json"])
        assert (done.returncode, done.stderr) == (0, "")
        rows = [row for row in json.loads(done.stdout) if row["state"] == "SYN_SENT"]
        if rows or time.monotonic() > deadline:
            break
    (row,) = rows
    pid = row.pop("pid")
    assert "smtp" in lab.run(["cat", f"/proc/{pid}/cmdline"]).stdout
    assert 1024 <= row.pop("local_port") <= 65535
    assert row.pop("destination") in (None, ONE_HOLE.domain)
    assert row == {
        "direction": "out",
        "family": "ipv6",
        "state": "SYN_SENT",
        "local_address": "2001:db8::25",
        "peer_address": dropped(ONE_HOLE)[0],
        "peer_port": 25,
        "daemon": "smtp",
        "service": "smtp",
        "age": None,
    }


def dropped(destination: Destination) -> list[str]:
    (host,) = destination.hosts
    return [address.ip for address in host.addresses if address.service is Service.DROPPED]
