"""All hosts at once: each with its state, what differs, and keys that ask the host they are about."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from rich.cells import cell_len
from tests.ui.fake import DESTINATIONS, SNAPSHOT, FakeSession, destination, families
from tests.ui.fixing import FakeFixing
from tests.ui.harness import PAYLOADS, golden, hostile_characters, running, screen_text, settle
from tests.ui.test_fix import APPLIED, with_fixing

from mxtop.mail.connection import Connection
from mxtop.mail.finding import Finding
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


async def test_hosts_whose_names_begin_alike_are_summed_each() -> None:
    """A name is cut where it is shown, and never where hosts are told apart by it."""
    names = [f"outbound-relay.production.europe-west.example.net-{n}" for n in (1, 2)]
    row = destination("web.example", state="ok", sent=80, families=families(40, 40))
    first, second = (session(name, replace(SNAPSHOT, destinations=(row,))) for name in names)
    async with running(session=first, others=[second]) as (app, _):
        assert isinstance(app.screen, Everyone)
        app.screen.look()
        (sums,) = app.screen.sums.table.rows
        assert (sums.hosts, sums.sent, sums.ipv4, sums.ipv6) == (2, 160, 80, 80)


@pytest.mark.parametrize("payload", ["".join(PAYLOADS), "漢字" * 30], ids=["hostile", "wide"])
async def test_in_a_narrow_terminal_and_with_hostile_words_it_stands(payload: str) -> None:
    row = destination(payload, state="failing", deferred=3, families=families(1, 0, failed=9))
    ill = replace(SNAPSHOT, destinations=(row,), findings=(Finding(id="x", title=payload, sentence=payload),))
    async with running(session=session("mx1", ill), others=[session("mx2", ill)]) as (app, pilot):
        for size in ((40, 10), (10, 3), (120, 36)):
            await pilot.resize_terminal(*size)
            await pilot.press("down", "tab", "down", "m")
            await settle(pilot)
            text = screen_text(app)
            assert isinstance(app.screen, Everyone) and not hostile_characters(text)
            assert all(cell_len(line) <= size[0] for line in text.splitlines())


async def test_marks_are_of_hosts_and_none_means_all() -> None:
    first, others = three()
    async with running(session=first, others=others) as (app, pilot):
        assert isinstance(app.screen, Everyone)
        assert app.screen.meant() == app.hosts
        under = app.pointed
        await pilot.press("m")
        assert app.screen.meant() == (under,)
        await pilot.press("tab", "m")  # a destination is no host
        assert app.screen.meant() == (under,)
        await pilot.press("tab", "up", "m")
        assert app.screen.meant() == app.hosts, "taken off again"


async def test_while_nothing_is_known_nothing_is_claimed() -> None:
    empty = Snapshot()
    async with running(session=session("mx1", empty), others=[session("mx2", empty)]) as (app, _):
        app.screen.look()  # type: ignore[attr-defined]
        await asyncio.sleep(0)
        text = screen_text(app)
        assert "No host has logged a delivery over SMTP yet." in text and text.count("◌ reading") >= 2
