"""All hosts at once: each with its state, what differs, and keys that ask the host they are about."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fake import DESTINATIONS, SNAPSHOT, FakeSession, destination, families
from tests.ui.fixing import FakeFixing
from tests.ui.harness import golden, running, screen_text, settle
from tests.ui.test_fix import APPLIED, with_fixing

from mxtop.mail.connection import Connection
from mxtop.mail.snapshot import Snapshot
from mxtop.ui.screens.compare import Compare
from mxtop.ui.screens.everyone import Everyone
from mxtop.ui.screens.fix.page import Fix
from mxtop.ui.screens.main import Main

DOWN = Connection(
    state="down", since=SNAPSHOT.time - 42, heard=SNAPSHOT.time - 42, title="mx2: Connection lost"
)


def session(host: str, snapshot: Snapshot = SNAPSHOT) -> FakeSession:
    made = FakeSession(replace(snapshot, host=host))
    made.host = host
    return made


def three() -> tuple[FakeSession, list[FakeSession]]:
    """mx1 is well; mx2 was lost; mx3 alone fails over IPv6 to web.example, which takes it from the others."""
    well = replace(
        SNAPSHOT,
        findings=(),
        destinations=(destination("web.example", state="ok", sent=80, families=families(40, 40)),),
    )
    ill = destination("web.example", state="slow", sent=40, deferred=3, families=families(40, 0, failed=38))
    lost = replace(well, connection=DOWN)
    return session("mx1", well), [session("mx2", lost), session("mx3", replace(well, destinations=(ill,)))]


@pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=["80x24", "120x36"])
async def test_all_hosts_at_once(size: tuple[int, int]) -> None:
    first, others = three()
    async with running(session=first, others=others, size=size) as (app, pilot):
        assert isinstance(app.screen, Everyone)
        app.screen.look()
        await settle(pilot)
        golden(app, f"hosts-{size[0]}x{size[1]}")
        await pilot.press("tab")
        await settle(pilot)
        shown = " ".join(screen_text(app).split())
        assert "web.example: mx3 alone fails over IPv6: 38 of 38, the others 0 of 80" in shown


async def test_the_host_that_differs_is_opened_with_the_destination() -> None:
    first, others = three()
    others[1].snapshots = [
        replace(s, destinations=(*DESTINATIONS[:2], *s.destinations)) for s in others[1].snapshots
    ]
    async with running(session=first, others=others) as (app, pilot):
        app.screen.look()  # type: ignore[attr-defined]
        await pilot.press("tab", "enter")
        await settle(pilot)
        assert isinstance(app.screen, Compare)
        await pilot.press("enter")
        await settle(pilot)
        assert (app.tab, app.selected) == (3, "web.example")


async def test_a_session_knows_whether_it_is_looked_at() -> None:
    first, others = three()
    async with running(session=first, others=others) as (_, pilot):

        def looked_at() -> list[bool | None]:
            return [each.attended for each in (first, *others)]

        assert looked_at() == [False, False, False]
        await pilot.press("right_square_bracket", "right_square_bracket")
        await settle(pilot)
        assert looked_at() == [False, True, False]
        await pilot.press("left_square_bracket", "left_square_bracket")
        await settle(pilot)
        assert looked_at() == [False, False, False]


async def test_a_page_stays_open_on_its_host_and_keys_ask_the_host_they_are_about() -> None:
    mine, other = FakeFixing(), FakeFixing()
    first, second = with_fixing(mine), with_fixing(other)
    first.host, second.host = "mx1", "mx2"
    async with running(session=first, others=[second]) as (app, pilot):
        await pilot.press("j", "m", "x")  # the second of the list alone
        for _ in range(3):
            await settle(pilot)
        assert app.tab == 2 and isinstance(app.screen, Fix)
        assert any(call[0] == "propose" for call in other.asked)
        assert not any(call[0] == "propose" for call in mine.asked)
        await pilot.press("left_square_bracket")
        await settle(pilot)
        assert app.tab == 1 and isinstance(app.screen, Main)
        await pilot.press("right_square_bracket")
        await settle(pilot)
        assert isinstance(app.screen, Fix)


async def test_an_unconfirmed_change_is_seen_from_every_tab_and_who_quits_is_warned() -> None:
    second = with_fixing(FakeFixing(APPLIED))
    second.host = "mx2"
    async with running(session=session("mx1"), others=[second]) as (app, pilot):
        app.screen.look()  # type: ignore[attr-defined]
        await settle(pilot)
        assert "UNCONFIRMED on mx1.example.net, goes back in" in screen_text(app)
        await pilot.press("enter")
        await settle(pilot)
        assert app.tab in (1, 2)
        assert "mx2 UNCONFIRMED" in screen_text(app)
        await pilot.press("q")
        await settle(pilot)
        assert "is not confirmed" in screen_text(app)


async def test_what_was_open_is_closed() -> None:
    first, others = three()
    async with running(session=first, others=others) as (app, _):
        await app.close_all()
    assert all(each.closed for each in (first, *others))
