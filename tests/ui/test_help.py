"""Help: every key as it is bound, whole at any width."""

from __future__ import annotations

import pytest
from tests.ui.harness import running, settle

from mxtop.ui.keys import KEYS, check
from mxtop.ui.screens.help import Help
from mxtop.ui.widgets.painted import Line, width_of


def words(lines: list[Line]) -> str:
    return " ".join("".join(text for text, _ in line) for line in lines)


@pytest.mark.parametrize("width", [48, 74, 96])
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
