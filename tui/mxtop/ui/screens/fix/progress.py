"""How far a change is, as lines: its state, each command as it ran, and what is seen of its effect."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from mxtop.change.model import Change
from mxtop.change.outcome import Outcome
from mxtop.mail import units
from mxtop.mail.promise import Connections, Observed, Verdict
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.screens.fix.words import command, end, heading, next_step, settings
from mxtop.ui.widgets.painted import Line, Span, fit, wrap
from mxtop.ui.words import clock, split_line

if TYPE_CHECKING:
    from mxtop.session.fixing import Progress

_TRANSACTION: Final = re.compile(r"/[^ =]*/txn/[0-9A-Z]{26}")
"""The directory of a transaction, whose name is a ULID."""

VERDICTS: Final[dict[Verdict, tuple[SafeText, str]]] = {
    "good": (literal("● good"), "ok"),
    "bad": (literal("✖ bad"), "bad"),
    "too_little_traffic": (literal("· too little traffic yet"), "accent"),
}


def lines(progress: Progress, width: int, *, utc: bool) -> list[Line]:
    change = progress.change
    shown = state(change, width)
    if progress.lost:
        words = (
            f"◔ {clean(progress.lost, 200)}: as it was last seen; {clean(change.host, 60)} goes on by itself."
        )
        shown += wrap(SafeText(words), width, "accent")
    if progress.observed is not None:
        shown += observed(progress.observed, width, utc=utc)
    shown += commands(change, width)
    shown += heading(f"Change of {clean(change.file, 100)} on {clean(change.host, 60)}")
    return [*shown, *settings(change, width)]


def state(change: Change, width: int) -> list[Line]:
    """Where it stands, and what remains to be done."""
    sign, role, sentence = end(change)
    if change.working or change.state == "preview":
        sign, role, sentence = literal("◔"), "accent", literal("Being applied: the commands below run now.")
    elif change.state == "applied":
        sentence = SafeText(f"{clean(change.file, 100)} is changed and Postfix has reloaded: keep it?")
    shown = wrap(SafeText(f"{sign} {sentence}"), width, role)
    if step := next_step(change):
        shown += wrap(clean(step, 500), width, "strong", indent=2)
    return shown


def commands(change: Change, width: int) -> list[Line]:
    """Each command that ran, with its exit code and seconds; its own directory is left out of paths."""
    shown = heading("Commands")
    if not change.commands:
        return [*shown, ((literal("  none yet"), "muted"),)]
    shown.append(((SafeText(f"  {'exit':>4}  {'took':>6}"), "muted"),))
    for ran in change.commands:
        role = "ok" if ran.exit_code == 0 else "bad"
        text = SafeText(_TRANSACTION.sub("…", command(ran.argv)))
        first, *rest = wrap(text, width, "text", indent=18) or [((literal(""), "text"),)]
        shown.append(
            (
                (SafeText(f"  {ran.exit_code:>4}"), role),
                (SafeText(f"  {units.duration(ran.seconds):>6}"), "muted"),
                (SafeText(f"  $ {first[0][0].lstrip()}"), "text"),
            )
        )
        shown += rest
    return shown


def observed(seen: Observed, width: int, *, utc: bool) -> list[Line]:
    """New connections by family before and after, trouble and delay, and the verdict with its reason."""
    if seen.reloaded is None:
        shown = heading("Effect · waiting for Postfix to reload")
    else:
        shown = heading(f"Effect, seen since the reload at {clock(seen.reloaded, utc=utc)}")
    shown += [_row("before", seen.before, width), _row("after", seen.after, width)]
    trouble = f"{seen.troubled:,} of {seen.requests:,}"
    setup = f"{units.duration(seen.setup_before)} → {units.duration(seen.setup_after)}"
    shown.append(
        (
            (literal("  trouble "), "muted"),
            (SafeText(trouble), "slow" if seen.troubled else "text"),
            (literal(" deliveries since   connected after "), "muted"),
            (SafeText(setup), "text"),
        )
    )
    sign, role = VERDICTS[seen.verdict]
    shown.append(((SafeText(f"  {sign}"), role),))
    return [*shown, *wrap(clean(seen.why, 1000), width, "strong", indent=4)]


def outcome(kept: Outcome, width: int) -> list[Line]:
    """What was foreseen and seen of a change that is over; nothing where nobody watched."""
    if kept.predicted_after is None and kept.after is None:
        return []
    shown = heading("Effect, as far as it was watched")
    if kept.predicted_before is not None and kept.predicted_after is not None:
        shares = f"{units.share(kept.predicted_before)} → {units.share(kept.predicted_after)}"
        words = literal("  predicted, first tries over IPv6 "), SafeText(shares)
        shown.append(((words[0], "muted"), (words[1], "text")))
    if kept.before is not None and kept.after is not None:
        shown += [_row("before", kept.before, width), _row("after", kept.after, width)]
    if kept.verdict is not None:
        sign, role = VERDICTS[kept.verdict]
        shown.append(((SafeText(f"  {sign}"), role),))
    return shown


def _row(word: str, counted: Connections, width: int) -> Line:
    cells = max(10, min(44, width - 40))
    spans: list[Span] = [
        (SafeText(f"  {word:<7}"), "muted"),
        (SafeText(f"v4 {units.count(counted.ipv4):>5} "), "v4"),
    ]
    bar = split_line(counted.ipv4, counted.ipv6, cells)
    spans += bar if counted.total else [(SafeText(fit(literal("  –"), cells + 2)), "muted")]
    spans.append((SafeText(f" {units.count(counted.ipv6):>5} v6 "), "v6"))
    spans.append((SafeText(f"{units.share(counted.share):>5}"), "strong"))
    return tuple(spans)
