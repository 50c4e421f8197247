"""A page with a table: enter opens the row under the cursor, and nothing where there is none."""

from __future__ import annotations

import pytest
from tests.ui.harness import hostile_characters, running, screen_text, settle

from mxtop.mail.text import SafeText, clean
from mxtop.ui.screens.listing import Listing
from mxtop.ui.widgets.painted import Line, wrap
from mxtop.ui.widgets.table import Column, Table

COLUMNS: tuple[Column[str], ...] = (
    Column("name", "Name", 10, lambda name: clean(name), lambda name: name, descending=False, most=60),
)


class Names(Listing[str]):
    def __init__(self, words: str = "") -> None:
        super().__init__(Table(COLUMNS, lambda name: name, sort="name"))
        self.words = words
        self.opened: list[str] = []

    def title_text(self) -> str:
        return "Names"

    def lines(self, width: int) -> list[Line]:
        return wrap(SafeText(self.words), width) if self.words else []

    def open(self, row: str) -> None:
        self.opened.append(row)


async def test_enter_and_a_click_open_the_row_under_the_cursor() -> None:
    async with running() as (app, pilot):
        page = Names()
        app.push_screen(page)
        page.table.show_rows(["c", "a", "b"])
        await settle(pilot)
        await pilot.press("enter", "down", "enter", "tab", "enter")
        assert page.opened == ["a", "b", "c"]


async def test_where_there_is_no_row_enter_opens_nothing() -> None:
    async with running() as (app, pilot):
        page = Names()
        app.push_screen(page)
        await settle(pilot)
        await pilot.press("enter", "down", "tab", "enter")
        page.table.show_rows(["a"])
        page.table.show_rows([])
        await pilot.press("enter")
        await settle(pilot)
        assert page.opened == [] and app.screen is page and app.fatal is None


@pytest.mark.parametrize("size", [(40, 10), (120, 36)])
async def test_the_words_take_the_room_that_they_need_and_none_where_there_are_none(
    size: tuple[int, int],
) -> None:
    async with running(size=size) as (app, pilot):
        page = Names("two words " * 8)
        app.push_screen(page)
        page.table.show_rows(["first row"])
        await settle(pilot)
        assert "two words" in screen_text(app) and "first row" in screen_text(app)
        page.words = ""
        page.draw()
        await settle(pilot)
        assert "two words" not in screen_text(app) and not page.text.display


async def test_the_row_under_the_cursor_is_what_is_copied() -> None:
    async with running() as (app, pilot):
        page = Names("words above")
        app.push_screen(page)
        page.table.show_rows(["a\x1b[2Jb", "c"])
        await settle(pilot)
        await pilot.press("c")
        assert app.clipboard.lower() == "name: a␛[2jb" and not hostile_characters(app.clipboard)
