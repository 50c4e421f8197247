"""`mxtop report` and `mxtop sockets` on several hosts: all at once, told in the order of the targets.

One that cannot be reached or read is named on stderr and stops no other; the exit code is 2 then.  In JSON
each document has its `target`, as it was named, since a host may call itself otherwise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from mxtop.hosts.target import by_name
from mxtop.mail.errors import MxtopError
from mxtop.mail.text import SafeText, clean, literal
from mxtop.report import commands, terminal
from mxtop.report import report as body
from mxtop.report import sockets as table
from mxtop.report import text as words_of
from mxtop.report.attached import Hosts
from mxtop.report.where import Where

_T = TypeVar("_T")
NOT_DONE = 2


def report(hosts: Hosts, *, since: float | None, year: int | None) -> int:
    """The report of each; as JSON an array of what one host has, with `target`."""

    async def count(where: Where) -> dict[str, Any]:
        place, tracker = await commands.counted(where, hosts.config_directory, hosts.log, since, year)
        assert tracker is not None  # a file of this machine is no host
        return body.build(tracker, place.host)

    found = asyncio.run(_asked(hosts, count))
    if hosts.as_json:
        commands.print_json([{"target": word, **document} for word, document in _good(found).items()])
    else:
        _print({word: words_of.lines(document) for word, document in _good(found).items()})
    return _code(found)


def sockets(hosts: Hosts, *, filters: bool) -> int:
    """One sample of each; as JSON an array of `target` and `sockets`, which is what one host has."""

    async def sample(where: Where) -> tuple[list[Any], str]:
        rows, note = await commands.sampled(where, hosts.config_directory)
        return [row for row in rows if filters or not row.filter_hop], note

    found = asyncio.run(_asked(hosts, sample))
    good = _good(found)
    if hosts.as_json:
        commands.print_json(
            [{"target": word, "sockets": table.document(rows)} for word, (rows, _) in good.items()]
        )
    else:
        _print({word: table.lines(rows) for word, (rows, _) in good.items()})
    for word, (_, note) in good.items():
        if note:
            terminal.narrate(f"{word}: {note}")
    return _code(found)


async def _asked(hosts: Hosts, ask: Callable[[Where], Awaitable[_T]]) -> dict[str, _T | MxtopError]:
    """What each host says, or why it does not, in the order of the targets."""

    async def one(word: str) -> _T | MxtopError:
        try:
            return await ask(Where(word, hosts.ssh_command))
        except MxtopError as error:
            return error
        except OSError as error:  # within the group it would be wrapped
            return MxtopError(f"{error.strerror or error}")

    async with asyncio.TaskGroup() as group:
        asked = {word: group.create_task(one(word)) for word in by_name(hosts.words).values()}
    found = {word: task.result() for word, task in asked.items()}
    for word, it in found.items():
        if isinstance(it, MxtopError):
            terminal.narrate(f"{word}: {it}")
    return found


def _good(found: dict[str, _T | MxtopError]) -> dict[str, _T]:
    return {word: it for word, it in found.items() if not isinstance(it, MxtopError)}


def _code(found: dict[str, _T | MxtopError]) -> int:
    return NOT_DONE if len(_good(found)) < len(found) else commands.DONE


def _print(texts: dict[str, list[SafeText]]) -> None:
    """Each below the name of its host."""
    lines: list[SafeText] = []
    for word, text in texts.items():
        lines += [*([literal("")] if lines else []), clean(f"== {word}"), *text]
    commands.print_lines(lines)
