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
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Final

from mxtop.change.model import Change
from mxtop.change.values import Refused
from mxtop.hosts.errors import HostDown
from mxtop.mail.errors import MxtopError
from mxtop.mail.text import SafeText
from mxtop.report import change as body
from mxtop.report import terminal
from mxtop.report.commands import print_json, print_lines
from mxtop.session.fixing import Fixing, Progress, Proposal
from mxtop.session.local import LocalSession

LOG_SECONDS: Final = 300.0
"""How long the whole log may take; then what is read of it must do."""

DNS_SECONDS: Final = 15.0
LOOK: Final = 0.1

TELL: Final = 5.0
"""Seconds between two lines about the effect."""

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
            await know(session)
            code = await carry_out(fixing, wishes)
        except MxtopError as error:
            trouble = error  # an exception would leave the group wrapped
        life.cancel()
    if trouble is not None:
        raise trouble
    return code


async def know(session: LocalSession, name: str = "mxtop") -> None:
    """Wait for the settings, the log, and the DNS of the largest destinations, saying so after `name`."""
    status = terminal.Status()
    started = time.monotonic()
    while time.monotonic() < started + LOG_SECONDS:
        shown = session.core.look(session.now())
        log, settings = shown.feeds.get("log"), shown.feeds.get("settings")
        if settings is not None and log is not None and log.state not in ("starting", "history"):
            break
        status.show(f"{name}: reading the log")
        await asyncio.sleep(LOOK)
    started = time.monotonic()
    while time.monotonic() < started + DNS_SECONDS:
        shown = session.core.look(session.now())
        if shown.settings is None or not session.unresolved():
            break
        status.show(f"{name}: asking DNS about the largest destinations")
        await asyncio.sleep(LOOK)
    status.end()
    for one in ("settings", "log"):
        feed = session.core.look(session.now()).feeds.get(one)
        if feed is not None and feed.state == "down":
            why = f"{feed.detail}{f'; {feed.remedy}' if feed.remedy else ''}"
            terminal.narrate(f"{name}: {feed.name}: {why}")


async def carry_out(fixing: Fixing, wishes: Wishes) -> int:
    """Preview, consent, change, effect, answer; the exit code."""
    proposal = await fixing.propose(wishes.fix, wishes.value, window=wishes.window)
    change = replace(proposal.preview.change, outcome=body.foreseen(proposal))
    kept = False
    try:
        show(body.preview(proposal), wishes)
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


def show(lines: Sequence[SafeText], wishes: Wishes) -> None:
    """The preview: on stdout, unless that is the JSON's or is not where the question is asked."""
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
    change = proposal.preview.change
    teller = Teller(len(change.commands))
    with ExitStack() as stack:
        pressed = deque[str]() if wishes.yes else stack.enter_context(terminal.keys())
        try:
            async for progress in fixing.apply(proposal):
                change = progress.change
                teller.tell(progress, asks=not wishes.yes)
                if change.phase == "applied":
                    final = await _answer(fixing, proposal, progress, pressed, wishes)
                    if final is not None:
                        change = replace(final, outcome=change.outcome)
                        break
        except asyncio.CancelledError:
            teller.end()
            if change.state in ("applied", "preview"):
                terminal.narrate(
                    f"mxtop: not answered: the change on {change.host} goes back by itself within "
                    f"{wishes.window} s; `mxtop confirm` keeps it"
                )
            raise
    teller.end()
    return change


class Teller:
    """Tells how a change goes on: each command once, its effect now and then, and the countdown.

    `commands` are those told before; `host` names each line's, where there are several.
    """

    def __init__(self, commands: int, host: str = "") -> None:
        self._commands = commands
        self._command_of = f"{host}: " if host else ""
        self._effect_of = host or "mxtop"
        self._status = terminal.Status()
        self._effect = self._told = ""
        self._at = 0.0

    def tell(self, progress: Progress, *, asks: bool) -> None:
        change = progress.change
        if progress.lost:
            self._status.end()
            terminal.narrate(f"mxtop: {progress.lost}; {change.host} goes on by itself, looking again soon")
            return
        for command in change.commands[self._commands :]:
            self._status.end()
            done = f"exit code {command.exit_code}, {command.seconds:.1f} s"
            terminal.narrate(f"{self._command_of}{shlex.join(command.argv)}   ({done})")
        self._commands = len(change.commands)
        if change.phase != "applied":
            return
        self._effect = f"{self._effect_of}: {body.effect_line(progress.observed)}"
        if time.monotonic() >= self._at + TELL:
            self._tell_effect()
        if asks:
            self._status.show(f"{body.countdown(change)} · [k]eep [u]ndo [r]etry ")

    def _tell_effect(self) -> None:
        if self._effect != self._told:
            self._status.end()
            terminal.narrate(self._effect)
            self._told, self._at = self._effect, time.monotonic()

    def end(self) -> None:
        """The last word on the effect."""
        self._tell_effect()
        self._status.end()


async def _answer(
    fixing: Fixing,
    proposal: Proposal,
    progress: Progress,
    pressed: deque[str],
    wishes: Wishes,
) -> Change | None:
    """What --yes or the person decides now; None to go on watching."""
    if progress.lost:
        return None
    try:
        return await _decide(fixing, proposal, progress, pressed, wishes)
    except HostDown as error:  # the answer may have arrived: the next look tells
        terminal.narrate(f"mxtop: {error}")
        return None


async def _decide(
    fixing: Fixing,
    proposal: Proposal,
    progress: Progress,
    pressed: deque[str],
    wishes: Wishes,
) -> Change | None:
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
            await retry(fixing, proposal, "mxtop")
    return None


async def retry(fixing: Fixing, proposal: Proposal, who: str) -> None:
    """Have deferred mail tried now for the destinations that the change concerns, and tell so."""
    rows = proposal.forecast.rows if proposal.forecast else ()
    try:
        count = await fixing.retry([row.destination for row in rows if row.reason is None])
        terminal.narrate(f"{who}: {count} deferred messages are tried now")
    except MxtopError as error:  # no reason to stop watching
        terminal.narrate(f"{who}: {error}")
