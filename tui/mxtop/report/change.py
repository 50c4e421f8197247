"""A change as the JSON contract has it, and a preview as text for a terminal.

The same facts twice.  Asks nothing; text from files, DNS and the log is made safe here, but for the diff in
JSON, which is the file's own.
"""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, Final

from mxtop.change.model import Change, Setting
from mxtop.change.outcome import Outcome
from mxtop.change.outcome import document as outcome_document
from mxtop.change.values import Refused
from mxtop.mail.errors import MxtopError
from mxtop.mail.promise import Observed
from mxtop.mail.text import SafeText, clean, literal
from mxtop.mail.units import share
from mxtop.route.effect import Forecast
from mxtop.route.reach import Reason, Row
from mxtop.session.fixing import Proposal

WIDTH: Final = 80

_WHY: Final[dict[Reason, str]] = {
    "unknown": "not known",
    "by_sender": "by sender",
    "override": "-o overrides",
    "lmtp": "lmtp",
    "single_protocol": "inet_protocols",
    "unsupported": "too old",
    "unchanged": "set already",
    "srv": "SRV decides",
    "one_family": "one family",
    "order": "MX order decides",
}


def document(change: Change, diff: str | None, plan: Sequence[Sequence[str]] = ()) -> dict[str, Any]:
    """The object of the contract, every key present; `plan` are commands that did not run yet."""
    ran = [{"argv": list(c.argv), "exit_code": c.exit_code, "seconds": c.seconds} for c in change.commands]
    planned = [{"argv": list(argv), "exit_code": None, "seconds": None} for argv in plan]
    return {
        "id": change.id,
        "host": change.host,
        "instance": change.instance,
        "fix": change.fix,
        "state": change.state,
        "operator": change.operator,
        "time": change.time,
        "settings": [
            {"parameter": s.parameter, "service": s.service, "before": s.before, "after": s.after}
            for s in change.settings
        ],
        "diff": diff,
        **outcome_document(change.outcome),
        "commands": ran + planned,
    }


def refusal(host: str, fix: str | None, operator: str | None, error: MxtopError) -> dict[str, Any]:
    """The same where nothing was staged: what is not known is null.

    What is so already is not refused: it is a preview that changes nothing.
    """
    return {
        **dict.fromkeys(("id", "host", "instance", "fix", "state", "operator", "time")),
        "host": host,
        "fix": fix,
        "state": "preview" if isinstance(error, Refused) and not error.code else "refused",
        "operator": operator,
        "settings": [],
        "diff": None,
        **outcome_document(Outcome(warnings=(str(error),))),
        "commands": [],
    }


def foreseen(proposal: Proposal) -> Outcome:
    """What the preview says of the effect."""
    told = proposal.forecast
    return Outcome(
        predicted_before=told.before if told else None,
        predicted_after=told.after if told else None,
        warnings=proposal.warnings,
    )


def preview(proposal: Proposal) -> list[SafeText]:
    """The whole preview."""
    change = proposal.preview.change
    text = [clean(f"{proposal.title}, on {change.host} ({change.instance})"), literal("")]
    for finding in proposal.findings:
        text += entry("found", finding.sentence)
    text += [clean(line) for line in proposal.preview.diff.removesuffix("\n").split("\n")]
    text.append(literal(""))
    for setting in change.settings:
        text += entry("effective", effective(setting, change.file))
    if proposal.forecast is not None:
        text += _effect(proposal.forecast)
    else:
        text += entry("effect", "cannot be foretold here")
    for warning in proposal.preview.warnings:
        text += entry("warning", warning)
    for note in proposal.forecast.notes if proposal.forecast else ():
        names = f" ({some(note.destinations)})" if note.destinations else ""
        text += entry("no effect" if note.stops else "note", note.text + names)
    text += entry("risk", proposal.risk)
    if proposal.instead:
        text += entry("instead", proposal.instead)
    text += entry("to check", proposal.check)
    for argv in proposal.preview.commands:
        text += entry("will run", shlex.join(argv))
    text += entry("", f"and back by itself after {change.window} s without an answer")
    return text


