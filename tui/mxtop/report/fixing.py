"""One guided fix by command, from the log to the final state.

With --yes nobody is asked: the change is kept as soon as its effect is proven good, or when its time is
nearly over and nothing speaks against it; a bad verdict takes it back.  At a terminal a person answers.
Ctrl-C or a closed terminal answers nothing: the host takes the change back when its time is over.
"""

from __future__ import annotations

import asyncio
import shlex
import sys
import time
from collections import deque
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Final

from mxtop.change.model import Change
from mxtop.change.values import Refused
from mxtop.mail.errors import MxtopError
from mxtop.mail.snapshot import Snapshot
from mxtop.report import change as body
from mxtop.report import terminal
from mxtop.report.commands import print_json, print_lines
from mxtop.session.fixing import Fixing, Progress, Proposal
from mxtop.session.local import LocalSession

LOG_SECONDS: Final = 300.0
"""How long the whole log may take; then what is read of it must do."""

DNS_SECONDS: Final = 15.0
LOOK: Final = 0.1

MARGIN: Final = 10.0
"""Seconds before the end of its time at which --yes keeps what nothing speaks against."""


@dataclass(frozen=True, slots=True, kw_only=False)
class Wishes:
    """What was typed."""

    fix: str
    value: str
    dry_run: bool
    yes: bool
    window: int
    as_json: bool


async def make(session: LocalSession, fixing: Fixing, wishes: Wishes) -> int:
    """The whole story beside a running session; its exit code.  May raise Refused and other MxtopErrors."""
    trouble: MxtopError | None = None
    code = 0
    async with asyncio.TaskGroup() as group:
        life = group.create_task(session.run(lambda snapshot: None))
        try:
            await _know(session)
            code = await carry_out(fixing, wishes)
        except MxtopError as error:
            trouble = error  # an exception would leave the group wrapped
        life.cancel()
    if trouble is not None:
        raise trouble
    return code


async def _know(session: LocalSession) -> None:
    """Wait for the settings, the log, and the DNS of the largest destinations, saying so."""
    status = terminal.Status()
    started = time.monotonic()
    while time.monotonic() < started + LOG_SECONDS:
        shown = session.core.look(session.now())
        log, settings = shown.feeds.get("log"), shown.feeds.get("settings")
        if settings is not None and log is not None and log.state not in ("starting", "history"):
            break
        status.show("mxtop: reading the log")
        await asyncio.sleep(LOOK)
    started = time.monotonic()
    while time.monotonic() < started + DNS_SECONDS:
        shown = session.core.look(session.now())
        if shown.settings is None or not _unresolved(session, shown):
            break
        status.show("mxtop: asking DNS about the largest destinations")
        await asyncio.sleep(LOOK)
    status.end()
    for name in ("settings", "log"):
        feed = session.core.look(session.now()).feeds.get(name)
        if feed is not None and feed.state == "down":
            terminal.narrate(f"mxtop: {name}: {feed.detail}{f'; {feed.remedy}' if feed.remedy else ''}")


def _unresolved(session: LocalSession, shown: Snapshot) -> bool:
    """Whether a destination that is looked up has no answer yet."""
    return any(name not in shown.outlooks for name in session.foremost())


async def carry_out(fixing: Fixing, wishes: Wishes) -> int:
    """Preview, consent, change, effect, answer; the exit code."""
    proposal = await fixing.propose(wishes.fix, wishes.value, window=wishes.window)
    change = replace(proposal.preview.change, outcome=body.foreseen(proposal))
    kept = False
    try:
        _show(proposal, wishes)
        if wishes.dry_run:
            if wishes.as_json:
                print_json(body.document(change, proposal.preview.diff, proposal.preview.commands))
            return 0
        if wishes.yes and change.swap == "rename":
            raise Refused("files cannot be exchanged safely here", "without --yes a person can decide")
        if not wishes.yes and not await _agreed(proposal):
            raise Refused("nothing was changed")
        kept = True
    finally:
        if not kept:
            await fixing.discard(proposal)
    final = await _attend(fixing, proposal, wishes)
    if wishes.as_json:
        print_json(body.document(final, proposal.preview.diff))
    told = f"{final.host}: {body.settings_line(final)}: {final.state.replace('_', ' ')}"
    terminal.narrate(f"{told}{f': {final.detail}' if final.detail else ''}")
    return final.exit_code


