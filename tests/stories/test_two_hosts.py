"""Two hosts on one screen: one is cut off, the other goes on, and nothing is lost when it is back."""

from __future__ import annotations

import re

import pytest
from tests.stories.terminal import Terminal
from tests.stories.test_fix_together import DUAL, two_hosts

pytestmark = pytest.mark.lab

BEFORE, MEANWHILE = 60, 20


def connections(screen: Terminal, count: int, timeout: float = 60) -> None:
    """Wait until the MX panel tells of exactly so many new connections, and stays so."""

    def seen(text: str) -> int:
        found = re.search(r"connections +v4 (\d+) v6 (\d+)", text)
        return sum(map(int, found.groups())) if found else 0

    screen.wait_for(lambda text: seen(text) >= count, f"{count} connections", timeout)
    assert seen(screen.text()) == count


def test_one_is_cut_the_other_goes_on_and_the_first_comes_back_with_nothing_lost() -> None:
    with two_hosts() as hosts, Terminal(hosts, hosts.argv("mx1", "mx2"), 100, 30) as screen:
        for host in ("mx1", "mx2"):
            screen.wait(rf"^│.(● live|▲ finding) +{host} .* 4▇", 40)
        hosts.cut("mx2")
        screen.wait(r"^ all .* (▲ mx2 stale|✖ mx2 down|◌ mx2 connecting)", 60)
        for lab in hosts.labs:
            lab.send(DUAL, count=MEANWHILE)
            lab.wait_idle()
        screen.keys("]")
        screen.wait(r"observed")
        connections(screen, BEFORE + MEANWHILE)
        screen.keys("]")
        screen.wait(r"old ─")
        connections(screen, BEFORE)
        hosts.mend("mx2")
        screen.keys("R")
        connections(screen, BEFORE + MEANWHILE, 120)
        screen.wait(r"● live \d")
        screen.keys("q")
        assert screen.exit_code() == 0
