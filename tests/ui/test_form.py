"""A page with buttons: the cursor is on the harmless one, and keys that scroll press nothing."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.ui.harness import PAYLOADS, hostile_characters, running, screen_text, settle

from mxtop.change.values import Refused
from mxtop.mail.errors import MxtopError
from mxtop.mail.text import SafeText, literal
from mxtop.ui.screens.form import Form, trouble
from mxtop.ui.widgets.buttons import Button
from mxtop.ui.widgets.painted import Line, width_of


class Asking(Form):
    """A hundred lines and two buttons."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[str] = []
        self.offered = [Button("no", literal("Cancel")), Button("yes", literal("Do it"))]

    def title_text(self) -> str:
        return "Question"

    def lines(self, width: int) -> list[Line]:
        return [((SafeText(f"line {n}"), "text"),) for n in range(100)]

    def choices(self) -> Sequence[Button]:
        return self.offered

    def pressed(self, id: str) -> None:
        self.answers.append(id)


@pytest.mark.parametrize("size", [(40, 10), (120, 36)])
async def test_the_harmless_one_first_and_the_text_scrolls_below_the_cursor(size: tuple[int, int]) -> None:
    async with running(size=size) as (app, pilot):
        page = Asking()
        app.push_screen(page)
        await settle(pilot)
        assert "[▸Cancel ]" in screen_text(app) and "[ Do it ]" in screen_text(app)
        await pilot.press("G")
        await settle(pilot)
        assert "line 99" in screen_text(app) and page.buttons.has_focus
        await pilot.press("enter")
        assert page.answers == ["no"]
        await pilot.press("tab", "enter")
        assert page.answers == ["no", "yes"]


async def test_other_choices_are_shown_when_it_is_drawn() -> None:
    async with running() as (app, pilot):
        page = Asking()
        app.push_screen(page)
        await settle(pilot)
        await pilot.press("tab")
        page.offered = [Button("close", literal("Close"))]
        page.draw()
        await settle(pilot)
        assert "[▸Close ]" in screen_text(app) and "Do it" not in screen_text(app)
        await pilot.press("enter")
        assert page.answers == ["close"]


async def test_esc_answers_nothing() -> None:
    async with running() as (app, pilot):
        page = Asking()
        app.push_screen(page)
        await settle(pilot)
        await pilot.press("tab", "escape")
        await settle(pilot)
        assert page.answers == [] and app.screen is app.main


def text(lines: list[Line]) -> str:
    return "\n".join("".join(part for part, _ in line) for line in lines)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (MxtopError("it failed", "try again"), "✖ it failed\n→ try again\n"),
        (MxtopError("it failed"), "✖ it failed\n"),
        (Refused("it is so already", code=0), "· it is so already\n"),
        (Refused("somebody else is at work", "try again", 75), "✖ somebody else is at work\n→ try again\n"),
    ],
)
def test_trouble_and_its_next_step(error: MxtopError, said: str) -> None:
    assert text(trouble(error, 80)) == said


@pytest.mark.parametrize("width", [20, 34, 100])
def test_trouble_in_the_words_of_a_stranger(width: int) -> None:
    payload = "".join(PAYLOADS) + "漢字" * 100 + "x" * 3000
    lines = trouble(MxtopError(payload, payload), width)
    assert not hostile_characters(text(lines)) and all(width_of(line) <= width for line in lines)
    assert len(lines) < 400
