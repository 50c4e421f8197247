"""The sort picker: every order there is, the present one under the cursor, and none by accident."""

from __future__ import annotations

import pytest
from tests.ui.harness import running, screen_text, settle
from textual.widgets import OptionList

from mxtop.mail.text import literal
from mxtop.ui.screens.sort import Sort
from mxtop.ui.widgets.table import Column

COLUMNS: tuple[Column[int], ...] = (
    Column("a", "A", 3, lambda _: literal("a"), lambda n: n, help="what [red] tells"),
    Column("b", "B", 3, lambda _: literal("b"), None),
    Column("c", "Charlie", 3, lambda _: literal("c"), lambda n: n),
)


async def test_only_what_sorts_is_offered_in_words_that_are_no_markup() -> None:
    async with running() as (app, pilot):
        app.push_screen(Sort(COLUMNS, "c"))
        await settle(pilot)
        text = screen_text(app)
        assert "What [red] tells" in text and "Charlie" in text
        options = app.screen.query_one(OptionList)
        assert [option.id for option in options.options] == ["a", "c"] and options.highlighted == 1


@pytest.mark.parametrize(("keys", "given"), [(["enter"], "a"), (["down", "enter"], "c"), (["escape"], None)])
async def test_what_is_chosen_is_given_and_esc_chooses_nothing(keys: list[str], given: str | None) -> None:
    async with running() as (app, pilot):
        answers: list[str | None] = []
        app.push_screen(Sort(COLUMNS, "no such column"), answers.append)
        await settle(pilot)
        await pilot.press(*keys)
        await settle(pilot)
        assert answers == [given] and app.screen is app.main


@pytest.mark.parametrize("size", [(40, 10), (120, 36)])
async def test_the_key_sorts_again_reverses_and_esc_leaves_it(size: tuple[int, int]) -> None:
    async with running(size=size) as (app, pilot):
        table = app.main.destinations.table
        before = table.column.id, table.descending
        await pilot.press("s")
        await settle(pilot)
        assert isinstance(app.screen, Sort)
        await pilot.press("enter")
        await settle(pilot)
        assert (table.column.id, table.descending) == (before[0], not before[1])
        await pilot.press("s", "escape")
        await settle(pilot)
        assert (table.column.id, table.descending) == (before[0], not before[1])
        assert app.screen is app.main


async def test_keys_that_work_everywhere_wait_for_the_choice() -> None:
    async with running() as (app, pilot):
        await pilot.press("s")
        await settle(pilot)
        await pilot.press("question_mark", "L", "x")
        await settle(pilot)
        assert isinstance(app.screen, Sort)
