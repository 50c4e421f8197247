"""The predicted share, proven on a real Postfix: what `mxtop dns` says beside what smtp(8) then does."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from tests.lab import Lab, world
from tests.lab.shares import binomial_bounds, ipv6_count, relays

from mxtop.mail.parse import Parser
from mxtop.mail.tracker import Tracker

MESSAGES = 300
SIX = (world.DUAL, world.QUAD, world.EQUAL, world.TIERS, world.V6_BEST, world.V4_BEST)


@pytest.fixture(scope="module")
def uncached() -> Iterator[Lab]:
    settings = {
        "smtp_connection_cache_on_demand": "no",
        "default_destination_concurrency_limit": "50",
        "initial_destination_concurrency": "50",
    }
    with Lab(SIX, settings=settings) as lab:
        yield lab


def told(lab: Lab) -> dict[str, dict[str, Any]]:
    """What `mxtop dns` says of the six, run where Postfix runs."""
    argv = [sys.executable, "-m", "mxtop", "dns", "--json", *(each.domain for each in SIX)]
    done = lab.run(argv, timeout=60, check=True)
    return {row["domain"]: row for row in json.loads(done.stdout)}


@pytest.mark.lab
@pytest.mark.parametrize("preference", ["any", "ipv4", "ipv6"])
def test_mail_goes_as_predicted(uncached: Lab, preference: str) -> None:
    lab = uncached
    lab.prefer(preference)
    lab.reload()
    predicted = told(lab)
    begin = lab.mark()
    for each in SIX:
        lab.send(f"user@{each.domain}", count=MESSAGES, sessions=20)
    lab.wait_idle(timeout=240)
    lines = lab.lines(begin)
    tracker, parser = Tracker(), Parser(0.0, year=2026)
    for line in lines:
        tracker.apply(parser.parse(line))
    rows = {row.destination: row for row in tracker.rows(0.0)}
    for each in SIX:
        row = predicted[each.domain]
        shares = row["expected_first_try_ipv6_share"]
        expected = shares["now"]
        assert expected == shares[preference]
        addresses = relays(lines, each.domain, new_only=True)
        assert len(addresses) == MESSAGES, each.domain
        low, high = binomial_bounds(MESSAGES, expected)
        observed = ipv6_count(addresses)
        assert low <= observed <= high, (each.domain, preference, expected, observed)
        # Every order begins with an address that `example_order` may begin with.
        assert set(addresses) <= {a["address"] for mx in row["mx"] for a in mx["addresses"]}
        assert rows[each.domain].first_try_ipv6_share == pytest.approx(observed / MESSAGES)
        assert rows[each.domain].families.ipv6.connections == observed
