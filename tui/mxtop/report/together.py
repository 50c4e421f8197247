"""`mxtop fix NAME --to VALUE HOST HOST …`: one change on several hosts by command.

One preview with the differences, one question, then one host first, its verdict, and the others one after
the other; a bad verdict takes it back on its host and stops.  Nothing is begun unless all that were named
can be changed, or a person leaves out those that cannot.  A good verdict keeps; where there is too little
traffic for one, a person answers, and with --yes it is kept when its time is nearly over.
Ctrl-C answers nothing: the host at hand takes its change back by itself, the next ones are not begun.
"""

from __future__ import annotations

import asyncio
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Final

from mxtop.change.model import BUSY, Change
from mxtop.change.values import Refused
from mxtop.fixes import fix_named
from mxtop.hosts.target import name_of
from mxtop.mail.errors import MxtopError
from mxtop.report import change as body
from mxtop.report import differences, terminal
from mxtop.report.attached import Hosts, attached, beside
from mxtop.report.commands import print_json
from mxtop.report.fixing import MARGIN, Teller, Wishes, know, retry, show
from mxtop.session.change import operator
from mxtop.session.fixing import Fixing, Progress, Proposal
from mxtop.session.remote import RemoteSession
from mxtop.session.together import Answer, Fate, Offer, Together, first, verdict

ORDER: Final = (0, 2, 75, 1, 3)
"""Exit codes from the best to the worst: what is to be looked at now outweighs what went back, and that
outweighs what never began."""


def worst(codes: Sequence[int]) -> int:
    """One exit code for several hosts; one that nobody knows, as a host may say, is a refusal."""
    return max((code if code in ORDER else 2 for code in codes), key=ORDER.index, default=0)


def fix(hosts: Hosts, wishes: Wishes, canary: str | None) -> int:
    """`mxtop fix` on several hosts; `canary` is the word for the one that is first."""
    try:
        fix_named(wishes.fix).value(wishes.value)
    except ValueError as error:
        raise MxtopError(str(error), "see `mxtop fix`") from error
    if canary is not None and name_of(canary) not in {name_of(word) for word in hosts.words}:
        raise MxtopError(f"{canary} is none of the hosts", "name one of them with --canary")
    if not (wishes.dry_run or wishes.yes or terminal.somebody()):
        raise MxtopError("nobody is there to ask", "add --yes, or --dry-run for the preview alone")
    return asyncio.run(_story(hosts, wishes, None if canary is None else name_of(canary)))


async def _story(hosts: Hosts, wishes: Wishes, canary: str | None) -> int:
    async with attached(hosts) as found:
        sessions = {host: one for host, one in found.items() if isinstance(one, RemoteSession)}
        troubles = {host: one for host, one in found.items() if isinstance(one, MxtopError)}
        fixings: dict[str, Fixing] = {host: one.live_fixing for host, one in sessions.items()}
        troubles |= await pending(fixings, dry_run=wishes.dry_run)
        able = {host: one for host, one in sessions.items() if host not in troubles}

        async def story() -> int:
            async with asyncio.TaskGroup() as group:
                for host, session in able.items():
                    group.create_task(know(session, host))
            together = Together({host: fixings[host] for host in able})
            return await carry_out(together, tuple(found), troubles, wishes, canary)

        return await beside(list(able.values()), story)


async def pending(fixings: Mapping[str, Fixing], *, dry_run: bool) -> dict[str, MxtopError]:
    """The hosts where a change waits for its answer, which comes first; a preview is told of it only."""
    found: dict[str, MxtopError] = {}

    async def ask(host: str, fixing: Fixing) -> None:
        try:
            for change in await fixing.waiting():
                if not dry_run:
                    raise Refused(
                        f"change {change.id} by {change.operator} waits: {body.countdown(change)}",
                        f"`mxtop confirm {host}` keeps it, `mxtop undo {host}` takes it back",
                        BUSY,
                    )
                terminal.narrate(f"{host}: change {change.id} waits: {body.countdown(change)}")
        except MxtopError as error:
            found[host] = error

    async with asyncio.TaskGroup() as group:
        for one in fixings.items():
            group.create_task(ask(*one))
    return found


