"""The preview of one change on several hosts as lines: what is the same once, what differs by its host.

The diff of one host stands for those on which the lines changed are the same.
"""

from __future__ import annotations

from collections.abc import Sequence

from mxtop.mail import units
from mxtop.mail.text import SafeText, clean, literal
from mxtop.session.differences import Alike, alike, notes
from mxtop.session.fixing import Proposal
from mxtop.session.together import ENOUGH, Offer, traffic
from mxtop.ui.screens.fix.preview import commands, judgement
from mxtop.ui.screens.fix.words import diff, heading, names, settings, share_bar
from mxtop.ui.widgets.painted import Line, fit, wrap
from mxtop.ui.words import BAR

Able = Sequence[tuple[str, Proposal]]


def lines(offers: Sequence[Offer], queue: Sequence[Offer], width: int) -> list[Line]:
    """Everything to know before saying yes; `queue` is the order in which it would be made."""
    able = [(offer.host, offer.proposal) for offer in offers if offer.proposal is not None]
    shown = _out(offers, width)
    if not able:
        return shown
    shown += _order(queue, width)
    groups = alike(able)
    for group in groups:
        shown += _group(group, width, several=len(groups) > 1)
    shown += [*_effect(able, width), *_findings(able, width), *_notes(able, width)]
    return [*shown, *judgement(able[0][1], width), *commands(able[0][1], width)]


def listed(hosts: Sequence[str]) -> SafeText:
    """`mx1, mx2 and mx3`."""
    told = [clean(host, 40) for host in hosts]
    return SafeText(", ".join(told[:-1]) + (" and " if len(told) > 1 else "") + told[-1])


def _out(offers: Sequence[Offer], width: int) -> list[Line]:
    """The hosts that are left out, and why."""
    shown: list[Line] = []
    for offer in offers:
        if offer.already:
            shown += wrap(SafeText(f"· {clean(offer.host, 40)}: {clean(str(offer.trouble), 300)}"), width)
        elif offer.trouble is not None:
            words = f"✖ {clean(offer.host, 40)} is left out: {clean(str(offer.trouble), 500)}"
            shown += wrap(SafeText(words), width, "bad")
    return [*shown, ()] if shown else []


def _order(queue: Sequence[Offer], width: int) -> list[Line]:
    first, *others = queue
    seen = traffic(first.proposal)
    text = f"{clean(first.host, 40)}: {seen:,} new connections in its log to judge by"
    if seen < ENOUGH:
        text += ", which is little: its verdict may stay open"
    shown: list[Line] = [((literal("Order"), "heading"),)]
    shown += wrap(SafeText(f"first  {text}"), width, "strong", indent=2)
    if others:
        how = ", one after the other, and only while each was kept" if others[1:] else ", only if it was kept"
        text = f"then   {listed([offer.host for offer in others])}{how}"
        shown += wrap(SafeText(text), width, "text", indent=2)
    words = "A good verdict keeps it and goes on, a bad one takes it back and stops. You may answer before."
    return [*shown, *wrap(literal(words), width, "muted", indent=2)]


def _group(group: Alike, width: int, *, several: bool) -> list[Line]:
    proposal = group.proposal
    change = proposal.preview.change
    version = f" (Postfix {clean(proposal.mail_version, 20)})" if proposal.mail_version else ""
    shown = heading(f"Change of {clean(change.file, 100)} on {listed(group.hosts)}{version}")
    if several and group.differs:
        words = f"▲ differs in {', '.join(group.differs)}"
        shown += wrap(clean(words, 300), width, "slow", indent=2)
    shown += settings(change, width)
    for warning in proposal.preview.warnings:
        shown += wrap(SafeText(f"▲ {clean(warning, 500)}"), width, "slow", indent=2)
    shown += diff(proposal.preview.diff, width)
    if group.surroundings:
        words = f"(as on {clean(group.hosts[0], 40)}; on the others the lines around it differ)"
        shown += wrap(SafeText(words), width, "muted", indent=2)
    return shown


def _effect(able: Able, width: int) -> list[Line]:
    room = max(12, min(32, width - 44))
    shown = heading("Predicted effect: first tries over IPv6, by the new connections in each host's log")
    shown.append(((SafeText(f"  {'Host':<{room}}{'New':>6}  {'now':<{BAR + 7}}   after"), "muted"),))
    for host, proposal in able:
        name = SafeText("  " + fit(clean(host, 60), room))
        told = proposal.forecast
        if told is None:
            shown.append(((name, "text"), (literal("     –  not known"), "muted")))
            continue
        shown.append(
            (
                (name, "text"),
                (SafeText(f"{units.count(told.known):>6}  "), "text"),
                *share_bar(told.before, BAR),
                (SafeText(f" {units.share(told.before):>4}"), "text"),
                (literal(" → "), "muted"),
                *share_bar(told.after, BAR),
                (SafeText(f" {units.share(told.after):>4}"), "strong"),
            )
        )
    return shown


def _findings(able: Able, width: int) -> list[Line]:
    """Each finding once, with its hosts, and where a family fails today."""
    found: dict[str, list[str]] = {}
    shown: list[Line] = []
    for host, proposal in able:
        for finding in proposal.findings:
            found.setdefault(finding.title, []).append(host)
    for title, hosts in found.items():
        words = f"▲ {clean(title, 200)}: {names(hosts)}"
        shown += wrap(SafeText(words), width, "slow", indent=2)
    for host, proposal in able:
        failing = proposal.forecast.failing if proposal.forecast is not None else ()
        if failing:
            words = f"▲ fails today on {clean(host, 40)}: {names([row.destination for row in failing])}"
            shown += wrap(SafeText(words), width, "slow", indent=2)
    return [(), *shown] if shown else []


def _notes(able: Able, width: int) -> list[Line]:
    shown: list[Line] = []
    for note in notes(able):
        told = [
            f"{clean(host, 40)} ({names(places)})" if places else clean(host, 40)
            for host, places in note.where.items()
        ]
        text = clean(note.text, 500) if note.everywhere else f"{clean(note.text, 500)}: {', '.join(told)}"
        sign, role = ("✖ No effect:", "bad") if note.stops else ("·", "text")
        shown += wrap(SafeText(f"{sign} {text}"), width, role, indent=2)
    return shown
