"""The bulk scanner: history into a tracker at several times the parser's speed, to the same sums.

Most lines of a log have one of a few exact shapes.  One regular expression runs over a whole
piece of text: it passes over the lines that nothing is tallied from, reads the commonest
others, and cuts the rest into time, host, tag and text.  Every line of no known shape goes to
the parser.  So what a line means is the parser's word alone: a shape is matched from the start
of the line on, and never by a search in text that strangers write.

Does not promise events: where they are wanted, use `mail.parse`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from mxtop.mail.header import FOREIGN, MONTHS, POSTFIX, Clock, split, tag_of
from mxtop.mail.parse import Parser
from mxtop.mail.pattern import pattern
from mxtop.mail.tracker import Tracker

_SLOW: Final = 1  # only the parser can tell
_FOREIGN: Final = 2
_ELSEWHERE: Final = 3  # another instance's
_REJECTING: Final = 4
_PLAIN: Final = 5  # a daemon whose only tallied lines are deliveries
_AGENT: Final = 6  # smtp(8), lmtp(8): attempts as well

_KINDS: Final = {
    "smtp": _AGENT,
    "lmtp": _AGENT,
    "smtpd": _REJECTING,
    "postscreen": _REJECTING,
    "cleanup": _SLOW,
    "qmgr": _SLOW,
    "oqmgr": _SLOW,
    "nqmgr": _SLOW,
    "postsuper": _SLOW,
}
_MEMO: Final = 20_000

_ID: Final = r"(?:[0-9A-F]{6,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,30})"
_CLIENT: Final = r"[^\s\[\]]*\[[^\[\]\n]+\]"
_NUMBER: Final = r"([0-9]+(?:\.[0-9]+)?)"
_ZONE: Final = "[+-][0-9][0-9]:[0-9][0-9]"
_ISO: Final = (
    r"[0-9]{4}-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]:[0-5][0-9]"
    rf"(?:\.[0-9]{{6}}{_ZONE}|(?:\.[0-9]{{1,9}})?(?:Z|{_ZONE}))"  # rsyslog's form first: it is cheaper
)
_CLASSIC: Final = rf"(?:{'|'.join(MONTHS)}) [ 0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9]"
_PID: Final = r"\[[0-9]{1,10}\]: "
_TLS: Final = "(?:Anonymous|Untrusted|Trusted|Verified) TLS connection "

# Lines that nothing is tallied from, by their beginnings: none can be a queue id with its colon,
# but for cleanup's and pickup's, which name what comes after it.
_QUIET: Final = (
    rf"smtpd{_PID}(?:disconnect from |lost connection after |warning: hostname |{_TLS})",
    rf"cleanup{_PID}\w+: message-id=",
    rf"postscreen{_PID}(?:CONNECT from |PASS |DISCONNECT |DNSBL rank |HANGUP |PREGREET )",
    rf"smtp{_PID}{_TLS}",
    rf"dnsblog{_PID}addr ",
    rf"anvil{_PID}statistics: max ",
    rf"pickup{_PID}\w+: uid=",
)
_ACTIVE: Final = rf"({_ID}): from=<[^>\n]*>, size=\d{{1,18}}, nrcpt=\d{{1,9}} \(queue active\)"
_DELIVERY: Final = pattern(
    rf'({_ID}): to=<([^>"]*)>, (?:orig_to=<[^>"]*>, )?relay=([^,\s]+), (?:conn_use=(\d+), )?'
    rf"delay={_NUMBER}, delays={_NUMBER}/{_NUMBER}/{_NUMBER}/{_NUMBER}, (?:tls=[^,\s]+, )?"
    r"dsn=\d\.\d+\.\d+, status=([\w-]+) \((.*)\)",
    re.A | re.S,
)
# (a reason that ends in ` command` may have lost its last parenthesis: the parser sees to that)
# no `<`, `>` or further `;` in the words: so no client can move where they end
_REJECT: Final = pattern(
    r"NOQUEUE: reject: (\S+) from ([^\s\[\]]*)\[([^\[\]]+)\](?::\d{1,5})?: ([245]\d\d) "
    r'([245]\.\d{1,3}\.\d{1,3}) ((?:<[^<>"\s:;]*>: )?[^<>;]*(?:; client \[[^\s\[\]]*\] [^<>;]*)?); from=<.*',
    re.A | re.S,
)


def _pattern(time: str, names: Iterable[str]) -> re.Pattern[str]:
    """What runs over the text: one match for each line, its shapes known for instances of these names.

    Groups: time and host (none: no line of this form); queue id made active, queue id removed,
    client connected, client of a message, or tag token and text (none: quiet); the whole line.
    """
    own = [re.escape(name) for name in names if name == "postfix" or name.startswith("postfix-")]
    return pattern(
        rf"(?:({time} [^ \n]+) (?:(?:{'|'.join(own) or '(?!)'})/(?:submissions?/|smtps/)?(?:"
        rf"qmgr{_PID}(?:{_ACTIVE}|({_ID}): removed)"
        rf"|smtpd{_PID}(?:connect from ({_CLIENT})|(?:{_ID}|NOQUEUE): client=({_CLIENT})(?:, [^\n]*)?)"
        rf"|(?:{'|'.join(_QUIET)})[^\n]*)"
        r"|([^ \n]*:) ([^\n]*))"
        r"|([^\n]*))\n",
        re.A,
    )


class _Numbers(dict[str, float]):
    """Delays as logged, to seconds: the same few hundred texts again and again."""

    def __missing__(self, text: str) -> float:
        if len(self) >= _MEMO:
            self.clear()
        number = self[text] = float(text)
        return number


class Scanner:
    """Feeds one log's text, in order, to a tracker; `reference` and `year` as for `Parser`."""

    def __init__(self, tracker: Tracker, reference: float, year: int | None = None) -> None:
        self._tracker = tracker
        self._parser = Parser(reference, year=year)
        self._clock = Clock(reference, year=year)
        names: Iterable[str] | None = tracker.syslog_names
        names = sorted(names) if names is not None else ("postfix",)
        self._iso = _pattern(_ISO, names)
        self._classic = _pattern(_CLASSIC, names)
        self._kinds: dict[str, int] = {}  # by tag token
        self._times: dict[str, str] = {}  # ISO times by time as logged
        self._minutes: set[str] = set()  # ISO minutes that exist, `2026-11-23T18:41:`
        self._numbers = _Numbers()

    @property
    def parsed(self) -> int:
        """How many lines went to the parser."""
        return self._parser.line

    def feed(self, text: str) -> None:
        """Whole lines; the last may lack its `\n`."""
        if text and not text.endswith("\n"):
            text += "\n"
        tracker = self._tracker
        start = 0
        while start < len(text) and (tracker.host is None or tracker.first is None):
            end = text.index("\n", start)
            tracker.apply(self._parser.parse(text[start:end]))
            start = end + 1
        if start < len(text):
            self._scan(text[start:] if start else text)

    def _scan(self, text: str) -> None:
        """Lines after the first; what is not done here is done by the parser, line by line in order."""
        tracker, kinds, times, minutes, numbers = (
            self._tracker, self._kinds, self._times, self._minutes, self._numbers,
        )  # fmt: skip
        clients, peers = tracker.clients, tracker.peers
        iso = text[0].isdecimal()
        found = (self._iso if iso else self._classic).findall(text)
        delivery = _DELIVERY.fullmatch
        others = 0  # lines that are counted elsewhere
        for head, active, removed, connected, accepted, token, body, line in found:
            if active:
                tracker.queue(active)
                continue
            if removed:
                tracker.remove(removed)
                continue
            if connected:
                if row := clients.get(connected) or tracker.client_named(connected):
                    row.connections += 1
                continue
            if accepted:
                if row := clients.get(accepted) or tracker.client_named(accepted):
                    row.messages += 1
                continue
            if token:
                kind = kinds.get(token) or self._kind(token)
                if kind >= _PLAIN:
                    if "to=<" not in body:
                        if kind == _PLAIN:
                            continue
                    elif (match := delivery(body)) and not match[11].endswith(" command"):
                        stamp = head.rpartition(" ")[0]
                        time = stamp if stamp[:17] in minutes else times.get(stamp) or self._time(stamp)
                        queue_id, to, relay, conn_use, delay, a, b, c, d, status, reason = match.groups()
                        tracker.delivery(
                            token,
                            queue_id,
                            time,
                            to,
                            peers[relay],
                            int(conn_use) if conn_use else 1,
                            numbers[delay],
                            (numbers[a], numbers[b], numbers[c], numbers[d]),
                            status,
                            reason,
                        )
                        continue
                elif kind == _REJECTING:
                    if self._reject(body):
                        continue
                elif kind == _FOREIGN:
                    tracker.foreign += 1
                    continue
                elif kind == _ELSEWHERE:
                    tracker.other_instances += 1
                    continue
                line = f"{head} {token} {body}"
            elif head:
                continue
            others += 1
            if line and line[0].isdecimal() != iso and line[:1].isalnum():
                self._scan(line + "\n")  # the other form of time
            else:
                tracker.apply(self._parser.parse(line))
        tracker.lines += len(found) - others
        self._note_last(text)

    def _note_last(self, text: str) -> None:
        """The last time in the text is the tracker's last."""
        end = len(text) - 1
        while end >= 0:
            start = text.rfind("\n", 0, end) + 1
            head = split(text[start:end])
            time = self._clock.iso(head[0]) if head is not None else None
            if time is not None:
                self._tracker.last = time
                return
            end = start - 1

    def _time(self, stamp: str) -> str | None:
        """A time not seen before, as ISO 8601; None where there is no such time."""
        time = self._clock.iso(stamp)
        if time is None:
            return None
        if time == stamp:
            if len(self._minutes) >= _MEMO:
                self._minutes.clear()
            self._minutes.add(stamp[:17])
        else:
            if len(self._times) >= _MEMO:
                self._times.clear()
            self._times[stamp] = time
        return time

    def _kind(self, token: str) -> int:
        """What to do with the lines of a tag token, `postfix/smtp[123]:`."""
        tag, daemon, pid, origin = tag_of(token)
        if origin == FOREIGN:
            kind = _FOREIGN
        elif origin != POSTFIX or token != f"{tag}[{pid}]:":
            kind = _SLOW
        elif not self._tracker.owns(tag):
            kind = _ELSEWHERE
        else:
            kind = _KINDS.get(daemon, _PLAIN)
        if len(self._kinds) >= _MEMO:
            self._kinds.clear()
        self._kinds[token] = kind
        return kind

    def _reject(self, body: str) -> bool:
        match = _REJECT.fullmatch(body)
        if match is None:
            return False
        stage, host, address, code, dsn, reason = match.groups()
        self._tracker.reject("reject", stage, int(code), dsn, reason, None)
        if (row := self._tracker.client(host or None, address)) is not None:
            row.rejects += 1
        return True
