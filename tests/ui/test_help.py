"""Help: every key as it is bound, whole at any width."""

from __future__ import annotations

import pytest
from tests.ui.harness import running, screen_text, settle

from mxtop.ui.keys import KEYS, check
from mxtop.ui.screens.help import Help
from mxtop.ui.widgets.painted import Line, width_of
from mxtop.ui.words import STATES


def words(lines: list[Line]) -> str:
    return " ".join("".join(text for text, _ in line) for line in lines)


@pytest.mark.parametrize("width", [34, 48, 74, 96])
def test_help_says_every_key_whole(width: int) -> None:
    lines = Help(check({"quit": "f10,ctrl+x"})).lines(width)
    assert max(width_of(line) for line in lines) <= width
    said = " ".join(words(lines).split())
    for key in KEYS:
        if key.where in ("everywhere", "main", "list"):
            assert f" {key.id} {key.help.split(' ')[0]}" in said
    assert "F10 ^x quit quit" in said, "the user's keys"


async def test_help_opens_and_closes_with_its_key() -> None:
    async with running() as (app, pilot):
        await pilot.press("f1")
        await settle(pilot)
        assert isinstance(app.screen, Help)
        await pilot.press("question_mark")
        await settle(pilot)
        assert app.screen is app.main


def test_long_keys_push_nothing_beyond_the_frame() -> None:
    lines = Help(check({"quit": "f10,ctrl+x,ctrl+g,ctrl+k,ctrl+o,ctrl+w"})).lines(74)
    assert max(width_of(line) for line in lines) <= 74
    assert "F10 ^x ^g ^k ^o ^w" in words(lines)


def test_every_sign_of_a_state_is_told() -> None:
    said = words(Help(check({})).lines(74))
    for sign, _ in STATES.values():
        assert sign in said


@pytest.mark.parametrize("size", [(40, 10), (80, 24)])
async def test_all_of_it_can_be_read_by_scrolling_down_alone(size: tuple[int, int]) -> None:
    async with running(size=size) as (app, pilot):
        await pilot.press("question_mark")
        await settle(pilot)
        assert isinstance(app.screen, Help)
        assert app.screen.text.max_scroll_x == 0
        await pilot.press("G")
        await settle(pilot)
        assert 'quit = "q,f10"' in " ".join(screen_text(app).replace("│", " ").split())
