"""Reasons that say the same thing made the same text: addresses, ids and numbers folded.

The SMTP code at the beginning of a reply and enhanced status codes stay, since they are the
reason.  What stands between colons is folded by itself: most of it comes again and again, and
is remembered, as are words.  The result is for grouping and reading; it is not stable between versions.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

CAP: Final = 200
"""Characters of a reason that are looked at and kept: more is rarely reason, often remote prose."""

_MAIL: Final = re.compile(r"<?[^\s<>@,;:()\[\]]*@[\w.\[\]-]*>?")
_FOLD: Final = re.compile(
    r"""
      (?P<dsn>(?<![\w.])[245]\.\d{1,3}\.\d{1,3}(?![\w.]))
    | (?P<ipv4>(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w.]))
    | (?P<ipv6>(?<![\w:\]])(?=[0-9A-Fa-f:]*::|(?:[0-9A-Fa-f]{1,4}:){7})
        [0-9A-Fa-f:]{2,39}(?:\.\d+){0,3}(?![\w:]))
    | (?P<id>(?<![\w.@-])(?=[A-Za-z-]*\d)[A-Za-z0-9-]{10,}(?![\w.@-]))
    | (?P<name>\bIPv[46]\b)
    | (?P<number>\d+(?:\.\d+)*)
    """,
    re.VERBOSE,
)
_SHOWN: Final = {"ipv4": "IPv4", "ipv6": "IPv6", "id": "…", "number": "#"}
_BRACKETED: Final = re.compile(r"\[(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}:[0-9a-f:.]+)\]", re.A)
_CODE: Final = re.compile(r"[245]\d\d(?=$|[ -])", re.A)

_MEMO: Final = 16_384
_PARTS: Final[dict[str, str]] = {}


def fold(text: str) -> str:
    """What is left of a reason when the things that differ each time are gone.

    `host mx[192.0.2.1] said: 450 4.2.0 try in 60 s` gives `host mx[IPv4] said: 450 4.2.0 try in # s`.
    """
    parts = _PARTS
    shown = [parts.get(part) or _part(part) for part in text[:CAP].split(": ")]
    return ": ".join(shown).strip() if len(shown) > 1 else shown[0]


def _part(part: str) -> str:
    """What stands between two colons: it may begin with a reply, and with it a code."""
    if _MAIL.fullmatch(part):
        return "<…@…>"
    words = part.split()
    begin = True
    for at, word in enumerate(words):
        if word.isalpha():
            begin = False
            continue
        if word.isdecimal() and not begin:
            words[at] = "#"
        elif "@" in word:
            words[at] = _MAIL.sub("<…@…>", word)
        elif _BRACKETED.fullmatch(word):
            words[at] = "[IPv6]" if ":" in word else "[IPv4]"
        else:
            words[at] = _word(word, begin)
        begin = word[-1] == ":"
    folded = " ".join(words)
    if "@" not in part:  # else it will hardly come again
        if len(_PARTS) >= _MEMO:
            _PARTS.clear()
        _PARTS[part] = folded
    return folded


@lru_cache(maxsize=16384)
def _word(word: str, begin: bool) -> str:
    if begin and (code := _CODE.match(word)):
        return code[0] + _FOLD.sub(_folded, word[3:])
    return _FOLD.sub(_folded, word)


def _folded(match: re.Match[str]) -> str:
    return _SHOWN.get(match.lastgroup or "", match[0])
