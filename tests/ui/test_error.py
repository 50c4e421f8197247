"""A fatal error is a page: what happened, what to do next, and what a report needs."""

from __future__ import annotations

import pytest
from tests.ui.fake import SNAPSHOT, FakeSession
from tests.ui.harness import PAYLOADS, hostile_characters, running, screen_text, settle

from mxtop import __version__
from mxtop.mail.errors import LogUnreadable, MxtopError
from mxtop.ui.screens.error import Error
from mxtop.ui.widgets.painted import width_of


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


def text_of(page: Error, width: int) -> str:
    lines = page.lines(width)
    assert all(width_of(line) <= width for line in lines)
    return "\n".join("".join(text for text, _ in line) for line in lines)


def test_what_cannot_be_done_needs_no_report() -> None:
    said = text_of(Error(LogUnreadable("no log here", "name one by --log")), 60)
    assert "✖ no log here" in said and "name one by --log" in said
    assert "bug" not in said and "Traceback" not in said


@pytest.mark.parametrize("width", [20, 34, 100])
def test_hostile_and_huge_titles(width: int) -> None:
    payload = "".join(PAYLOADS) + "漢字" * 50 + "x" * 20_000
    said = text_of(Error(MxtopError(payload, payload)), width)
    assert not hostile_characters(said)


@pytest.mark.parametrize("touched", [False, True])
async def test_a_bug_claims_no_more_than_is_known(touched: bool) -> None:
    session = FakeSession(SNAPSHOT)
    async with running(session=session, size=(100, 60)) as (app, pilot):
        app.changing.touched = touched
        session.error = ValueError("expected")  # for the harness
        try:
            raise RuntimeError("x" * 5000 + "\x1b[2J")
        except RuntimeError as error:
            app.fail(error)
        await settle(pilot)
        said = " ".join(screen_text(app).replace("│", " ").split())
        assert ("Nothing on this host was changed." in said) is not touched
        assert ("mxtop history tells it" in said) is touched
        assert not hostile_characters(screen_text(app)) and __version__ in said


async def test_there_is_no_way_back_and_no_second_error_hides_the_first() -> None:
    session = FakeSession(SNAPSHOT)
    session.every = 3600
    session.error = ValueError("expected")  # for the harness
    async with running(session=session, size=(40, 10)) as (app, pilot):
        app.fail(MxtopError("the first"))
        app.fail(MxtopError("the second"))
        await settle(pilot)
        await pilot.press("escape", "enter", "tab", "z")
        await settle(pilot)
        assert isinstance(app.screen, Error) and "✖ the first" in screen_text(app)
        await pilot.press("c")
        assert "the first" in app.clipboard
        await pilot.press("q")
        await settle(pilot)
        assert app.return_code == 2
