"""A proposal as lines: finding, change, effect, Postfix's judgement, commands.  It asks nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mxtop.mail.finding import Finding
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.screens.fix import effect
from mxtop.ui.screens.fix.words import command, diff, heading, minutes, names, settings
from mxtop.ui.widgets.painted import Line, wrap

if TYPE_CHECKING:
    from mxtop.session.fixing import Proposal


def lines(proposal: Proposal, width: int) -> list[Line]:
    """Everything to know before saying yes, in the order in which one asks."""
    change = proposal.preview.change
    shown: list[Line] = []
    if proposal.recorded:
        words = "A recording: this replays what was seen when it was made. Nothing is changed."
        shown += [*wrap(literal(words), width, "accent"), ()]
    shown += [((literal("Finding"), "heading"),), *_findings(proposal, width)]
    shown += heading(f"Change of {clean(change.file, 100)} on {clean(change.host, 60)}")
    shown += settings(change, width)
    for warning in proposal.preview.warnings:
        shown += wrap(SafeText(f"▲ {clean(warning, 500)}"), width, "slow", indent=2)
    shown += diff(proposal.preview.diff, width)
    shown += heading("Predicted effect")
    if proposal.forecast is None:
        shown += wrap(
            literal("Not known: neither the settings nor enough of the log are read yet."), width, "muted", 2
        )
    else:
        shown += effect.lines(proposal.forecast, width)
    return [*shown, *judgement(proposal, width), *commands(proposal, width)]


def _findings(proposal: Proposal, width: int) -> list[Line]:
    if not proposal.findings:
        words = "None calls for this: nothing was found here that it would mend. It can be made all the same."
        return wrap(literal(words), width, "muted", indent=2)
    shown: list[Line] = []
    meant = [one for one in proposal.findings if one.value == proposal.value]
    for finding in meant:
        shown += found(finding, width)
    for finding in proposal.findings:
        if finding not in meant:
            text = f"▲ {clean(finding.title, 200)} ({names(finding.destinations, 2)})"
            if finding.value is not None:
                text += f": it proposes {clean(finding.value, 40)}"
            shown += wrap(SafeText(text), width, "slow", indent=2)
    return shown


def found(finding: Finding, width: int) -> list[Line]:
    """A finding with the numbers that it rests on."""
    shown = wrap(SafeText(f"▲ {clean(finding.title, 200)}"), width, "slow", indent=2)
    shown += wrap(clean(finding.sentence, 1000), width, "strong", indent=4)
    for one in finding.evidence:
        number = f"{one.count:,.0f}" if one.count == int(one.count) else f"{one.count:,.1f}"
        first, *rest = wrap(clean(one.what, 200), width, "muted", indent=12) or [((literal(""), "text"),)]
        shown.append(((SafeText(f"{number:>10}  "), "text"), (SafeText(first[0][0].lstrip()), "muted")))
        shown += rest
    if finding.destinations:
        shown += wrap(SafeText(f"at {names(finding.destinations)}"), width, "text", indent=4)
    if finding.advice:
        shown += wrap(clean(finding.advice, 1000), width, "muted", indent=4)
    return shown


def judgement(proposal: Proposal, width: int) -> list[Line]:
    value = clean(proposal.value, 40)
    shown = heading("Postfix's own judgement")
    if proposal.safe:
        shown += wrap(SafeText(f"● {value} is safe"), width, "ok", indent=2)
    else:
        shown += wrap(SafeText(f"▲ {value} is unsafe"), width, "slow", indent=2)
    if proposal.risk:
        shown += wrap(clean(proposal.risk, 1000), width, "text", indent=4)
    if proposal.instead:
        shown += wrap(literal("What to do instead"), width, "strong", indent=4)
        shown += wrap(clean(proposal.instead, 1500), width, "text", indent=4)
    return shown


def commands(proposal: Proposal, width: int) -> list[Line]:
    window = minutes(proposal.preview.change.window)
    shown = heading("What will run")
    words = f"First a watchdog is armed: without an answer it takes the change back after {window}."
    words += " Then the file is exchanged for the staged copy, and:"
    shown += wrap(SafeText(words), width, "muted", indent=2)
    for argv in proposal.preview.commands:
        shown += wrap(SafeText(f"$ {command(argv)}"), width, "strong", indent=4)
    if proposal.check:
        shown += wrap(literal("How to see that it worked"), width, "muted", indent=2)
        shown += wrap(clean(proposal.check, 1000), width, "text", indent=4)
    return shown
