"""Several hosts at once and one keyboard; a story beside sessions."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

import pytest

from mxtop.mail.errors import MxtopError
from mxtop.mail.snapshot import Snapshot
from mxtop.report import attached, terminal
from mxtop.session.local import LocalSession


async def test_passwords_are_asked_for_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    asking = 0

    async def ask_password(prompt: str) -> str | None:
        nonlocal asking
        asking += 1
        assert asking == 1
        await asyncio.sleep(0)
        asking -= 1
        return prompt

    monkeypatch.setattr(terminal, "ask_password", ask_password)
    ask = attached._one_at_a_time()
    assert await asyncio.gather(*(ask(f"mx{n}") for n in range(5))) == [f"mx{n}" for n in range(5)]


@pytest.mark.parametrize("error", [None, MxtopError("no"), BrokenPipeError()])
async def test_what_ends_a_story_ends_its_sessions_and_comes_out_as_it_is(error: Exception | None) -> None:
    class Lasting:
        ended = False

        async def run(self, publish: Callable[[Snapshot], None]) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                self.ended = True

    sessions = [Lasting(), Lasting()]

    async def story() -> int:
        await asyncio.sleep(0)
        if error is not None:
            raise error
        return 7

    running = attached.beside(cast(list[LocalSession], sessions), story)
    if error is None:
        assert await running == 7
    else:
        with pytest.raises(type(error)):
            await running
    assert all(session.ended for session in sessions)
