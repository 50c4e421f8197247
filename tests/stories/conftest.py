"""The worlds that several stories watch: each is made once, its traffic over before the first look."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.lab import Lab, world

SIZES = [(100, 30), (80, 24)]


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    """The two terminals that every story is seen in."""
    return request.param


WATCHED = (
    *(world.DUAL, world.QUAD, world.TIERS, world.V4_ONLY, world.V6_ONLY, world.BLACK_HOLE),
    *(world.REJECTING, world.GREYLISTING, world.HANG_UP, world.DEAD, world.DANGLING),
)
DUALS = 120


@pytest.fixture(scope="session")
def quiet_lab() -> Iterator[Lab]:
    """Mail to good and bad destinations under `any` without the connection cache, all of it over."""
    settings = {
        "smtp_connection_cache_on_demand": "no",
        "smtp_address_preference": "any",
        **dict.fromkeys(("queue_run_delay", "minimal_backoff_time", "maximal_backoff_time"), "4h"),
    }
    with Lab(WATCHED, settings=settings) as lab:
        for destination in WATCHED:
            many = destination in (world.DUAL, world.QUAD)
            lab.send(f"user@{destination.domain}", count=DUALS if many else 6)
        lab.send_together([f"user{n}@{world.DUAL.domain}" for n in range(3)])
        lab.wait_idle()
        yield lab
