"""A page of text over the main screen: at any size, scrolled, copied, closed, and drawn anew."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from tests.ui.harness import PAYLOADS, hostile_characters, running, screen_text, settle

from mxtop.mail.text import SafeText, clean
from mxtop.ui.screens.page import Page
from mxtop.ui.widgets.painted import Line, wrap


class Told(Page):
    def __init__(self, words: str, title: str = "Told") -> None:
        super().__init__()
        self.words = words
        self.title_words = title
        self.widths: list[int] = []

    def title_text(self) -> str:
        return clean(self.title_words, 60)

    def lines(self, width: int) -> list[Line]:
        self.widths.append(width)
        return [line for part in self.words.split("\n") for line in wrap(clean(part), width)]


@pytest.mark.parametrize("size", [(40, 10), (120, 36)])
async def test_all_of_it_fits_the_width_and_is_reached_by_scrolling(size: tuple[int, int]) -> None:
    page = Told("\n".join(f"line {n} " + "word " * 30 for n in range(60)))
    async with running(size=size) as (app, pilot):
        app.push_screen(page)
        await settle(pilot)
        assert "line 0" in screen_text(app) and page.text.max_scroll_x == 0
        await pilot.press("G")
        await settle(pilot)
        assert "line 59" in screen_text(app)
        await pilot.press("g")
        await settle(pilot)
        assert "line 0" in screen_text(app)


async def test_another_size_is_another_width_and_the_smallest_is_no_error() -> None:
    page = Told("word " * 200)
    async with running(size=(120, 36)) as (app, pilot):
        app.push_screen(page)
        await settle(pilot)
        for size in ((40, 10), (3, 2), (80, 24)):
            await pilot.resize_terminal(*size)
            await settle(pilot)
            assert page.widths[-1] == max(20, size[0] - 6)
        assert "word word" in screen_text(app) and app.fatal is None


async def test_what_is_copied_is_all_of_it_and_not_what_is_in_sight() -> None:
    page = Told("\n".join(f"line {n}" for n in range(200)))
    async with running(size=(40, 10)) as (app, pilot):
        app.push_screen(page)
        await settle(pilot)
        await pilot.press("c")
        assert app.clipboard.split("\n")[-1] == "line 199" and len(app.clipboard.split("\n")) == 200


async def test_a_strangers_words_are_text_in_the_title_and_below() -> None:
    payload = "".join(PAYLOADS) + "漢字" * 100
    async with running(size=(40, 10)) as (app, pilot):
        app.push_screen(Told(payload, payload))
        await settle(pilot)
        text = screen_text(app)
        assert not hostile_characters(text) and all(cell_len(line) <= 40 for line in text.splitlines())


async def test_esc_closes_it_and_nothing_is_left_of_it() -> None:
    async with running() as (app, pilot):
        before = screen_text(app)
        app.push_screen(Told("words"))
        await settle(pilot)
        await pilot.press("escape")
        await settle(pilot)
        assert app.screen is app.main and screen_text(app) == before


async def test_drawn_anew_it_keeps_its_place() -> None:
    page = Told("\n".join(f"line {n}" for n in range(200)))
    async with running(size=(80, 24)) as (app, pilot):
        app.push_screen(page)
        await settle(pilot)
        await pilot.press("pagedown")
        await settle(pilot)
        at = page.text.scroll_offset.y
        page.words += "\nline 200"
        page.draw()
        await settle(pilot)
        assert page.text.scroll_offset.y == at > 0
        assert page.plain().endswith(SafeText("line 200"))
