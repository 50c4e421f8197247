"""What a connection asks of the person at the screen: a host key, a password, a remedy to be read.

One question at a time, whichever host it comes from; each names its host.  Answers are not kept here.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mxtop.mail.connection import OfferedKey
from mxtop.mail.snapshot import Snapshot
from mxtop.mail.text import SafeText, clean
from mxtop.ui.feed import Session
from mxtop.ui.screens.main import Main

if TYPE_CHECKING:
    from mxtop.hosts.login import Question
    from mxtop.ui.app import MxtopApp


class Connecting:
    """The questions of all sessions of an application."""

    def __init__(self, app: MxtopApp) -> None:
        self._app = app
        self.turn = asyncio.Lock()
        self._told: dict[Session, float] = {}  # since when the state holds that was asked about last

    def begin(self, session: Session) -> None:
        """Answer the logins of a session from now on, and tell what it leaves out of ssh_config(5)."""
        if session.asking is not None:
            session.asking.ask_with(self.ask)
            self._app.run_worker(self._notices(session))

    async def _notices(self, session: Session) -> None:
        if told := await session.notices():
            self._app.tell("\n".join(clean(notice, 300) for notice in told), warning=True)

    def look(self, session: Session, snapshot: Snapshot) -> None:
        """The next snapshot of a session: what needs a person is asked or told each time it comes."""
        link = snapshot.connection
        if link is None:
            return
        from mxtop.ui.screens.lost import Lost

        for screen in self._app.screen_stack:
            if isinstance(screen, Lost) and screen.session is session:
                screen.follow(snapshot)
        if not link.for_a_person or self._told.get(session) == link.since:
            return
        if link.offered is not None and not link.offered.refused:
            self._told[session] = link.since
            self._app.run_worker(self._ask_key(session, link.offered))
        elif isinstance(self._app.screen, Main):
            self._told[session] = link.since
            self._app.push_screen(Lost(session, snapshot))

    async def _ask_key(self, session: Session, key: OfferedKey) -> None:
        from mxtop.ui.screens.hostkey import HostKey

        async with self.turn:
            answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

            def answered(yes: bool) -> None:
                if not answer.done():
                    answer.set_result(yes)

            await self._app.push_screen(HostKey(session.host, key, answered))
            yes = await answer
        if not yes:
            return
        try:
            await session.trust(key)
        except OSError as error:
            why = clean(f"{key.file}: {error.strerror or error}", 300)
            self._app.tell(SafeText(f"the key is not kept: {why}"), warning=True)

    async def ask(self, question: Question) -> str | None:
        """A login's question; None where it was closed."""
        from mxtop.ui.screens.password import Password

        match question.kind:
            case "passphrase":
                prompt = f"Passphrase of the key {question.text}, to log in to {question.host}"
            case "password":
                prompt = f"Password for logging in to {question.host}"
            case "challenge":
                prompt = f"{question.host} asks: {question.text.strip()}"
        async with self.turn:
            note = "For this login alone: it is not stored, and seen by nobody else."
            page = Password(prompt, note=note, title="Log in", echo=question.echo)
            return await page.answer(self._app)
