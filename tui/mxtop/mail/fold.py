"""Reasons that say the same thing made the same text: addresses, ids and numbers folded.

SMTP and enhanced status codes stay, since they are the reason.  The result is for grouping
and reading; it is not stable between versions, and folding cannot be undone.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

CAP: Final = 200
"""Characters of a reason that are looked at and kept: more is rarely reason, often remote prose."""

_FOLD: Final = re.compile(
    r"""
      (?P<code>(?<![\w.-])[245]\d\d(?:[ -][245]\.\d{1,3}\.\d{1,3})?(?![\w.-]|:\d))
    | (?P<dsn>(?<![\w.])[245]\.\d{1,3}\.\d{1,3}(?![\w.]))
    | (?P<mail><?[^\s<>@,;:()\[\]]+@[\w.\[\]:-]+>?)
    | (?P<ipv6>(?<![\w:\]])(?=[0-9A-Fa-f:]*::|(?:[0-9A-Fa-f]{1,4}:){7})
        [0-9A-Fa-f:]{2,39}(?:\.\d+){0,3}(?![\w:]))
    | (?P<ipv4>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]))
    | (?P<id>(?<![\w.@-])(?=[A-Za-z-]*\d)[A-Za-z0-9-]{10,}(?![\w.@-]))
    | (?P<number>\d+(?:\.\d+)*)
    """,
    re.VERBOSE,
)
_SHOWN: Final = {"mail": "<…@…>", "ipv4": "IPv4", "ipv6": "IPv6", "id": "…", "number": "#"}


def _folded(match: re.Match[str]) -> str:
    return _SHOWN.get(match.lastgroup or "", match[0])


def fold(text: str) -> str:
    """What is left of a reason when the things that differ each time are gone.

    `host mx[192.0.2.1] said: 450 4.2.0 try in 60 s` gives `host mx[IPv4] said: 450 4.2.0 try in # s`.
    """
    return _fold(text[:CAP])


@lru_cache(maxsize=4096)
def _fold(text: str) -> str:
    return _FOLD.sub(_folded, text).strip()
