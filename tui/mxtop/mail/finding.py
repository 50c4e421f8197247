"""A finding: one thing that is wrong or worth knowing here, with its evidence and the fix that may help.

Only a value; `mxtop.fixes` finds.  Text is raw: clean it with `mail.text` before showing.
"""

from __future__ import annotations

from mxtop.mail.value import named, value


@value
class Evidence:
    """One number that the finding rests on: `Evidence("IPv6 connections that failed", 14)`.

    A duration has its unit in `what`, and may be a fraction.
    """

    what: str
    count: float


@named
class Finding:
    """One finding.

    `id` is stable between versions.  `fix` and `value` name the guided fix that would help
    (`mxtop fix FIX --to VALUE`), None where there is none.  `advice` is what to do instead or besides.
    """

    id: str
    title: str
    sentence: str
    evidence: tuple[Evidence, ...] = ()
    fix: str | None = None
    value: str | None = None
    advice: str = ""
    destinations: tuple[str, ...] = ()  # by traffic
