"""Every number over SSH equals the local one, by command and on the screen, forwarded TCP or not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.lab import Lab, world
from tests.lab.fleet import MXTOP, Fleet, Member
from tests.stories.conftest import WATCHED
from tests.stories.terminal import Terminal
from tests.stories.test_numbers import assert_columns_equal, assert_summary_and_pages_equal

pytestmark = pytest.mark.lab

DOMAINS = [destination.domain for destination in WATCHED]


@pytest.fixture(scope="module")
def fleet(quiet_lab: Lab) -> Iterator[Fleet]:
    """The lab that the local stories watch, reached as mx1."""
    with Fleet(Member("mx1", lab=quiet_lab)) as fleet:
        yield fleet


def here(lab: Lab, *words: str) -> str:
    return lab.run([*MXTOP, *words], timeout=120).stdout


def there(fleet: Fleet, *words: str) -> str:
    done = fleet.mxtop(*words)
    assert done.returncode in (0, 1), done.stderr
    return done.stdout


def report(fleet: Fleet) -> Any:
    return json.loads(there(fleet, "report", "mx1", "--json"))


def test_the_commands(fleet: Fleet, quiet_lab: Lab) -> None:
    assert report(fleet) == json.loads(here(quiet_lab, "report", "--json"))
    assert there(fleet, "parse", "mx1") == here(quiet_lab, "parse", str(quiet_lab.log_path))
    assert there(fleet, "sockets", "mx1", "--json") == here(quiet_lab, "sockets", "--json")


@pytest.mark.parametrize("forwarding", ["yes", "no"])
def test_dns_as_that_host_sees_it(fleet: Fleet, quiet_lab: Lab, forwarding: str) -> None:
    """Where no TCP is forwarded its own dig(1) or the like asks for us; the resolver named is the same."""
    fleet["mx1"].sshd.restart(AllowTcpForwarding=forwarding)
    far = seen(there(fleet, "dns", *DOMAINS, "--on", "mx1", "--json"))
    assert far == seen(here(quiet_lab, "dns", *DOMAINS, "--json"))
    assert len(far) == len(DOMAINS)


def seen(text: str) -> Any:
    """Without what time and chance decide, and the host's name."""
    found = json.loads(text)
    for one in found:
        assert one["viewpoint"].pop("host")
        one.pop("example_order")
        for mx in one["mx"]:
            mx["addresses"] = sorted(address["address"] for address in mx["addresses"])
    return found


def test_the_screen(fleet: Fleet) -> None:
    told = report(fleet)
    assert {row["destination"] for row in told["destinations"]} >= {world.DUAL.domain, world.DEAD.domain}
    with Terminal(fleet, fleet.argv("mx1"), 160, 40) as screen:
        assert_columns_equal(screen, told)
        screen.keys("z")
        assert_summary_and_pages_equal(screen, told)