def _show(proposal: Proposal, wishes: Wishes) -> None:
    """The preview: on stdout, unless that is the JSON's or is not where the question is asked."""
    lines = body.preview(proposal)
    if wishes.as_json or not (wishes.dry_run or wishes.yes or sys.stdout.isatty()):
        if not wishes.dry_run and not wishes.yes:
            print("\n".join(lines), file=sys.stderr)
    else:
        print_lines(lines)


async def _agreed(proposal: Proposal) -> bool:
    change = proposal.preview.change
    question = f"Change {body.settings_line(change)} on {change.host} and reload Postfix? [y/N]"
    return (await terminal.ask(question)).lower() in ("y", "yes")


async def _attend(fixing: Fixing, proposal: Proposal, wishes: Wishes) -> Change:
    """Apply and watch to the final state."""
    last, seen = proposal.preview.change, None
    status = terminal.Status()
    told = len(last.commands)
    with ExitStack() as stack:
        pressed = deque[str]() if wishes.yes else stack.enter_context(terminal.keys())
        try:
            async for progress in fixing.apply(proposal):
                last, seen = progress.change, progress.observed
                for command in last.commands[told:]:
                    status.end()
                    done = f"exit code {command.exit_code}, {command.seconds:.1f} s"
                    terminal.narrate(f"{shlex.join(command.argv)}   ({done})")
                told = len(last.commands)
                if last.phase == "applied":
                    if final := await _answer(fixing, proposal, progress, pressed, wishes, status):
                        last = replace(final, outcome=last.outcome)
                        break
                    _say(status, progress, wishes)
                if progress.over:
                    break
        except asyncio.CancelledError:
            status.end()
            if last.state == "applied" or last.state == "preview":
                terminal.narrate(
                    f"mxtop: not answered: the change on {last.host} goes back by itself within "
                    f"{wishes.window} s; `mxtop confirm` keeps it"
                )
            raise
    status.end()
    if seen is not None and last.state not in ("preview", "refused"):
        terminal.narrate(f"mxtop: {body.effect_line(seen)}")
    return last


def _say(status: terminal.Status, progress: Progress, wishes: Wishes) -> None:
    change, seen = progress.change, progress.observed
    if wishes.yes:
        status.show(f"mxtop: {body.effect_line(seen)}")
    else:
        status.show(f"{body.countdown(change)} · [k]eep [u]ndo [r]etry · {body.effect_line(seen)}")


async def _answer(
    fixing: Fixing,
    proposal: Proposal,
    progress: Progress,
    pressed: deque[str],
    wishes: Wishes,
    status: terminal.Status,
) -> Change | None:
    """What --yes or the person decides now; None to go on watching."""
    change, seen = progress.change, progress.observed
    verdict = seen.verdict if seen is not None else "too_little_traffic"
    if wishes.yes:
        ending = change.remaining is not None and change.remaining <= MARGIN
        if verdict == "bad":
            return await fixing.rollback(change.id)
        return await fixing.confirm(change.id) if verdict == "good" or ending else None
    while pressed:
        key = pressed.popleft().lower()
        if key == "k":
            return await fixing.confirm(change.id)
        if key == "u":
            return await fixing.rollback(change.id)
        if key == "r":
            rows = proposal.forecast.rows if proposal.forecast else ()
            count = await fixing.retry([row.destination for row in rows if row.reason is None])
            status.end()
            terminal.narrate(f"{count} deferred messages are tried now")
    return None
