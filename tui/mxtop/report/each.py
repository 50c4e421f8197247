"""`mxtop confirm`, `undo` and `history` on several hosts: on all at once, told in the order of the targets.

One that cannot be reached or refuses is said so and stops no other.  The exit code is the worst of theirs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from mxtop.change.model import Change
from mxtop.change.values import Refused
from mxtop.mail.errors import MxtopError
from mxtop.mail.text import clean, literal
from mxtop.report import change as body
from mxtop.report import terminal
from mxtop.report.attached import Hosts, attached
from mxtop.report.chosen import to_confirm, to_undo
from mxtop.report.commands import print_json, print_lines
from mxtop.report.together import worst
from mxtop.session.change import operator
from mxtop.session.fixing import Fixing
from mxtop.session.remote import RemoteSession

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Answered:
    """The true state of a change after its answer."""

    change: Change
    diff: str


def confirm(hosts: Hosts) -> int:
    """`mxtop confirm` on several hosts: keep the change that waits on each."""
    return asyncio.run(_answer(hosts, keep, "confirmed"))


def undo(hosts: Hosts) -> int:
    """`mxtop undo` on several hosts: take back the last change of each that is not back yet."""
    return asyncio.run(_answer(hosts, back, "rolled_back"))


async def keep(fixing: Fixing) -> Answered:
    """Keep what waits on one host; Refused where nothing does."""
    now = await fixing.confirm((await to_confirm(fixing)).id)
    return Answered(now, await fixing.diff(now))


async def back(fixing: Fixing) -> Answered:
    """Take back the last change of one host; Refused where there is none."""
    now = await fixing.undo((await to_undo(fixing)).id)
    return Answered(now, await fixing.diff(now))


async def past(fixing: Fixing) -> list[Answered]:
    """Every change of one host, oldest first."""
    for one in await fixing.waiting():
        terminal.narrate(f"{fixing.host}: change {one.id} waits for its answer: {body.countdown(one)}")
    return [Answered(one, await fixing.diff(one)) for one in await fixing.history()]


async def _answer(hosts: Hosts, story: Callable[[Fixing], Awaitable[Answered]], wanted: str) -> int:
    async with attached(hosts) as found:
        done = await everywhere(_fixings(found), story)
    return answered(done, wanted, as_json=hosts.as_json)


def answered(done: Mapping[str, Answered | MxtopError], wanted: str, *, as_json: bool) -> int:
    """Tell what became of each; the worst of their exit codes."""
    documents: list[dict[str, Any]] = []
    codes: list[int] = []
    for host, one in done.items():
        if isinstance(one, MxtopError):
            terminal.narrate(f"{host}: {one}")
            documents.append(body.refusal(host, None, operator(elsewhere=True), one))
            codes.append(one.code if isinstance(one, Refused) else 2)
            continue
        now = one.change
        documents.append(body.document(now, one.diff))
        codes.append(0 if now.state == wanted else now.exit_code)
        told = f"{host}: {body.settings_line(now)}: {now.state.replace('_', ' ')}"
        terminal.narrate(f"{told}{f': {now.detail}' if now.detail else ''}")
        if now.state in ("conflict", "rollback_failed") and not as_json:
            print_lines([clean(line) for line in one.diff.removesuffix("\n").split("\n")])
    if as_json:
        print_json(documents)
    return worst(codes)


def history(hosts: Hosts) -> int:
    """`mxtop history` on several hosts: every change of all of them, by time."""

    async def story() -> int:
        async with attached(hosts) as found:
            done = await everywhere(_fixings(found), past)
        return merged(done, as_json=hosts.as_json)

    return asyncio.run(story())


def merged(done: Mapping[str, list[Answered] | MxtopError], *, as_json: bool) -> int:
    """The changes of all hosts as one history, oldest first."""
    begun: list[tuple[str, Answered]] = []
    codes = [0]
    for host, one in done.items():
        if isinstance(one, MxtopError):
            terminal.narrate(f"{host}: {one}")
            codes.append(one.code if isinstance(one, Refused) else 2)
        else:
            begun += [(host, change) for change in one]
    begun.sort(key=lambda one: (one[1].change.time, one[1].change.id))
    if as_json:
        print_json([body.document(one.change, one.diff) for _, one in begun])
        return worst(codes)
    wide = max((len(clean(host)) for host, _ in begun), default=0)
    lines = [clean(f"{host:<{wide}}  {line}") for host, one in begun for line in body.history([one.change])]
    print_lines(lines or [literal("nothing was changed there")])
    return worst(codes)


def _fixings(found: Mapping[str, RemoteSession | MxtopError]) -> dict[str, Fixing | MxtopError]:
    return {host: it if isinstance(it, MxtopError) else it.live_fixing for host, it in found.items()}


async def everywhere(
    found: Mapping[str, Fixing | MxtopError], story: Callable[[Fixing], Awaitable[_T]]
) -> dict[str, _T | MxtopError]:
    """A story of each host, all at once; an MxtopError in the place of what did not come to its end."""

    async def one(fixing: Fixing | MxtopError) -> _T | MxtopError:
        if isinstance(fixing, MxtopError):
            return fixing
        try:
            return await story(fixing)
        except MxtopError as error:
            return error

    async with asyncio.TaskGroup() as group:
        asked = {host: group.create_task(one(it)) for host, it in found.items()}
    return {host: task.result() for host, task in asked.items()}
