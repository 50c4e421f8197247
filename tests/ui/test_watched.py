"""One host of the screen: what matters most about it, and that its end is no other's."""

from __future__ import annotations

from tests.ui.harness import running, screen_text, settle
from tests.ui.test_everyone import session


async def test_a_session_that_fails_ends_no_other() -> None:
    ill = session("mx2")
    ill.error = RuntimeError("a bug [red]")
    async with running(session=session("mx1"), others=[ill]) as (app, pilot):
        app.screen.look()  # type: ignore[attr-defined]
        await settle(pilot)
        assert app.fatal is None
        shown = " ".join(screen_text(app).split())
        assert "✖ failed mx2" in shown and "mx2 is not watched any more: a bug [red]" in shown
