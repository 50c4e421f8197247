"""Traffic to dual-stack destinations: which way it went, which way it was to go, and why."""

from __future__ import annotations

import re

import pytest
from tests.lab import Lab, world
from tests.lab.shares import binomial_bounds
from tests.stories.count import count
from tests.stories.terminal import Terminal

pytestmark = pytest.mark.lab


SHARES = ((world.DUAL, 0.5, "1 IPv4 and 1 IPv6"), (world.QUAD, 0.8, "1 IPv4 and 4 IPv6"))


def test_the_observed_share_stands_beside_the_predicted_one_with_the_reason(
    quiet_lab: Lab, size: tuple[int, int]
) -> None:
    counted = count(quiet_lab.lines())
    with Terminal(quiet_lab, ["mxtop"], *size) as screen:
        screen.wait(r"dual\.example")
        for destination, share, many in SHARES:
            mine = counted.destinations[destination.domain]
            families, firsts = mine.families, mine.first_tries
            v4, v6 = families["ipv4"]["connections"], families["ipv6"]["connections"]
            low, high = binomial_bounds(v4 + v6, share)
            assert low <= v6 <= high

            screen.select(destination.domain)
            screen.wait(rf"predicted +{share:.0%} +{share:.0%} +0% +100%")
            ipv6 = firsts.count("ipv6")
            screen.wait(rf"observed +{ipv6 / len(firsts):.0%} +{ipv6} of {len(firsts)}\b")
            screen.wait(rf"connections +v4 {v4} v6 {v6}\b")
            (row,) = [line for line in screen.lines() if destination.domain in line and "▸" in line]
            assert re.search(r"4▇+▁+6", row)

            screen.keys("3", "z")
            screen.wait_gone("Destinations")
            words = screen.words()
            assert f"Postfix picks at random among the {many} addresses of the best MX" in words
            assert "(smtp_address_preference = any)" in words
            assert f"{share * 100:.0f} % of first tries go over IPv6" in words
            addresses = [address.ip for host in destination.hosts for address in host.addresses]
            assert all(re.search(rf"v[46] {re.escape(ip)} +\d", words) for ip in addresses)
            screen.keys("z")
            screen.wait("Destinations")


def test_keys_choose_the_destination_and_open_its_page(quiet_lab: Lab, size: tuple[int, int]) -> None:
    with Terminal(quiet_lab, ["mxtop"], *size) as screen:
        screen.wait(r"predicted")
        first = screen.wait(r"MX · (\S+) ")[1]
        screen.keys("j")
        second = screen.wait(rf"MX · (?!{re.escape(first)})(\S+) ")[1]
        screen.wait(rf"^│▸.*{re.escape(second[:13])}")
        screen.keys("k")
        screen.wait(rf"MX · {re.escape(first)} ")
        screen.keys("Down")
        screen.wait(rf"MX · {re.escape(second)} ")
        screen.keys("Enter")
        screen.wait(rf"Destination · {re.escape(second)} ")
        assert "Stages, mean" in screen.text()
        screen.keys("Escape")
        screen.wait(r"2 Destinations")
