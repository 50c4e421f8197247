"""The command palette runs what the keys run."""

from __future__ import annotations

import asyncio

import pytest
from tests.ui.harness import running, screen_text, settle
from textual.command import CommandList, DiscoveryHit, Hit

from mxtop.ui.app import MxtopApp
from mxtop.ui.keys import KEYS
from mxtop.ui.screens.palette import Commands


def best(app: MxtopApp) -> str:
    """The command that Enter would run."""
    options = [option for found in app.screen.query(CommandList) for option in found.options]
    hit = getattr(options[0], "hit", None) if options else None
    return str(hit.text or hit.display) if hit is not None else ""


async def test_palette_runs_commands() -> None:
    async with running() as (app, pilot), asyncio.timeout(60):
        pause = next(key.help for key in KEYS if key.id == "pause")
        await pilot.press("colon", *"pause")
        while best(app).lower() != pause:
            await pilot.pause()
        await pilot.press("enter")
        while "paused since" not in screen_text(app):
            await pilot.pause()


async def hits(app: MxtopApp, query: str | None) -> dict[str, Hit | DiscoveryHit]:
    """What is found, by its words."""
    provider = Commands(app.screen)
    found = provider.discover() if query is None else provider.search(query)
    return {hit.text or str(hit.display): hit async for hit in found}


async def test_every_command_of_the_keys_is_there_with_the_keys_as_the_user_has_them() -> None:
    async with running(keys={"pause": "v"}) as (app, _):
        found = await hits(app, None)
        wanted = {key.help for key in KEYS if key.palette}
        assert {text.lower() for text in found} == {text.lower() for text in wanted}
        pause = next(key for key in KEYS if key.id == "pause")
        (hit,) = [hit for text, hit in found.items() if text.lower() == pause.help.lower()]
        assert hit.help == "v"


async def test_over_a_page_only_what_works_there() -> None:
    async with running() as (app, pilot):
        await pilot.press("question_mark")
        await settle(pilot)
        wanted = {key.help.lower() for key in KEYS if key.palette and key.where == "everywhere"}
        assert {text.lower() for text in await hits(app, None)} == wanted


@pytest.mark.parametrize("query", ["zzzzzz", "[red]", "(", "\\", "\x1b[2J", "漢字", "p" * 10_000])
async def test_any_query_is_only_words(query: str) -> None:
    async with running() as (app, _):
        found = await hits(app, query)
        assert set(found) <= set(await hits(app, None)) and app.is_running
        if query not in ("(", "\\"):
            assert not found


async def test_a_few_letters_find_a_command() -> None:
    async with running() as (app, _):
        pause = next(key.help for key in KEYS if key.id == "pause")
        assert any(pause.lower() == text.lower() for text in await hits(app, pause[:5]))
