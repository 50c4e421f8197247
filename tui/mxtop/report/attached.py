"""Several hosts over SSH at once, each with its own session; one that cannot be reached stops no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from mxtop.change.root import Ask
from mxtop.hosts.connect import new_bastions
from mxtop.hosts.target import by_name
from mxtop.mail.errors import MxtopError
from mxtop.report import terminal
from mxtop.report.reach import connected
from mxtop.report.where import Where
from mxtop.session.local import LocalSession
from mxtop.session.remote import RemoteSession


@dataclass(frozen=True, slots=True)
class Hosts:
    """What was typed of them: the targets, and what --ssh-command, --config-dir, --log and --json say."""

    words: tuple[str, ...]
    ssh_command: tuple[str, ...] | None
    config_directory: str | None
    log: str | None
    as_json: bool


@asynccontextmanager
async def attached(hosts: Hosts) -> AsyncIterator[dict[str, RemoteSession | MxtopError]]:
    """A session for each host by its name, connected and not yet running, or why there is none.

    Hosts behind the same jump host share one connection to it.
    """
    words = by_name(hosts.words)
    bastions = new_bastions() if hosts.ssh_command is None else None
    ask = _one_at_a_time() if terminal.somebody() else None
    async with AsyncExitStack() as stack:

        async def attach(word: str) -> RemoteSession | MxtopError:
            try:
                ssh = await connected(Where(word, hosts.ssh_command), bastions)
            except MxtopError as error:
                return error
            except OSError as error:  # within the group it would be wrapped
                return MxtopError(f"{word}: {error.strerror or error}")
            stack.push_async_callback(ssh.close)
            session = RemoteSession(ssh, config_directory=hosts.config_directory, log=hosts.log, interval=0.5)
            session.live_fixing.ask_with(ask)
            stack.callback(session.live_fixing.forget)
            return session

        async with asyncio.TaskGroup() as group:
            asked = {host: group.create_task(attach(word)) for host, word in words.items()}
        yield {host: task.result() for host, task in asked.items()}


def _one_at_a_time() -> Ask:
    """Several hosts may want a password at the same moment, and there is one keyboard."""
    turn = asyncio.Lock()

    async def ask(prompt: str) -> str | None:
        async with turn:
            return await terminal.ask_password(prompt)

    return ask


async def beside(sessions: Sequence[LocalSession], story: Callable[[], Awaitable[int]]) -> int:
    """Run a story beside running sessions.  Its MxtopError and OSError come out as they are."""
    trouble: MxtopError | OSError | None = None
    code = 0
    async with asyncio.TaskGroup() as group:
        lives = [group.create_task(session.run(lambda snapshot: None)) for session in sessions]
        try:
            code = await story()
        except (MxtopError, OSError) as error:
            trouble = error  # an exception would leave the group wrapped
        for life in lives:
            life.cancel()
    if trouble is not None:
        raise trouble
    return code
