"""One change on two hosts from the screen, in tmux: two Postfix behind two real sshds, and traffic."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.lab.fleet import Fleet
from tests.stories.terminal import Terminal
from tests.stories.test_fix_together import DUAL, files, two_hosts, until

pytestmark = pytest.mark.lab

CONSENT = r"\[▸Cancel \]  \[ Set smtp_address_preference = \S+ on mx\d, then mx\d \]"
IPV6 = b"smtp_address_preference = ipv6"


@pytest.fixture
def hosts() -> Iterator[Fleet]:
    """New ones each time: after the IPv6 of a run before, forty messages would tell too little."""
    with two_hosts() as fleet:
        yield fleet


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
def test_previewed_made_on_one_then_the_other_and_undone(hosts: Fleet, size: tuple[int, int]) -> None:
    first = files(hosts)
    with Terminal(hosts, hosts.argv("mx1", "mx2"), *size) as screen:
        screen.wait(r"^│.(● live|▲ finding) +mx1 .* 4▇", timeout=100)
        screen.wait(r"^│.(● live|▲ finding) +mx2 .* 4▇", timeout=100)
        screen.keys("x")
        screen.wait(r"Fix · .* · 2 hosts", timeout=60)
        screen.wait(CONSENT, timeout=60)
        for value, after in (("ipv4", "any"), ("any", "ipv6")):
            if f"(●) {value}" in screen.text():
                screen.keys("v")
                screen.wait(rf"\(●\) {after}")
        screen.wait(r"\[▸Cancel \]  \[ Set smtp_address_preference = ipv6 on mx1, then mx2 \]", timeout=60)
        screen.wait(r"Change of /etc/postfix/main.cf on mx1 and mx2 \(Postfix 3\.")
        assert files(hosts) == first
        screen.keys("Tab", "Enter")
        screen.wait(r"UNCONFIRMED on mx1, goes back in 0\d:\d\d", timeout=60)
        assert [IPV6 in text for text in files(hosts)] == [True, False]
        hosts.labs[0].send(DUAL, count=40)
        screen.wait(r"UNCONFIRMED on mx2, goes back in 0\d:\d\d", timeout=200)
        screen.wait(r"1 of 2 kept; now mx2")
        screen.wait(r"mx1 +● kept")
        hosts.labs[1].send(DUAL, count=40)
        screen.wait(r"● kept on mx1 and mx2", timeout=200)
        assert all(IPV6 in text for text in files(hosts))
        screen.wait(r"\[▸Close \]  \[ Undo on mx1 and mx2 \]")
        screen.keys("Escape")
        screen.wait(r"Destinations of all hosts")
        screen.keys("H")
        screen.wait(r"History · 2 hosts")
        screen.wait(r"mx1 .* confirmed|● confirmed")
        screen.keys("Enter")
        screen.wait(r"made in one go with the same on mx\d", timeout=60)
        screen.wait(r"\[ Undo on mx\d and mx\d \]", timeout=60)
        screen.keys("Tab", "Tab", "Enter")
        screen.wait(r"\[▸Close \]", timeout=60)
        until(lambda: files(hosts) == first, hosts.labs[0].log_path)
        screen.keys("q")
        assert screen.exit_code() == 0
