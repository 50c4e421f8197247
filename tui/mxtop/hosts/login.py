"""The questions of a login, and the client that hears a handshake: which host key was offered, how it ended.

Imports asyncssh.  A host key that known_hosts does not vouch for is never accepted here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import asyncssh

_TRIES: Final = 3

Kind = Literal["password", "passphrase", "challenge"]


@dataclass(frozen=True, slots=True)
class Question:
    """What a login asks of the operator.

    `text` is the file name for a passphrase, else the server's words: hostile text.
    """

    host: str
    kind: Kind
    text: str
    echo: bool = False


Ask = Callable[[Question], Awaitable[str | None]]
"""Asks the operator; None where they do not answer."""


class Client(asyncssh.SSHClient):
    """One handshake with `host`, which has until `deadline`."""

    def __init__(self, host: str, ask: Ask | None, deadline: asyncio.Timeout) -> None:
        self._host = host
        self._ask = ask
        self._deadline = deadline
        self._tries = 0
        self.offered: asyncssh.SSHKey | None = None
        self.reason = "the connection was lost"
        self.over = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            self.reason = str(exc) or type(exc).__name__
        self.over.set()

    def validate_host_public_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.offered = key
        return False

    def validate_host_ca_key(self, host: str, addr: str, port: int, key: asyncssh.SSHKey) -> bool:
        self.offered = key
        return False

    async def question(self, kind: Kind, text: str, *, echo: bool = False) -> str | None:
        """Ask; the time that a human thinks does not count against the handshake."""
        if self._ask is None:
            return None
        limit = self._deadline.when()
        loop = asyncio.get_running_loop()
        began = loop.time()
        if limit is not None:
            self._deadline.reschedule(None)
        answer = await self._ask(Question(self._host, kind, text, echo))
        if limit is not None:
            self._deadline.reschedule(limit + loop.time() - began)
        return answer

    async def password_auth_requested(self) -> str | None:
        self._tries += 1
        return await self.question("password", "Password") if self._tries <= _TRIES else None

    def kbdint_auth_requested(self) -> str | None:
        return "" if self._ask is not None else None

    async def kbdint_challenge_received(
        self, name: str, instructions: str, lang: str, prompts: Sequence[tuple[str, bool]]
    ) -> Sequence[str] | None:
        if prompts:
            self._tries += 1
        if self._tries > _TRIES:
            return None
        answers: list[str] = []
        for text, echo in prompts:
            answer = await self.question("challenge", text, echo=echo)
            if answer is None:
                return None
            answers.append(answer)
        return answers