async def carry_out(
    together: Together,
    order: Sequence[str],
    troubles: Mapping[str, MxtopError],
    wishes: Wishes,
    canary: str | None,
) -> int:
    """Preview, consent, one host, the others, the final states; the exit code.

    `order` has every host that was named, `troubles` why some of them are not in `together`.
    """
    asked = {
        offer.host: offer for offer in await together.propose(wishes.fix, wishes.value, window=wishes.window)
    }
    offers = [asked.get(host) or Offer(host, trouble=troubles.get(host)) for host in order]
    begun = False
    try:
        queue = first(offers, canary)
        named = bool(queue) and queue[0].host == canary
        show(differences.preview(offers, queue, named=named), wishes)
        if wishes.as_json or not sys.stdout.isatty():  # else the preview says so, just above
            for offer in offers:
                if offer.trouble is not None:
                    terminal.narrate(f"{offer.host}: {offer.trouble}")
        if wishes.dry_run:
            return _tell(offers, {}, wishes)
        reason = await _refusal(offers, queue, wishes)
        if reason is not None or not queue:
            if reason is not None:
                terminal.narrate(f"mxtop: {reason}")
            left = {o.host: Fate(o.host, _staged(o).preview.change, trouble=reason) for o in queue}
            return _tell(offers, left, wishes)
        begun = True
    finally:
        if not begun:
            await together.discard(offers)
    await _make(together, queue, wishes)
    return _tell(offers, together.fates, wishes)


def _staged(offer: Offer) -> Proposal:
    assert offer.proposal is not None
    return offer.proposal


async def _refusal(offers: Sequence[Offer], queue: Sequence[Offer], wishes: Wishes) -> Refused | None:
    """Why nothing is begun at all; None where it may be."""
    out = [offer for offer in offers if offer.trouble is not None and not offer.already]
    named = ", ".join(offer.host for offer in out)
    if out and not queue:
        return None  # each has said why
    if wishes.yes:
        if out:
            return Refused(f"nothing was changed, as {named} cannot be", "leave out what cannot be changed")
        for offer in queue:
            if _staged(offer).preview.change.swap == "rename":
                why = f"files cannot be exchanged safely on {offer.host}"
                return Refused(f"nothing was changed: {why}", "without --yes a person can decide")
        return None
    if out and not await _said_yes(f"{named} cannot be changed. Change the others all the same? [y/N]"):
        return Refused("nothing was changed")
    if not queue:
        return None
    settings = {body.settings_line(_staged(offer).preview.change) for offer in queue}
    names = [offer.host for offer in queue]
    where = f"{names[0]} first, then on {', '.join(names[1:])}," if names[1:] else names[0]
    question = f"Change {' or '.join(sorted(settings))} on {where} and reload Postfix? [y/N]"
    return None if await _said_yes(question) else Refused("nothing was changed")


async def _said_yes(question: str) -> bool:
    return (await terminal.ask(question)).lower() in ("y", "yes")


async def _make(together: Together, queue: Sequence[Offer], wishes: Wishes) -> None:
    """Change one after the other, telling how it goes on; then, where it stopped, offer to undo the rest."""
    told = _Told({offer.host: len(_staged(offer).preview.change.commands) for offer in queue})
    with ExitStack() as stack:
        pressed = deque[str]() if wishes.yes else stack.enter_context(terminal.keys())

        async def decide(host: str, proposal: Proposal, progress: Progress) -> Answer | None:
            seen = verdict(progress)
            if seen != "too_little_traffic":
                return "keep" if seen == "good" else "back"
            if wishes.yes:
                left = progress.change.remaining
                return "keep" if left is not None and left <= MARGIN else None
            return await _pressed(together.hosts[host], host, proposal, pressed)

        try:
            await together.make(queue, decide, lambda host, what: told.tell(host, what, asks=not wishes.yes))
        except asyncio.CancelledError:
            told.end()
            _left(together, told.waits, queue, wishes)
            raise
        told.end()
    kept = [fate.host for fate in together.fates.values() if fate.kept]
    if kept and len(kept) < len(queue):
        terminal.narrate(
            f"mxtop: kept on {', '.join(kept)}; `mxtop undo {' '.join(kept)}` takes it back there"
        )
        if not wishes.yes and await _said_yes(f"Take it back on {', '.join(kept)} too? [y/N]"):
            for fate in await together.undo(lambda host, what: told.tell(host, what, asks=False)):
                terminal.narrate(_line(fate.host, fate.change))


