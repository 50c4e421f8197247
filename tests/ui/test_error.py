"""A fatal error is a page: what happened, what to do next, and what a report needs."""

from __future__ import annotations

from tests.ui.fake import SNAPSHOT, FakeSession
from tests.ui.harness import running, screen_text, settle

from mxtop.mail.errors import LogUnreadable
from mxtop.ui.screens.error import Error


async def test_an_error_of_the_session_is_a_page() -> None:
    session = FakeSession(SNAPSHOT)
    session.error = LogUnreadable("cannot read /var/log/mail.log", "usermod -aG adm alice")
    async with running(session=session) as (app, pilot):
        await settle(pilot)
        assert isinstance(app.screen, Error)
        assert "✖ cannot read /var/log/mail.log" in screen_text(app)
        assert "usermod -aG adm alice" in screen_text(app)
        await pilot.press("escape", "q")
        await settle(pilot)
        assert app.return_code == 2


async def test_a_bug_of_the_session_is_a_page_with_what_a_report_needs() -> None:
    session = FakeSession(SNAPSHOT)
    session.error = RuntimeError("boom [/red] \x1b]0;x\x07")
    async with running(session=session) as (app, _):
        text = screen_text(app)
        assert "✖ RuntimeError: boom [/red] ␛]0;x␇" in text and "This is a bug in mxtop." in text
        assert "test_app.py" not in text and "fake.py" in text, "the traceback, for the report"
