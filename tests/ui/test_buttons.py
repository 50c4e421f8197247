"""A row of buttons: the harmless one has the cursor, and nothing but a press of another chooses it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from tests.ui.harness import screen_text, settle
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui import theme
from mxtop.ui.widgets.buttons import Button, Buttons
from mxtop.ui.widgets.painted import Text

THREE = [
    Button("close", literal("Cancel")),
    Button("one", literal("Undo")),
    Button("all", literal("Undo all")),
]


class ButtonsApp(App[None]):
    CSS = "Text { height: 1fr; }"

    def __init__(self, buttons: Sequence[Button]) -> None:
        super().__init__()
        self.text = Text()
        self.buttons = Buttons(self.text)
        self._first = buttons
        self.pressed: list[str] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.role_defaults(self.current_theme)

    def compose(self) -> ComposeResult:
        yield self.text
        yield self.buttons

    def on_mount(self) -> None:
        self.text.show_lines([((SafeText(f"line {n}"), "text"),) for n in range(100)])
        self.buttons.show_buttons(self._first)
        self.buttons.focus()

    def on_buttons_pressed(self, event: Buttons.Pressed) -> None:
        self.pressed.append(event.id)


@asynccontextmanager
async def row(
    buttons: Sequence[Button] = THREE, size: tuple[int, int] = (60, 12)
) -> AsyncIterator[tuple[ButtonsApp, Pilot[None]]]:
    app = ButtonsApp(buttons)
    async with app.run_test(size=size) as pilot:
        await settle(pilot)  # type: ignore[arg-type]
        yield app, pilot


async def test_the_first_has_the_cursor_and_the_keys_go_round() -> None:
    async with row() as (app, pilot):
        assert app.buttons.focused_id == "close" and "[▸Cancel ]" in screen_text(app)
        await pilot.press("right", "right")
        assert app.buttons.focused_id == "all"
        await pilot.press("right", "left", "left", "enter")
        assert app.pressed == ["one"]


@pytest.mark.parametrize(
    ("others", "at"),
    [
        (THREE, "one"),
        ([Button("close", literal("Cancel")), Button("one", literal("Undo it")), THREE[2]], "one"),
        ([Button("keep", literal("Keep")), *THREE[1:]], "keep"),
        (THREE[:2], "close"),
        ([THREE[0]], "close"),
        ([], ""),
    ],
    ids=["same", "other words", "other first", "fewer", "one", "none"],
)
async def test_other_buttons_put_the_cursor_on_the_first(others: Sequence[Button], at: str) -> None:
    """Who presses Enter once more must not press what has come under the cursor meanwhile."""
    async with row() as (app, pilot):
        await pilot.press("right")
        app.buttons.show_buttons(others)
        assert app.buttons.focused_id == at
        await pilot.press("enter")
        assert app.pressed == ([at] if at else [])


async def test_keys_that_scroll_go_to_the_text_and_press_nothing() -> None:
    async with row() as (app, pilot):
        await pilot.press("down", "pagedown")
        assert app.text.scroll_offset.y > 1
        await pilot.press("G")
        assert app.text.scroll_offset.y == app.text.max_scroll_y > 0
        await pilot.press("g", "j", "k")
        assert app.text.scroll_offset.y == 0 and app.buttons.has_focus and app.pressed == []


@pytest.mark.parametrize("width", [12, 20, 30, 60])
async def test_all_are_there_in_lines_that_have_room(width: int) -> None:
    async with row(size=(width, 12)) as (app, pilot):
        text = screen_text(app)
        for button in THREE[:2]:
            assert button.label in text
        assert len(app.buttons._rows()) == app.buttons.size.height
        await pilot.resize_terminal(60, 12)
        await settle(pilot)  # type: ignore[arg-type]
        assert app.buttons.size.height == 1


@pytest.mark.parametrize("width", [20, 60])
async def test_a_click_presses_the_one_that_is_there(width: int) -> None:
    async with row(size=(width, 12)) as (app, pilot):
        lines = screen_text(app).splitlines()
        for button in THREE:
            y = next(n for n, line in enumerate(lines) if f"{button.label} ]" in line)
            x = lines[y].index(f"{button.label} ]")
            await pilot.click(offset=(x - 2, y))  # its first cell, its last, and the one after that
            await pilot.click(offset=(x + len(button.label) + 1, y))
            await pilot.click(offset=(x + len(button.label) + 2, y))
        await pilot.pause()
        assert app.pressed == ["close", "close", "one", "one", "all", "all"]


@pytest.mark.parametrize(
    "label", ["漢字" * 30, "[red]x[/]", "x" * 300, ""], ids=["wide", "markup", "long", "empty"]
)
async def test_any_label_has_a_place(label: str) -> None:
    async with row([THREE[0], Button("other", clean(label, 40))], size=(30, 12)) as (app, pilot):
        assert "[▸Cancel ]" in screen_text(app)
        await pilot.press("right", "enter")
        assert app.pressed == ["other"]
