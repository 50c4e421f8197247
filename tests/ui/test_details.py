"""Everything about one destination: what it begins with, and that it follows the session."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fake import DESTINATIONS, NOW, SNAPSHOT, FakeSession
from tests.ui.harness import running, screen_text, settle

from mxtop.mail.snapshot import Snapshot
from mxtop.ui.screens.details import Details
from mxtop.ui.view import View
from mxtop.ui.widgets.painted import Line, width_of


def words(lines: list[Line]) -> str:
    return " ".join("".join(text for text, _ in line) for line in lines)


def later(**fields: object) -> Snapshot:
    return replace(SNAPSHOT, time=NOW + 1, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("width", [30, 74, 96])
def test_details_begin_with_all_numbers_of_the_destination(width: int) -> None:
    row = next(row for row in DESTINATIONS if row.sent > 999 and row.delay is not None)
    lines = Details(row.destination, View(snapshot=SNAPSHOT)).lines(width)
    end = next(n for n, line in enumerate(lines) if "last outcomes" in words([line]))
    head = lines[:end]
    assert max(width_of(line) for line in head) <= width
    for part in (
        f"sent {row.sent:,}",
        f"deferred {row.deferred:,}",
        f"bounced {row.bounced:,}",
        "/s",
        "delay ",
    ):
        assert part in words(head)


async def test_details_follow_the_session() -> None:
    session = FakeSession(SNAPSHOT)
    async with running(session=session) as (app, pilot):
        await pilot.press("j", "enter")
        await settle(pilot)
        assert isinstance(app.screen, Details) and app.screen.destination == "outlook.example"
        rows = tuple(
            replace(d, sent=777_777) if d.destination == "outlook.example" else d for d in DESTINATIONS
        )
        app.publish(later(destinations=rows))
        await settle(pilot)
        assert "777,777" in screen_text(app)
        app.publish(later(destinations=()))
        await settle(pilot)
        assert "No longer among" in screen_text(app)
