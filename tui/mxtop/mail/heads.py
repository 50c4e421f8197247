"""The heads of log lines: where a text is cut into lines, and what of each tells its kind.

Twice, to the same result: with one regular expression, and compiled (`_heads.c`) where there was a C compiler
when mxtop was installed.  The compiled one is some times as fast, and leaves out quiet lines by itself.

Heads are those of `mail.header` in their commonest forms: what has another is not cut, and handed on whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from mxtop.mail.header import MONTHS
from mxtop.mail.pattern import pattern
from mxtop.mail.tally import Stages

try:
    from mxtop.mail import _heads as compiled
except ImportError:  # no C compiler, or another Python's
    compiled = None  # type: ignore[assignment]

# what the lines of a tag are
SLOW: Final = 1  # only the parser can tell
NOT_POSTFIX: Final = 2
ELSEWHERE: Final = 3  # another instance's
PLAIN: Final = 4  # a daemon whose only tallied lines are deliveries; from here on plain words are quiet
AGENT: Final = 5  # smtp(8), lmtp(8): attempts as well
QMGR: Final = 6
CLEANUP: Final = 7  # whose `message-id=` is quiet too
SMTPD: Final = 8
SCREEN: Final = 9  # postscreen(8), which turns away as smtpd(8) does

# what qmgr(8) did with a message
QUEUED: Final = 1  # made it active
REMOVED: Final = 2

_KINDS: Final = (NOT_POSTFIX, PLAIN, AGENT, QMGR, CLEANUP, SMTPD)
_DONE: Final = (QUEUED, REMOVED)

_ZONE: Final = "[+-][0-9][0-9]:[0-9][0-9]"
_ISO: Final = (
    r"[0-9]{4}-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-5][0-9]"
    rf"(?:\.[0-9]{{6}}{_ZONE}|(?:\.[0-9]{{1,9}})?(?:Z|{_ZONE}))"  # rsyslog's form first: it is cheaper
)
_CLASSIC: Final = rf"(?:{'|'.join(MONTHS)}) [ 0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]"
_ID: Final = r"[0-9][0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{9,29}|[0-9A-F]{6,20}"
"""Queue ids but for the long ones that begin with a letter, which are not used before 2090."""

_TELLING: Final = "connect |certificate |server |CA "
"""Plain words that are kept: what is tallied begins so (`server certificate verification failed for …`)."""

Line = tuple[str, str, str | None, str | None, str]
"""Time, tag, queue id, first word, and the rest of the line.

Queue id and first word are None where the text begins with a plain word that tells nothing: such a text has
neither level nor queue id.  With a queue id there is no first word either.  Of a line without such a
head the first four are "", and the last is the whole line.
"""

Delivery = tuple[str, str, str, str, str, int, float, Stages, str, str]
"""Time, tag, queue id; the recipient's domain ("": none), relay, conn_use, delay, delays, status, reason."""

Piece = str | tuple[int, str] | Delivery | Line
"""What is left of a line: a client that smtpd(8) names, `from HOST[ADDRESS]` or `client=HOST[ADDRESS]`;
QUEUED or REMOVED with the queue id; a delivery; or a `Line`, which may be any of these too.
"""


def _heads(time: str) -> re.Pattern[str]:
    """What cuts a text at the heads of its lines, times being of this form.

    (`[^ ]` is twice as fast as `[^ \n]`: so a tag may reach over the end of a line that has none, and has a
    newline in it then.)
    """
    first = rf"(?:({_ID}): |(?!{_TELLING})[A-Za-z]+ |([^ \n]*) )"
    return pattern(rf"\n({time}) [^ \n]+ ([^ ]*:) {first}")


_HEADS: Final = {True: _heads(_ISO), False: _heads(_CLASSIC)}


def cut(text: str, iso: bool, kinds: dict[str, int]) -> tuple[Iterable[Any], int, int]:
    """The `Piece`s of a text, in order; how many lines it has, and how many not of Postfix were left out.

    Left out is what nothing else is tallied from.  The text may end with a newline or without.  `iso`: times
    are of RFC 3339, else classic.  `kinds`: what the lines of a tag are, as far as that is known.
    """
    if compiled is not None:
        return compiled.cut(text, iso, kinds, _KINDS, _DONE)
    return cut_slowly(text, iso)


def cut_slowly(text: str, iso: bool) -> tuple[Iterator[Any], int, int]:
    """What `cut` gives where nothing is compiled: every line is a `Line`."""
    pieces = _HEADS[iso].split("\n" + text.removesuffix("\n"))
    if pieces[0] or "\n" in "".join(pieces[5::5]):
        pieces = _apart(pieces)
    each = iter(pieces)
    next(each)
    return zip(each, each, each, each, each, strict=True), len(pieces) // 5, 0


def _apart(pieces: list[str]) -> list[str]:
    """The same with each line of no known head by itself."""
    each = iter(pieces)
    found = [""]
    for line in next(each).split("\n")[1:]:
        found += "", "", "", "", line
    for stamp, token, queue_id, word, text in zip(each, each, each, each, each, strict=True):
        body, *strange = text.split("\n")
        found += stamp, token, queue_id, word, body
        for line in strange:
            found += "", "", "", "", line
    return found
