"""`mxtop fix`, `confirm`, `history` and `undo`, here or over SSH: what they say, and their exit codes.

Each tells first of a change that waits for its answer.  stdout is the preview or the JSON, stderr the rest.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from mxtop.change.model import BUSY, Change
from mxtop.change.values import Refused
from mxtop.fixes import FIXES, fix_named
from mxtop.mail.errors import MxtopError
from mxtop.mail.text import clean
from mxtop.report import change as body
from mxtop.report import terminal
from mxtop.report.chosen import to_confirm, to_undo
from mxtop.report.commands import print_json, print_lines
from mxtop.report.fixing import Wishes, make
from mxtop.report.reach import connected
from mxtop.report.where import Instance
from mxtop.session.change import operator
from mxtop.session.fixing import Fixing
from mxtop.session.local import LocalSession

DONE, REFUSED = 0, 2


@asynccontextmanager
async def _session(instance: Instance) -> AsyncIterator[LocalSession]:
    """The instance's session, not yet running; where it is over SSH, the host is reached.  See `reach`."""
    at, log = instance.config_directory, instance.log
    async with AsyncExitStack() as stack:
        if instance.where.remote:
            from mxtop.session.remote import RemoteSession

            host = await stack.enter_async_context(await connected(instance.where))
            session: LocalSession = RemoteSession(host, config_directory=at, log=log, interval=0.5)
        else:
            session = LocalSession(config_directory=at, log=log, interval=0.5)
        if terminal.somebody():
            session.live_fixing.ask_with(terminal.ask_password)
        try:
            yield session
        finally:
            session.live_fixing.forget()


def catalogue(instance: Instance) -> int:
    """`mxtop fix`: every guided fix with its values."""
    if instance.as_json:
        print_json(
            [
                {
                    "fix": fix.name,
                    "title": fix.title,
                    "values": [
                        {"value": v.name, "does": v.does, "risk": v.risk, "safe": v.safe} for v in fix.values
                    ],
                }
                for fix in FIXES.values()
            ]
        )
        return DONE
    for fix in FIXES.values():
        print_lines([f"{fix.name}: {fix.title}"])
        for value in fix.values:
            judged = "safe" if value.safe else "unsafe"
            print_lines(
                [
                    f"  mxtop fix {fix.name} --to {value.name}   ({judged}, says Postfix)",
                    f"      {value.does}",
                ]
            )
    return DONE


def fix(instance: Instance, name: str, value: str, *, dry_run: bool, yes: bool, window: int) -> int:
    """`mxtop fix NAME --to VALUE`."""
    try:
        fix_named(name).value(value)
    except ValueError as error:
        raise MxtopError(str(error), "see `mxtop fix`") from error
    if not (dry_run or yes or terminal.somebody()):
        raise MxtopError("nobody is there to ask", "add --yes, or --dry-run for the preview alone")
    wishes = Wishes(name, value, dry_run=dry_run, yes=yes, window=window, as_json=instance.as_json)

    async def story(session: LocalSession) -> int:
        fixing = session.live_fixing
        for change in await fixing.waiting():
            if not dry_run:
                raise Refused(
                    f"change {change.id} by {change.operator} waits: {body.countdown(change)}",
                    "`mxtop confirm` keeps it, `mxtop undo` takes it back",
                    BUSY,
                )
            terminal.narrate(f"mxtop: change {change.id} waits for its answer: {body.countdown(change)}")
        return await make(session, fixing, wishes)

    by = operator(elsewhere=instance.where.remote)
    return _run(instance, story, lambda error, host: body.refusal(host, name, by, error))


def confirm(instance: Instance) -> int:
    """`mxtop confirm`: keep the change that waits."""

    async def story(session: LocalSession) -> int:
        fixing = session.live_fixing
        change = await to_confirm(fixing)
        return await _answer(fixing, change, fixing.confirm, "confirmed", instance.as_json)

    return _run(instance, story)


def undo(instance: Instance, change_id: str | None) -> int:
    """`mxtop undo`: take back the last change, or the one named."""

    async def story(session: LocalSession) -> int:
        fixing = session.live_fixing
        change = await to_undo(fixing, change_id)
        return await _answer(fixing, change, fixing.undo, "rolled_back", instance.as_json)

    return _run(instance, story)


async def _answer(
    fixing: Fixing, change: Change, answer: Callable[[str], Awaitable[Change]], wanted: str, as_json: bool
) -> int:
    now = await answer(change.id)
    diff = await fixing.diff(now)
    if as_json:
        print_json(body.document(now, diff))
    told = f"{now.host}: {body.settings_line(now)}: {now.state.replace('_', ' ')}"
    terminal.narrate(f"{told}{f': {now.detail}' if now.detail else ''}")
    if now.state in ("conflict", "rollback_failed") and not as_json:
        print_lines([clean(line) for line in diff.removesuffix("\n").split("\n")])
    return DONE if now.state == wanted else now.exit_code


def history(instance: Instance) -> int:
    """`mxtop history`: every change that was begun, oldest first."""

    async def story(session: LocalSession) -> int:
        fixing = session.live_fixing
        for waiting in await fixing.waiting():
            terminal.narrate(f"mxtop: change {waiting.id} waits for its answer: {body.countdown(waiting)}")
        begun = await fixing.history()
        if instance.as_json:
            print_json([body.document(one, await fixing.diff(one)) for one in begun])
        else:
            print_lines(body.history(begun))
        return DONE

    return _run(instance, story)


def _run(
    instance: Instance,
    story: Callable[[LocalSession], Awaitable[int]],
    refusal: Callable[[Refused, str], dict[str, Any]] | None = None,
) -> int:
    async def told() -> int:
        async with _session(instance) as session:
            try:
                return await story(session)
            except Refused as error:
                print(f"mxtop: {clean(str(error))}", file=sys.stderr)
                if refusal is not None and instance.as_json:
                    print_json(refusal(error, session.host))
                return error.code

    return asyncio.run(told())