async def _pressed(fixing: Fixing, host: str, proposal: Proposal, pressed: deque[str]) -> Answer | None:
    """What the person answers, if anything."""
    while pressed:
        key = pressed.popleft().lower()
        if key in ("k", "u"):
            return "keep" if key == "k" else "back"
        if key == "r":
            await retry(fixing, proposal, host)
    return None


def _left(together: Together, waits: Change | None, queue: Sequence[Offer], wishes: Wishes) -> None:
    """What Ctrl-C leaves behind."""
    if waits is not None:
        terminal.narrate(
            f"mxtop: not answered: the change on {waits.host} goes back by itself within {wishes.window} s; "
            f"`mxtop confirm {waits.host}` keeps it"
        )
    kept = [fate.host for fate in together.fates.values() if fate.kept]
    if kept:
        terminal.narrate(
            f"mxtop: kept on {', '.join(kept)}; `mxtop undo {' '.join(kept)}` takes it back there"
        )
    over = {*together.fates, *([waits.host] if waits is not None else [])}
    if rest := [offer.host for offer in queue if offer.host not in over]:
        terminal.narrate(f"mxtop: not begun on {', '.join(rest)}")


class _Told:
    """What each host was last heard to say; `waits` is the change that nobody has answered.

    `staged` has how many commands ran on each for the preview.
    """

    def __init__(self, staged: Mapping[str, int]) -> None:
        self._staged = staged
        self._tellers: dict[str, Teller] = {}
        self._trouble: dict[str, str] = {}
        self.waits: Change | None = None

    def tell(self, host: str, what: Progress | MxtopError, *, asks: bool) -> None:
        trouble = what.lost if isinstance(what, Progress) else str(what)
        if trouble:
            if self._trouble.get(host) != trouble:
                terminal.narrate(f"{host}: {trouble}")
            self._trouble[host] = trouble
            return
        assert isinstance(what, Progress)
        if host not in self._tellers:
            self.end()
            self._tellers[host] = Teller(self._staged[host], host)
        self._tellers[host].tell(what, asks=asks)
        self.waits = what.change if what.change.state == "applied" else None
        if what.over:
            self.end()
            terminal.narrate(_line(host, what.change))

    def end(self) -> None:
        """The last word on the effect of the host before."""
        if self._tellers:
            self._tellers[[*self._tellers][-1]].end()


def _tell(offers: Sequence[Offer], fates: Mapping[str, Fate], wishes: Wishes) -> int:
    """The final state of each host, in the order of the targets; the worst of their exit codes."""
    documents: list[dict[str, Any]] = []
    codes: list[int] = []
    for offer in offers:
        if offer.proposal is None:
            trouble = offer.trouble or Refused("nothing is known of it")
            documents.append(body.refusal(offer.host, wishes.fix, operator(elsewhere=True), trouble))
            codes.append(trouble.code if isinstance(trouble, Refused) else 2)
            continue
        change, code = _final(offer.proposal, fates.get(offer.host))
        preview = offer.proposal.preview
        plan = preview.commands if offer.host not in fates else ()
        documents.append(body.document(change, preview.diff, plan))
        codes.append(code)
        fate = fates.get(offer.host)
        if fate is not None and (fate.lost or not fate.begun):  # the others were told as they came
            terminal.narrate(_line(offer.host, change))
    if wishes.as_json:
        print_json(documents)
    return worst(codes)


def _line(host: str, change: Change) -> str:
    told = f"{host}: {body.settings_line(change)}: {change.state.replace('_', ' ')}"
    return f"{told}{f': {change.detail}' if change.detail else ''}"


def _final(proposal: Proposal, fate: Fate | None) -> tuple[Change, int]:
    """A change as it is told at the end, and its exit code."""
    foreseen = body.foreseen(proposal)
    if fate is None:
        return replace(proposal.preview.change, outcome=foreseen), 0
    if not fate.begun:
        why = str(fate.trouble)
        code = fate.trouble.code if isinstance(fate.trouble, Refused) else 2
        known = replace(foreseen, warnings=(*foreseen.warnings, why))
        change = replace(fate.change, phase="failed", detail=why, code=code, outcome=known)
        return change, change.exit_code
    if fate.lost:
        why = f"{fate.host} does not answer any more: whether its watchdog took this back is not known"
        known = replace(fate.change.outcome, warnings=(*fate.change.outcome.warnings, why))
        return replace(fate.change, detail=why, outcome=known), 3
    return fate.change, fate.change.exit_code
