"""The virtual table: order, cursor, filter, and that it repaints only what changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from tests.ui.fake import FakeSession
from tests.ui.harness import screen_text, settle
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui import theme
from mxtop.ui.app import MxtopApp
from mxtop.ui.widgets.table import Column, Table


@dataclass(frozen=True, slots=True)
class Row:
    name: str
    number: int
    value: float | None = None


COLUMNS: tuple[Column[Row], ...] = (
    Column("name", "Name", 6, lambda r: clean(r.name), lambda r: r.name, descending=False, frozen=True),
    Column("number", "Number", 7, lambda r: literal(str(r.number)), lambda r: r.number, right=True),
    Column("value", "Value", 6, lambda r: literal("–" if r.value is None else str(r.value)),
                lambda r: r.value, right=True),
    Column("text", "Text", 10, lambda r: literal("text of " + r.name), None, most=40),
)  # fmt: skip


class TableApp(App[None]):
    def __init__(self, rows: Sequence[Row]) -> None:
        super().__init__()
        self.table: Table[Row] = Table(COLUMNS, lambda r: r.name, sort="number")
        self._first = rows
        self.highlighted: list[Any] = []
        self.chosen = 0

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.role_defaults(self.current_theme)

    def compose(self) -> ComposeResult:
        yield self.table

    def on_mount(self) -> None:
        self.table.show_rows(self._first)
        self.table.focus()

    def on_table_highlighted(self, event: Table.Highlighted) -> None:
        self.highlighted.append(event.key)

    def on_table_chosen(self) -> None:
        self.chosen += 1


ROWS = tuple(Row(f"r{i:03}", i, None if i % 3 else i / 2) for i in range(100))


@asynccontextmanager
async def table(
    rows: Sequence[Row] = ROWS, size: tuple[int, int] = (60, 12)
) -> AsyncIterator[tuple[TableApp, Table[Row], Pilot[None]]]:
    app = TableApp(rows)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)  # type: ignore[arg-type]
        yield app, app.table, pilot


def changed(index: int, number: int) -> tuple[Row, ...]:
    return tuple(replace(row, number=number) if i == index else row for i, row in enumerate(ROWS))


async def test_order_and_unknown_last() -> None:
    async with table() as (_, it, _pilot):
        assert [r.name for r in it.rows[:2]] == ["r099", "r098"]
        value = COLUMNS[2]
        it.sort_by(value)
        assert it.rows[0].value == 49.5 and it.rows[-1].value is None
        it.sort_by(value)
        assert it.rows[0].value == 0.0 and it.rows[-1].value is None


async def test_cursor_follows_the_key_not_the_index() -> None:
    async with table() as (app, it, pilot):
        await pilot.press("j", "j")
        assert it.cursor == "r097"
        it.show_rows(changed(97, 1000))
        assert it.cursor == "r097" and it.rows.index(it.row()) == 0  # type: ignore[arg-type]
        it.show_rows(changed(97, -1))
        await pilot.pause()
        assert it.cursor == "r097"
        assert "▸r097" in screen_text(app), "it was visible, so it stays visible"
        assert app.highlighted[-1] == "r097"


async def test_a_row_that_goes_leaves_the_cursor_at_its_place() -> None:
    async with table() as (app, it, pilot):
        await pilot.press("j")
        it.show_rows(ROWS[:98])
        await pilot.pause()
        assert it.cursor == "r096" and app.highlighted[-1] == "r096"
        it.show_rows(())
        await pilot.pause()
        assert it.cursor is None and it.row() is None and app.highlighted[-1] is None


async def test_pinned_the_cursor_stays_on_the_first_row_until_it_is_moved() -> None:
    async with table() as (_, it, pilot):
        it.pin = True
        it.show_rows(changed(5, 1000))
        assert it.cursor == "r005"
        await pilot.press("j")
        it.show_rows(changed(6, 1000))
        assert it.cursor == "r099"


async def test_only_changed_visible_lines_are_painted_again() -> None:
    async with table() as (_, it, pilot):
        dirty: list[Region] = []
        it.refresh = lambda *regions, **more: dirty.extend(regions or [Region(-1)])  # type: ignore[assignment, method-assign]
        it.show_rows(tuple(ROWS))
        assert dirty == [], "equal rows"
        it.show_rows(changed(2, 3))  # far below the window
        assert dirty == []
        rows = tuple(replace(r, value=-1.0) if r.name == "r098" else r for r in ROWS)
        it.show_rows(rows)
        assert [region.y for region in dirty] == [2], "the second line under the head"
        dirty.clear()
        it.show_rows(rows)
        assert dirty == []
        await pilot.pause()


async def test_filter() -> None:
    async with table() as (app, it, pilot):
        it.set_filter(lambda r: "9" in r.name)
        await pilot.pause()
        assert len(it.rows) == 19 and it.cursor == "r099"
        it.set_filter(lambda r: False)
        await pilot.pause()
        assert it.cursor is None and "r0" not in screen_text(app)
        await pilot.press("j", "G", "g", "pagedown", "l", "enter")
        it.set_filter(None)
        assert len(it.rows) == 100


async def test_moving() -> None:
    async with table() as (app, it, pilot):
        await pilot.press("G")
        await pilot.pause()
        assert it.cursor == "r000" and "▸r000" in screen_text(app)
        await pilot.press("g", "k")
        assert it.cursor == "r099"
        await pilot.press("pagedown", "up")
        await pilot.pause()
        assert it.cursor == "r090"


async def test_header_click_sorts_and_row_click_moves() -> None:
    async with table() as (app, it, pilot):
        await pilot.click(Table, offset=(12, 0))
        assert it.column.id == "number" and not it.descending
        await pilot.click(Table, offset=(3, 0))
        assert it.column.id == "name" and not it.descending
        await pilot.click(Table, offset=(40, 0))
        assert it.column.id == "name", "a column without an order"
        await pilot.click(Table, offset=(3, 3))
        assert it.cursor == "r002"
        await pilot.click(Table, offset=(3, 3), times=2)
        assert app.chosen == 1
        await pilot.click(Table, offset=(3, 11))


async def test_sideways_by_columns_keeps_the_frozen_ones_and_cuts_no_number() -> None:
    async with table(size=(20, 8)) as (app, _, pilot):
        head = screen_text(app).splitlines()[0]
        assert head.startswith(" Name   Number") or "Number" in head
        assert "Value" not in head, "half a number would be a lie"
        assert head.rstrip().endswith("›")
        await pilot.press("right")
        await pilot.pause()
        head, first, *_ = screen_text(app).splitlines()
        assert "Value" in head and "Numb" not in head and "▸r099" in first and "49.5" in first
        await pilot.press("h", "h")
        await pilot.pause()
        assert "Number" in screen_text(app).splitlines()[0]


async def test_wide_and_combining_text_keeps_the_columns() -> None:
    rows = (Row("日本語日本語", 5), Row("e\u0301" * 20, 4), Row("x" * 40, 3), Row("a👩b", 2))
    async with table(rows) as (app, _, _pilot):
        from rich.cells import cell_len

        for strip in app.screen._compositor.render_strips()[1:5]:
            text = strip.text
            column = cell_len(text[: text.rindex("text of")].rstrip())
            assert column == cell_len(" " + "x" * 6 + " " + "x" * 7 + " " + "x" * 5 + "–"), text


async def test_a_hundred_thousand_rows_are_looked_at_once_and_painted_where_seen() -> None:
    """Counted, not timed: `make bench` has the seconds."""
    rows = tuple(Row(f"r{i:06}", (i * 7919) % 100_000) for i in range(100_000))
    async with table(rows) as (_, it, pilot):
        sorted_by, painted = 0, 0
        value, text = it.column.sort, it.columns[0].text
        assert value is not None

        def counted_value(row: Row) -> object:
            nonlocal sorted_by
            sorted_by += 1
            return value(row)

        def counted_text(row: Row) -> SafeText:
            nonlocal painted
            painted += 1
            return text(row)

        object.__setattr__(it.column, "sort", counted_value)
        object.__setattr__(it.columns[0], "text", counted_text)
        changed = tuple(replace(row, number=row.number + 1) if i < 10 else row for i, row in enumerate(rows))
        it.show_rows(changed)
        await pilot.pause()
        assert sorted_by == 100_000
        assert painted <= it.size.height
        for _ in range(100):
            it.show_rows(changed)
        await pilot.pause()
        assert sorted_by == 100_000, "the same rows again cost nothing"


def test_a_column_takes_nothing_but_safe_text() -> None:
    """The type says so; here that a table of the app really cleans what strangers wrote."""
    from mxtop.mail.snapshot import Destination

    table = MxtopApp(FakeSession()).main.destinations.table
    row = Destination(destination="\x1b[2J", last_reply="\x1b]0;x\x07")
    assert all(SafeText(c.text(row)).isprintable() for c in table.columns)
