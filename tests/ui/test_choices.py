"""The two choices of the fix: round and round by keys, by a click, and what is proposed at first."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fake import SNAPSHOT
from tests.ui.fixing import FINDINGS, FakeFixing
from tests.ui.harness import running, screen_text, settle
from tests.ui.test_fix import with_fixing

from mxtop.fixes.address_preference import ADDRESS_PREFERENCE
from mxtop.mail.settings import Settings, Transport
from mxtop.mail.snapshot import Snapshot
from mxtop.session.fixing import WINDOWS
from mxtop.ui.changing import WINDOW
from mxtop.ui.screens.fix.choices import preference, proposed
from mxtop.ui.screens.fix.page import Fix

VALUES = [value.name for value in ADDRESS_PREFERENCE.values]


def under(value: str, *, findings: bool = False) -> Snapshot:
    settings = Settings(transports={"smtp": Transport(smtp_address_preference=value)})
    return replace(SNAPSHOT, settings=settings, findings=FINDINGS if findings else ())


@pytest.mark.parametrize(
    ("snapshots", "value"),
    [
        ([under("any", findings=True)], "ipv4"),
        ([under("any")], "ipv6"),
        ([under("ipv6")], "any"),
        ([under("ipv4")], "any"),
        ([under("any"), under("ipv6", findings=True)], "ipv4"),
        ([under("ipv6"), under("any")], "any"),
        ([Snapshot()], "ipv6"),
        ([], "any"),
    ],
)
def test_what_is_proposed_is_what_a_finding_calls_for_else_another_value(
    snapshots: list[Snapshot], value: str
) -> None:
    assert proposed(snapshots, VALUES) == value


def test_a_finding_that_proposes_what_there_is_not_is_passed_by() -> None:
    odd = replace(FINDINGS[0], value="ipv5")
    foreign = replace(FINDINGS[0], fix="another-fix")
    bare = replace(FINDINGS[0], value=None)
    snapshot = replace(under("any"), findings=(odd, foreign, bare, FINDINGS[1]))
    assert proposed([snapshot], VALUES) == "ipv6"


def test_without_settings_the_preference_is_postfixs_default() -> None:
    assert preference(None) == "any"
    assert preference(under("ipv6").settings) == "ipv6"


async def test_the_keys_go_round_and_each_step_is_previewed() -> None:
    fixing = FakeFixing()
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await pilot.press("x")
        await settle(pilot)
        page = app.screen
        assert isinstance(page, Fix)
        start = page.picker.value
        seen = []
        for _ in VALUES:
            await pilot.press("v")
            await settle(pilot)
            seen.append(page.picker.value)
        assert sorted(seen) == sorted(VALUES) and seen[-1] == start
        assert page.picker.window == WINDOW and WINDOW in WINDOWS
        windows = []
        for _ in WINDOWS:
            await pilot.press("t")
            await settle(pilot)
            windows.append(page.picker.window)
        assert sorted(windows) == sorted(WINDOWS) and windows[-1] == WINDOW
        assert [asked for asked in fixing.asked if asked[0] == "propose"][-1] == ("propose", start, WINDOW)


async def test_a_click_chooses_what_it_hits() -> None:
    fixing = FakeFixing()
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await pilot.press("x")
        await settle(pilot)
        page = app.screen
        assert isinstance(page, Fix)
        rows = ["".join(text for text, _ in line) for line in page.picker.lines]
        for value in reversed(VALUES):
            await pilot.click(page.picker, offset=(rows[0].index(f" {value} ") + 1, 0))
            await settle(pilot)
            assert page.picker.value == value and f"(●) {value}" in screen_text(app)
        before = list(fixing.asked)
        await pilot.click(page.picker, offset=(1, 0))  # on the words
        await pilot.click(page.picker, offset=(5, 2))  # below them
        await settle(pilot)
        assert fixing.asked == before


async def test_while_a_change_is_on_its_way_there_is_nothing_to_choose() -> None:
    fixing = FakeFixing()
    async with running(session=with_fixing(fixing)) as (app, pilot):
        await pilot.press("x")
        await settle(pilot)
        await pilot.press("tab", "enter")
        await settle(pilot)
        page = app.screen
        assert isinstance(page, Fix) and not page.picker.display
