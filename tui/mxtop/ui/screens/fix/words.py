"""The words and bars that the pages about changes share."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final

from mxtop.change.model import Change, Setting
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.widgets.painted import Line, Span, wrap
from mxtop.ui.words import split_line

_SIGNS: Final[dict[str, tuple[SafeText, str, str]]] = {
    "preview": (literal("·"), "muted", "staged, nothing was touched"),
    "refused": (literal("✖"), "bad", "refused, nothing was changed"),
    "applied": (literal("▲"), "slow", "unconfirmed: it goes back by itself"),
    "confirmed": (literal("●"), "ok", "kept"),
    "rolled_back": (literal("◀"), "accent", "taken back: the setting is what it was"),
    "conflict": (literal("▲"), "bad", "not taken back: the file was edited since, nothing was overwritten"),
    "rollback_failed": (literal("✖"), "bad", "could not be taken back: the setting may still be there"),
}  # fmt: skip

UNSET: Final = literal("not set")


def heading(text: str) -> list[Line]:
    return [(), ((clean(text, 200), "heading"),)]


def sign(change: Change) -> tuple[SafeText, str]:
    """Glyph and role of a change's state."""
    return _SIGNS[change.state][:2]


def minutes(seconds: int) -> SafeText:
    """A window as people say it: `2 min`, `45 s`."""
    return SafeText(f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s")


def end(change: Change) -> tuple[SafeText, str, SafeText]:
    """Sign, role and sentence of a change's state, with its reason where it has one."""
    sign, role, words = _SIGNS[change.state]
    text = f"{named(change)}: {words}"
    if change.detail:
        text += f" ({clean(change.detail, 500)})"
    return sign, role, SafeText(text)


def next_step(change: Change) -> str:
    """What remains to be done by hand; "" where nothing."""
    match change.state:
        case "conflict":
            return f"Look at {change.file} and decide: mxtop changes nothing there any more."
        case "rollback_failed":
            return (
                f"Put {change.file} right by hand and run postfix reload: as it was it is kept on "
                f"{change.host} in txn/{change.id}/backup of mxtop's directory (/var/lib/mxtop)."
            )
        case _:
            return ""


def assignment(setting: Setting) -> SafeText:
    """`smtp_address_preference = ipv6`."""
    service = f" of {setting.service}" if setting.service else ""
    if setting.after is None:
        return clean(f"{setting.parameter}{service} taken out", 200)
    return clean(f"{setting.parameter} = {setting.after}{service}", 200)


def named(change: Change) -> SafeText:
    """What a change sets."""
    return SafeText(", ".join(assignment(one) for one in change.settings) or clean(change.fix, 60))


def command(argv: Sequence[str]) -> SafeText:
    """As one would type it."""
    return clean(shlex.join(argv), 1000)


def names(all_of: Sequence[str], most: int = 4) -> SafeText:
    """`a, b, c and 4 others`."""
    if len(all_of) <= most + 1:
        return SafeText(", ".join(clean(name, 60) for name in all_of))
    return SafeText(
        ", ".join(clean(name, 60) for name in all_of[:most]) + f" and {len(all_of) - most} others"
    )


def share_bar(share: float | None, width: int) -> Line:
    """The share over IPv6 as a bar of `width` cells and its two labels."""
    if share is None:
        return ((SafeText("–".center(width + 2)), "muted"),)
    return split_line(round(1000 * (1 - share)), round(1000 * share), width)


def settings(change: Change, width: int) -> list[Line]:
    """What is written, and what Postfix reads, before and after."""
    shown: list[Line] = []
    for one in change.settings:
        name = clean(one.parameter + (f" of {one.service}" if one.service else ""), 80)
        shown.append(((SafeText(f"  {name}"), "strong"),))
        shown.append(_pair("in the file", _written(one.before), _written(one.after)))
        if one.effective_after is not None:
            before, after = clean(one.effective_before or "–", 60), clean(one.effective_after, 60)
            shown.append(_pair("Postfix reads", before, after))
            if before == after:
                shown += wrap(literal("▲ Postfix reads the same value before and after"), width, "slow", 2)
    return shown


def _written(value: str | None) -> SafeText:
    return UNSET if value is None else clean(value, 60)


def _pair(what: str, before: SafeText, after: SafeText) -> Line:
    spans: list[Span] = [(SafeText(f"    {what:<15}"), "muted"), (before, "text")]
    return (*spans, (literal(" → "), "muted"), (after, "strong"))


def diff(text: str, width: int) -> list[Line]:
    """A unified diff, each line with the role of its sign; long lines are wrapped, never cut."""
    shown: list[Line] = []
    for line in text.split("\n"):
        if not line:
            continue
        role = "muted" if line.startswith(("---", "+++", "@@", "\\")) else _DIFF.get(line[0], "text")
        sign, body = line[0], line[1:].expandtabs(4)
        lead = SafeText(sign + " " * min(40, len(body) - len(body.lstrip(" "))))
        wrapped = wrap(clean(body.lstrip(" ")), max(20, width - len(lead) - 2), role) or [()]
        for i, part in enumerate(wrapped):
            shown.append(((SafeText("  " + (lead if i == 0 else " " * len(lead))), role), *part))
    return shown


_DIFF: Final = {"+": "ok", "-": "bad", " ": "muted"}
