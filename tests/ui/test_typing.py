"""Typing ahead: keys act in the order in which they were pressed, whatever the screen is busy with."""

from __future__ import annotations

import pytest
from tests.ui.harness import running, settle
from textual import events
from textual.pilot import Pilot

from mxtop.ui.app import MxtopApp

KEYS = {"/": "slash", "<": "less_than_sign", "esc": "escape", "enter": "enter", "!": "exclamation_mark"}


async def burst(app: MxtopApp, pilot: Pilot[int], keys: str) -> None:
    """Keys that are all there before the first is looked at, as after a paste or a slow second."""
    for key in keys.split():
        app.post_message(events.Key(KEYS.get(key, key), key if len(key) == 1 else None))
    for _ in range(4):
        await settle(pilot)


@pytest.mark.parametrize(
    ("keys", "sorted_anew", "filter_text"),
    [
        ("/ x esc <", True, ""),
        ("/ g m enter <", True, "gm"),
        ("/ x esc / g enter", False, "g"),
        ("5 / x enter 2 <", True, ""),
        ("4 / a esc 2 / g enter", False, "g"),
        ("/ p z 1 < q enter", False, "pz1<q"),
        ("z esc 2 <", True, ""),
        ("/ g x backspace m left home ! enter", False, "!gm"),
    ],
)
async def test_keys_typed_in_a_burst_act_in_their_order(
    keys: str, sorted_anew: bool, filter_text: str
) -> None:
    async with running() as (app, pilot):
        panel = app.main.destinations
        before = panel.table.column.id
        await burst(app, pilot, keys)
        assert (panel.table.column.id != before, panel.filter.text) == (sorted_anew, filter_text)
        assert not app.main.input.display


async def test_the_filter_s_line_is_edited_as_any_other() -> None:
    async with running() as (app, pilot):
        await pilot.press("slash", *"gmxx", "backspace", "left", "delete", "a", "home", "exclamation_mark")
        assert app.main.input.value == "!gma"
        await pilot.press("shift+end", "o", "k", "enter")
        assert app.main.destinations.filter.text == "!ok"


@pytest.mark.parametrize("panel", "345")
async def test_a_filter_opened_right_after_another_panel_gets_the_keys(panel: str) -> None:
    """The panel's focus must not arrive after the filter's and take the keys: `q` would quit."""
    async with running() as (app, pilot):
        await pilot.press(panel)
        await settle(pilot)
        await burst(app, pilot, "2 /")
        assert app.main.focused is app.main.input
        await pilot.press(*"quad")
        assert app.main.input.value == "quad"