def effective(setting: Setting, file: str) -> str:
    """What Postfix reads now, where that comes from, and what it will read."""
    origin = f"from {file}" if setting.before is not None else "Postfix's default"
    if setting.service is not None:
        return (
            f"{setting.service}: {setting.parameter} = {setting.before or '–'}, then {setting.after or '–'}"
        )
    before, after = setting.effective_before or "–", setting.effective_after or "–"
    return f"{setting.parameter} = {before} ({origin}), then {after}"


def _effect(told: Forecast) -> list[SafeText]:
    text = entry(
        "effect",
        f"first tries over IPv6 {share(told.before)} now, then {share(told.after)}: "
        f"{told.known} new connections in the log"
        + (f"; {told.unknown} more cannot be told" if told.unknown else ""),
    )
    if told.largest:
        text.append(clean(f"  {'':<12}{'DESTINATION':<32}{'NEW':>6}{'NOW':>6}{'THEN':>6}"))
    text += [_row(row) for row in told.largest]
    if told.failing:
        costs = [f"{row.destination}{cost(row)}" for row in told.failing]
        text += entry("fails today", some(costs))
    if told.untouched:
        text += entry("one family", f"untouched: {some([row.destination for row in told.untouched])}")
    return text


def _row(row: Row) -> SafeText:
    why = f"  {_WHY[row.reason]}" if row.reason else ""
    name = clean(row.destination)
    line = f"  {'':<12}{name:<31} {row.connections:>6}{share(row.before):>6}{share(row.after):>6}{why}"
    return SafeText(line)


def cost(row: Row) -> str:
    """What a family that fails there costs, "" where that is not known."""
    wait = row.wait_after.expected if row.wait_after is not None else None
    return f" (up to {wait:g} s a delivery)" if wait else ""


def some(names: Sequence[str], most: int = 10) -> str:
    """The first of them, and how many more."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def effect_line(seen: Observed | None) -> str:
    """What is seen of the effect, in a few words."""
    if seen is None:
        return "the effect is not watched here"
    if seen.reloaded is None:
        return "waiting for the reload line"
    after = seen.after
    before = f"{share(seen.before.share)} before"
    told = f"IPv6 {after.ipv6} of {after.total} new connections ({share(after.share)}, {before})"
    return f"{told}, {seen.troubled} of {seen.requests} in trouble: {seen.verdict.replace('_', ' ')}"


def settings_line(change: Change) -> str:
    """`smtp_address_preference any → ipv6`; `–` where the file does not set it."""
    return ", ".join(
        f"{s.service + ' ' if s.service else ''}{s.parameter} {s.before or '–'} → {s.after or '–'}"
        for s in change.settings
    )


def history(changes: Iterable[Change]) -> list[SafeText]:
    """One line each, the latest last."""
    lines = [
        clean(f"{c.time}  {c.id}  {c.state.replace('_', ' '):<15} {c.operator:<10} {settings_line(c)}")
        for c in changes
    ]
    return lines or [literal("nothing was changed here")]


def countdown(change: Change) -> str:
    """`UNCONFIRMED on mx1, goes back in 01:42`."""
    left = change.remaining
    if left is None or not change.watched:
        return f"UNCONFIRMED on {change.host}, stays until it is answered"
    return f"UNCONFIRMED on {change.host}, goes back in {int(left) // 60:02d}:{int(left) % 60:02d}"


def entry(label: str, text: str) -> list[SafeText]:
    """A labelled paragraph, wrapped between words."""
    wrapped = textwrap.wrap(
        clean(text),
        WIDTH,
        initial_indent=f"  {label:<12}",
        subsequent_indent=" " * 14,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [SafeText(line) for line in wrapped]
