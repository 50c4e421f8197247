"""What strangers write reaches the pages about changes only as visible text, never as markup or controls."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fixing import FINDINGS, FOUND, FakeFixing, change, forecast, observed
from tests.ui.harness import PAYLOADS, hostile_characters, running, screen_text, settle
from tests.ui.test_fix import with_fixing

from mxtop.change.model import Command, Preview, Setting
from mxtop.change.values import Refused
from mxtop.mail.finding import Evidence
from mxtop.route.notes import Note
from mxtop.session.fixing import Progress, Proposal, Ran


class Hostile(FakeFixing):
    """Every text that comes from the host is the payload."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.made = change(
            id="01KB4Z", host=text, file=text, operator=text, time=text, detail=text, phase="applied",
            remaining=99.0, watched=True, commands=(Command((text, text), 1, 0.1),),
            settings=(Setting(text, text, text, text, text, text),),
        )  # fmt: skip
        self.past = (replace(self.made, phase="confirmed"),)
        finding = replace(
            FINDINGS[0], title=text, sentence=text, advice=text, destinations=(text,), value="ipv6",
            evidence=(Evidence(text, 3),),
        )  # fmt: skip
        told = forecast("ipv6")
        rows = tuple(replace(row, destination=text) for row in told.rows)
        notes = (Note(kind="override", text=text, destinations=(text,)),)
        self.proposal = Proposal(
            fix=text, value="ipv6", title=text, findings=(finding,), risk=text, instead=text, check=text,
            preview=Preview(self.made, f"--- {text}\n+{text}\n", (text,), ((text,),)),
            forecast=replace(told, rows=rows, notes=notes),
        )  # fmt: skip

    async def propose(self, fix: str, value: str, *, window: int = 120) -> Proposal:
        if self.refuse:
            raise Refused(self.text, self.text)
        return self.proposal

    def commands(self) -> tuple[Ran, ...]:
        return (Ran(1.0, (self.text,), 0, 0.1),)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
async def test_every_page_about_changes(payload: str) -> None:
    fixing = Hostile(payload)
    found = replace(FOUND, findings=fixing.proposal.findings)
    async with running(session=with_fixing(fixing, found), size=(140, 90)) as (app, pilot):
        seen = screen_text(app)
        await pilot.press("x")
        await settle(pilot)
        seen += screen_text(app)
        await pilot.press("tab", "enter")
        fixing.put(Progress(fixing.made, replace(observed(3), why=payload, reloaded=payload)))
        await settle(pilot)
        assert "UNCONFIRMED" in screen_text(app)
        seen += screen_text(app)
        for keys in (["H"], ["enter"], ["L"]):
            await pilot.press(*keys)
            await settle(pilot)
            seen += screen_text(app)
        fixing.put(Progress(replace(fixing.made, phase="conflict")))
        await settle(pilot)
        seen += screen_text(app) + "".join(str(notice.message) for notice in app._notifications)
        assert {c: line for line in seen.splitlines() for c in hostile_characters(line)} == {}
        assert app.fatal is None and app.is_running
