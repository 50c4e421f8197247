"""The hosts side by side at one destination: each one's own numbers, and the one that differs and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fake import OUTLOOK, SETTINGS, FakeSession, destination, families
from tests.ui.harness import golden, running, screen_text, settle
from tests.ui.test_everyone import session, three

from mxtop.mail.settings import Route, Transport
from mxtop.mail.snapshot import Prediction, Shares
from mxtop.ui.screens.compare import Compare
from mxtop.ui.screens.everyone import Everyone


def differing() -> tuple[FakeSession, list[FakeSession]]:
    """As `three`, and mx1 is set to ipv4 for this destination's transport; mx4 sends nothing there."""
    first, others = three()
    outlook = replace(
        OUTLOOK, destination="web.example", route=Route(destination="web.example", transport="relay"),
        prediction=Prediction(status="ok", shares=Shares(now=0.5, any=0.5, ipv4=0.0, ipv6=1.0)),
    )  # fmt: skip
    relays = replace(
        SETTINGS, transports={"smtp": Transport(), "relay": Transport(smtp_address_preference="ipv4")}
    )
    for each in others:
        each.snapshots = [replace(s, outlooks={"web.example": outlook}) for s in each.snapshots]
    first.snapshots = [
        replace(s, settings=relays, outlooks={"web.example": outlook}) for s in first.snapshots
    ]
    return first, [*others, session("mx4", replace(first.snapshots[0], settings=None, destinations=()))]


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
async def test_the_one_that_differs_is_marked_with_the_reason(size: tuple[int, int]) -> None:
    first, others = differing()
    async with running(session=first, others=others, size=size) as (app, pilot):
        app.screen.look()  # type: ignore[attr-defined]
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert isinstance(app.screen, Compare)
        golden(app, f"compare-{size[0]}x{size[1]}")
        shown = " ".join(screen_text(app).replace("│", " ").split())
        assert "▲ mx3 alone fails over IPv6: 38 of 38, the others 0 of 80" in shown
        assert "less than once in a million times (Fisher's exact test, one of 3 hosts" in shown
        assert "smtp_address_preference differs: any on mx2, mx3; ipv4 on mx1" in shown
        assert all(each.selected[-1] == "web.example" for each in (first, *others)), "each resolves it"
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, Everyone)
        assert first.selected[-1] == app.hosts[0].selected


async def test_where_nobody_differs_that_is_said() -> None:
    well = [destination("web.example", state="ok", sent=80, families=families(40, 40))]
    hosts = [session(f"mx{n}", replace(three()[0].snapshots[0], destinations=tuple(well))) for n in (1, 2)]
    async with running(session=hosts[0], others=hosts[1:]) as (app, pilot):
        app.screen.look()  # type: ignore[attr-defined]
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert "No host alone fails to connect" in screen_text(app)
        assert "▲" not in screen_text(app).replace("▲ lists", "").split("Host", 1)[1]
