"""After a bug of the screen itself: a page, the exit code 2, and no raw text on the terminal."""

from __future__ import annotations

import pytest
from tests.ui.fake import FakeSession
from tests.ui.harness import screen_text, settle
from tests.ui.terminal import terminal

from mxtop.ui.app import MxtopApp
from mxtop.ui.failed import FailedApp

BUG = """
import sys
from tests.ui.fake import SNAPSHOT, FakeSession
from mxtop.ui import app
from mxtop.ui.{where}
def bug(*args, **more):
    raise ValueError("[/x] \\x1b]0;PWNED\\x07")
{cls} = bug
sys.exit(app.run_app(app.MxtopApp(FakeSession(SNAPSHOT))))
"""


async def test_the_page() -> None:
    app = MxtopApp(FakeSession())
    failed = FailedApp(ValueError("[/x] \x1b[2J"), app.current_theme, app.changing)
    async with failed.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        assert "✖ ValueError: [/x] ␛[2J" in screen_text(pilot.app)
        assert "This is a bug in mxtop. Nothing on this host was changed." in screen_text(pilot.app)
        await pilot.press("c", "escape", "enter")
        assert "\x1b" not in pilot.app.clipboard and "ValueError" in pilot.app.clipboard


@pytest.mark.parametrize(
    ("where", "cls"),
    [
        ("panels.sockets import Sockets", "Sockets.show"),
        ("widgets.table import Table", "Table.render_line"),
        ("screens.main import Main", "Main.action_pause"),
    ],
)
def test_a_bug_anywhere_on_the_screen(where: str, cls: str) -> None:
    with terminal(BUG.format(where=where, cls=cls)) as it:
        if cls == "Main.action_pause":
            it.wait_for("gmail.example")
            it.press(" ")
        output = it.wait_for("ValueError: [/x] ␛]0;PWNED␇")
        assert b"\x1b]0;PWNED" not in output
        it.press("q")
        assert it.exit_code() == 2
