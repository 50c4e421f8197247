"""A host key that nobody vouches for: kept only where a person says so, having seen what ssh shows."""

from __future__ import annotations

from tests.ui.fake import FakeSession
from tests.ui.harness import golden, running, settle
from tests.ui.test_links import KEY, away

from mxtop.ui.screens.hostkey import HostKey


async def test_a_host_key_is_kept_only_where_a_person_says_so() -> None:
    asked = away(state="unknown host key", next_try=None, offered=KEY)
    for keys, kept in ((("enter",), []), (("escape",), []), (("tab", "enter"), [KEY])):
        session = FakeSession(asked)
        async with running(session=session, size=(80, 24)) as (app, pilot):
            assert isinstance(app.screen, HostKey)
            golden(app, "host-key-80x24")
            await pilot.press(*keys)
            await settle(pilot)
            assert app.screen is app.main
        assert session.trusted == kept
