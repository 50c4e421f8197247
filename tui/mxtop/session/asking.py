"""The questions of a login, passed on to whoever sits at the screen.

Waits for them where they are not there yet: a connection begins before the screen stands.  Keeps no answer.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # it loads an SSH library, which this machine needs none of
    from mxtop.hosts.login import Ask, Question


class Asking:
    """An `Ask` whose person comes later.  Only for where one will."""

    def __init__(self) -> None:
        self._person: Ask | None = None
        self._there = asyncio.Event()

    def ask_with(self, person: Ask) -> None:
        """Ask this one from now on."""
        self._person = person
        self._there.set()

    async def __call__(self, question: Question) -> str | None:
        await self._there.wait()
        assert self._person is not None
        return await self._person(question)
