"""What the keys do, and what the screen keeps while snapshots come."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fake import DESTINATIONS, NOW, SNAPSHOT, FakeSession
from tests.ui.harness import running, screen_text, settle

from mxtop.mail.snapshot import Snapshot
from mxtop.ui.feed import Tick


def later(**fields: object) -> Snapshot:
    return replace(SNAPSHOT, time=NOW + 1, **fields)  # type: ignore[arg-type]


async def test_pause_keeps_the_last_snapshot_while_the_session_goes_on() -> None:
    async with running() as (app, pilot):
        await pilot.press("space")
        app.publish(later(sent_rate=99.9))
        await settle(pilot)
        text = screen_text(app)
        assert "paused since" in text and "sent 23.2/s" in text and "99.9" not in text
        await pilot.press("s", "down", "down", "down", "enter")  # sorting still works
        await settle(pilot)
        assert "paused since" in screen_text(app) and app.main.destinations.table.column.id == "deferred_rate"
        await pilot.press("p")
        await settle(pilot)
        assert "sent 99.9/s" in screen_text(app) and "● live" in screen_text(app)


async def test_a_flood_of_snapshots_is_one_paint() -> None:
    async with running() as (app, pilot):
        drawn: list[Snapshot] = []
        app.draw = lambda: drawn.append(app.view.snapshot)  # type: ignore[method-assign]
        for i in range(1000):
            app.publish(later(sent_rate=float(i)))
        await settle(pilot)
        assert len(drawn) < 10 and drawn[-1].sent_rate == 999.0
        assert Tick(SNAPSHOT).can_replace(Tick(SNAPSHOT))


async def test_selection_goes_to_the_session_and_the_mx_panel() -> None:
    session = FakeSession(SNAPSHOT)
    async with running(session=session) as (app, pilot):
        assert session.selected == ["gmail.example"]
        await pilot.press("j")
        await settle(pilot)
        assert session.selected[-1] == "outlook.example"
        assert "MX · outlook.example" in screen_text(app)


async def test_filter_narrows_and_esc_clears_but_never_quits() -> None:
    async with running() as (app, pilot):
        await pilot.press("slash", *"example !gmail")
        await settle(pilot)
        names = [row.destination for row in app.main.destinations.table.rows]
        assert "gmail.example" not in names and len(names) == len(DESTINATIONS) - 1
        await pilot.press("enter")
        assert "filter example !gmail" in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert len(app.main.destinations.table.rows) == len(DESTINATIONS)
        for _ in range(4):
            await pilot.press("escape")
        assert app.is_running and app.screen is app.main


async def test_a_filter_that_matches_nothing_says_so_and_keeps_the_focus() -> None:
    async with running() as (app, pilot):
        await pilot.press("f4", *"zzz", "enter")
        await settle(pilot)
        assert "None of 6 destinations matches zzz." in screen_text(app)
        await pilot.press("escape")
        await settle(pilot)
        assert app.main.destinations.table.has_focus


async def test_the_filter_is_that_of_the_focused_panel() -> None:
    async with running(size=(120, 50)) as (app, pilot):
        await pilot.press("4", "slash", *"smtpd", "enter")
        await settle(pilot)
        assert len(app.main.sockets.table.rows) == 1 and app.main.sockets.table.has_focus
        await pilot.press("5", "slash", *"bounced", "enter")
        await settle(pilot)
        assert "filter bounced: 1 found" in screen_text(app) and app.main.log_panel.log_view.has_focus
        assert len(app.main.destinations.table.rows) == len(DESTINATIONS)


async def test_letters_typed_in_the_filter_are_no_commands() -> None:
    async with running() as (app, pilot):
        await pilot.press("slash", *"qpz15 !x")
        assert app.is_running and app.main.input.value == "qpz15 !x" and not app.main.zoomed


@pytest.mark.parametrize("key", ["q", "f10", "ctrl+c"])
async def test_quit(key: str) -> None:
    async with running() as (app, pilot):
        await pilot.press(key)
        await settle(pilot)
        assert app.return_code == 0 and not app.is_running


async def test_ctrl_c_quits_from_the_filter_too() -> None:
    async with running() as (app, pilot):
        await pilot.press("slash", "x", "ctrl+c")
        await settle(pilot)
        assert not app.is_running


async def test_sort_keys() -> None:
    async with running() as (app, pilot):
        table = app.main.destinations.table
        assert [d.deferred for d in table.rows][:3] == [341, 57, 19]
        await pilot.press("r")
        assert [d.deferred for d in table.rows][-3:] == [19, 57, 341]
        await pilot.press("greater_than_sign")
        assert table.column.id == "delay"
        assert table.rows[-1].delay is None, "unknown is last"
        await pilot.press("less_than_sign", "less_than_sign")
        assert table.column.id == "hanging"
        assert "by attempts that hang now" in screen_text(app)


async def test_panels_by_number_and_tab() -> None:
    async with running() as (app, pilot):
        for key, name in zip("12345", ("summary", "destinations", "mx", "sockets", "log"), strict=True):
            await pilot.press(key)
            assert app.main.current == name and app.main.panel(name).has_focus_within  # type: ignore[arg-type]
        await pilot.press("tab")
        assert app.main.current == "summary"
        await pilot.press("shift+tab")
        assert app.main.current == "log"


@pytest.mark.parametrize("key", "12345")
async def test_zoom_shows_one_panel_and_esc_ends_it(key: str) -> None:
    async with running(size=(80, 24)) as (app, pilot):
        await pilot.press(key, "z")
        await settle(pilot)
        assert app.main.panel(app.main.current).size.height >= 20
        await pilot.press("escape")
        await settle(pilot)
        assert not app.main.zoomed and app.main.destinations.size.height > 3


async def test_resize_to_40x10_and_back() -> None:
    async with running() as (app, pilot):
        before = screen_text(app)
        for panel in "54321":
            await pilot.press(panel)
            await pilot.resize_terminal(40, 10)
            await settle(pilot)
            app.publish(later(sent_rate=float(panel)))
            await settle(pilot)
            await pilot.resize_terminal(3, 2)
            await settle(pilot)
            await pilot.resize_terminal(120, 36)
            await settle(pilot)
        app.publish(SNAPSHOT)
        await pilot.press("2")
        await settle(pilot)
        assert screen_text(app) == before


async def test_interval() -> None:
    session = FakeSession(SNAPSHOT)
    async with running(session=session) as (app, pilot):
        await pilot.press("plus", "plus", "plus", "minus")
        assert session.intervals == [0.5, 0.25, 0.5]
        await settle(pilot)
        assert "● live 0.5s" in screen_text(app)


async def test_loopback_filters_are_hidden_unless_asked() -> None:
    async with running(size=(120, 50)) as (app, pilot):
        assert "127.0.0.1:10024" not in screen_text(app) and "1 loopback hidden" in screen_text(app)
        await pilot.press("b")
        await settle(pilot)
        assert "127.0.0.1:10024" in screen_text(app)


async def test_theme_switch_and_builtin_themes() -> None:
    async with running() as (app, pilot):
        for name in (
            "mxtop-light",
            "mxtop-deuteranopia",
            "mxtop-contrast",
            "textual-dark",
            "nord",
            "ansi-dark",
        ):
            app.theme = name
            await settle(pilot)
            assert "gmail.example" in screen_text(app)


async def test_unknown_theme_and_bad_keys_are_told() -> None:
    async with running(theme_name="nope", keys={"qiut": "x"}) as (app, _):
        text = screen_text(app)
        assert app.theme == "mxtop-dark" and "no theme 'nope'" in text and "did you mean quit?" in text


async def test_remapped_keys() -> None:
    async with running(keys={"pause": "v"}) as (app, pilot):
        await pilot.press("space")
        await settle(pilot)
        assert "paused" not in screen_text(app).splitlines()[0] and "v pause" in screen_text(app)
        await pilot.press("v")
        await settle(pilot)
        assert "paused since" in screen_text(app)


async def test_read_only_and_demo_are_said_top_right() -> None:
    async with running(replace(SNAPSHOT, mode="demo"), read_only=True) as (app, _):
        assert screen_text(app).splitlines()[0].endswith("▶ demo  read-only")


async def test_no_color(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running() as (app, _):
        assert app.no_color
        assert "✖ stuck" in screen_text(app) and "▸" in screen_text(app)
        assert app.main.destinations.table.style("cursor").reverse
