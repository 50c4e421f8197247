"""The preview of one change on several hosts as text: what is the same once, and what differs by its host.

The diff of one host stands for those where the lines changed are the same; JSON has each host's own.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from mxtop.mail.text import SafeText, clean, literal
from mxtop.mail.units import share
from mxtop.report.change import cost, effective, entry, some
from mxtop.session.differences import Alike, alike, notes
from mxtop.session.fixing import Proposal
from mxtop.session.together import ENOUGH, Offer, traffic


def preview(offers: Sequence[Offer], queue: Sequence[Offer], *, named: bool) -> list[SafeText]:
    """The whole of it; `queue` is the order, `named` whether somebody chose its first."""
    able = [(offer.host, offer.proposal) for offer in offers if offer.proposal is not None]
    text: list[SafeText] = []
    if able:
        text += _heading(able, queue, named)
        groups = alike(able)
        for group in groups:
            text += _group(group, len(groups) > 1)
        text += _effect(able)
        text += _advice(able)
    for offer in offers:
        if offer.trouble is not None:
            text += entry("so already" if offer.already else "cannot", f"{offer.host}: {offer.trouble}")
    return text


def _heading(able: Sequence[tuple[str, Proposal]], queue: Sequence[Offer], named: bool) -> Iterator[SafeText]:
    yield clean(f"{able[0][1].title}, on {_hosts([host for host, _ in able])}")
    yield literal("")
    first, *others = queue
    seen = traffic(first.proposal)
    why = "named" if named else f"{seen} new connections in its log to judge by"
    if not named and seen < ENOUGH:
        why += ", which is little: its verdict may stay open"
    yield from entry("first", f"{first.host}: {why}")
    if others:
        names = ", ".join(offer.host for offer in others)
        how = "one after the other, and only while each was kept" if others[1:] else "only if it was kept"
        yield from entry("then", f"{names}, {how}")


def _group(group: Alike, several: bool) -> Iterator[SafeText]:
    proposal = group.proposal
    change = proposal.preview.change
    version = f", Postfix {proposal.mail_version}" if proposal.mail_version else ""
    yield literal("")
    yield clean(f"{_hosts(group.hosts)} ({change.instance}{version})")
    if several and group.differs:
        yield from entry("differs", f"in {_hosts(group.differs)}")
    for line in proposal.preview.diff.removesuffix("\n").split("\n"):
        yield clean(line)
    if group.surroundings:
        yield from entry("", f"(as on {group.hosts[0]}; on the others the lines around it differ)")
    yield literal("")
    for setting in change.settings:
        yield from entry("effective", effective(setting, change.file))
    for warning in proposal.preview.warnings:
        yield from entry("warning", warning)
    for argv in proposal.preview.commands:
        yield from entry("will run", shlex.join(argv))


def _effect(able: Sequence[tuple[str, Proposal]]) -> Iterator[SafeText]:
    """First tries over IPv6 by host, and what each host's own log has to say of it."""
    yield literal("")
    yield from entry("effect", "first tries over IPv6, by the new connections in each host's log")
    yield clean(f"  {'':<12}{'HOST':<32}{'NEW':>6}{'NOW':>6}{'THEN':>6}")
    for host, proposal in able:
        told = proposal.forecast
        if told is None:
            yield clean(f"  {'':<12}{host:<31}   cannot be foretold")
            continue
        line = f"  {'':<12}{clean(host):<31} {told.known:>6}{share(told.before):>6}{share(told.after):>6}"
        yield SafeText(line)
    for host, proposal in able:
        for finding in proposal.findings:
            yield from entry("found", f"{host}: {finding.sentence}")
        if proposal.forecast is not None and proposal.forecast.failing:
            costs = [f"{row.destination}{cost(row)}" for row in proposal.forecast.failing]
            yield from entry("fails today", f"{host}: {some(costs)}")
    yield from _notes(able)


def _notes(able: Sequence[tuple[str, Proposal]]) -> Iterator[SafeText]:
    """Each note once, with the hosts that it is true of."""
    for note in notes(able):
        told = [f"{host} ({some(names)})" if names else host for host, names in note.where.items()]
        label = "no effect" if note.stops else "note"
        yield from entry(label, note.text if note.everywhere else f"{note.text}: {', '.join(told)}")


def _advice(able: Sequence[tuple[str, Proposal]]) -> Iterator[SafeText]:
    """What is known of the value itself, which is the same everywhere."""
    proposal = able[0][1]
    yield from entry("risk", proposal.risk)
    if proposal.instead:
        yield from entry("instead", proposal.instead)
    yield from entry("to check", proposal.check)
    window = proposal.preview.change.window
    yield from entry("", f"and back by itself on each host after {window} s without an answer")


def _hosts(names: Sequence[str]) -> str:
    return ", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]
