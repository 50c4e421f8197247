"""The bulk scanner: history into a tracker at several times the parser's speed, to the same sums.

Most lines of a log have one of a few exact shapes.  Those are read here with a split, a few
look-ups and at most one regular expression; every other line goes to the parser.  So what a
line means is the parser's word alone: a fast path only takes a line whose event it can tell
from a fixed beginning or a full match, never from a search in text that strangers write.

Does not promise events: where they are wanted, use `mail.parse`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from mxtop.mail.header import FOREIGN, POSTFIX, Clock, split, tag_of
from mxtop.mail.parse import Parser
from mxtop.mail.tables import Client
from mxtop.mail.tracker import Tracker

_SLOW: Final = 0  # only the parser can tell
_FOREIGN: Final = 1
_ELSEWHERE: Final = 2  # another instance's
_PLAIN: Final = 3  # a daemon whose only tallied lines are deliveries
_AGENT: Final = 4  # smtp(8), lmtp(8): attempts as well
_SMTPD: Final = 5
_SCREEN: Final = 6
_CLEANUP: Final = 7
_QMGR: Final = 8
_DELIVERING: Final = (_PLAIN, _AGENT)

_KINDS: Final = {
    "smtp": _AGENT,
    "lmtp": _AGENT,
    "smtpd": _SMTPD,
    "postscreen": _SCREEN,
    "cleanup": _CLEANUP,
    "qmgr": _QMGR,
    "oqmgr": _SLOW,
    "nqmgr": _SLOW,
    "postsuper": _SLOW,
}

# Beginnings of lines that nothing is tallied from.  None can be a queue id, which a colon follows.
_TLS_STARTS: Final = tuple(
    f"{trust} TLS connection " for trust in ("Anonymous", "Untrusted", "Trusted", "Verified")
)
_SMTPD_STARTS: Final = ("disconnect from ", "lost connection after ", "warning: hostname ", *_TLS_STARTS)
_SCREEN_STARTS: Final = ("CONNECT from ", "PASS ", "DISCONNECT ", "DNSBL rank ", "HANGUP ", "PREGREET ")

_MEMO: Final = 20_000

_ID: Final = r"([0-9A-F]{6,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,30})"
_HOST: Final = r"([^\s\[\]]*)\[([^\[\]]+)\](?::\d{1,5})?"
_NUMBER: Final = r"(\d+(?:\.\d+)?)"

_DELIVERY: Final = re.compile(
    rf'{_ID}: to=<([^>"]*)>, (?:orig_to=<[^>"]*>, )?relay=([^,\s]+), (?:conn_use=(\d+), )?'
    rf"delay={_NUMBER}, delays={_NUMBER}/{_NUMBER}/{_NUMBER}/{_NUMBER}, (?:tls=[^,\s]+, )?"
    r"dsn=\d\.\d+\.\d+, status=([\w-]+) \((.*)\)",
    re.A | re.S,
).fullmatch
_ACTIVE: Final = re.compile(
    rf"{_ID}: from=<[^>]*>, size=\d{{1,18}}, nrcpt=\d{{1,9}} \(queue active\)", re.A
).fullmatch
_CONNECT: Final = re.compile(rf"connect from {_HOST}", re.A).fullmatch
_CLIENT: Final = re.compile(rf"(?:{_ID}|NOQUEUE): client={_HOST}(?:, .*)?", re.A | re.S).fullmatch
# no `<`, `>` or further `;` in the words: so no client can move where they end
_REJECT: Final = re.compile(
    rf"NOQUEUE: reject: (\S+) from {_HOST}: ([245]\d\d) ([245]\.\d{{1,3}}\.\d{{1,3}}) "
    r'((?:<[^<>"\s:;]*>: )?[^<>;]*(?:; client \[[^\s\[\]]*\] [^<>;]*)?); from=<.*',
    re.A | re.S,
).fullmatch


class Scanner:
    """Feeds one log's text, in order, to a tracker; `reference` and `year` as for `Parser`."""

    def __init__(self, tracker: Tracker, reference: float, year: int | None = None) -> None:
        self._tracker = tracker
        self._parser = Parser(reference, year=year)
        self._clock = Clock(reference, year=year)
        self._kinds: dict[str, int] = {}  # by tag token
        self._times: dict[str, str] = {}  # ISO times by time as logged
        self._second = "-"  # the last second seen with six digits after it, `2026-11-23T18:41:29.`
        self._zone = ""  # and what followed those, `+00:00`

    def feed(self, text: str) -> None:
        """Whole lines; the last may lack its `\n`."""
        lines = text.split("\n")
        if not lines[-1]:
            lines.pop()
        tracker = self._tracker
        for number, line in enumerate(lines):
            if tracker.host is not None and tracker.first is not None:
                self._scan(lines[number:] if number else lines, text.isascii())
                return
            tracker.apply(self._parser.parse(line))

    def _scan(self, lines: list[str], ascii_only: bool) -> None:
        """Lines after the first; what is not done here is done by the parser, line by line in order."""
        tracker, kinds, times = self._tracker, self._kinds, self._times
        clients, messages = tracker.clients, tracker.messages
        second, zone = self._second, self._zone
        last: str | None = None  # the time of the last line, where the tracker does not know it yet
        fast = 0
        for line in lines:
            done = False
            try:
                if line[4:5] == "-":
                    stamp, host, token, body = line.split(" ", 3)
                    if (
                        stamp[:20] == second
                        and stamp[26:] == zone
                        and stamp[20:26].isdecimal()
                        and (ascii_only or stamp.isascii())
                    ):
                        time: str | None = stamp
                    else:
                        time = times.get(stamp) or self._time(line, stamp)
                        second, zone = self._second, self._zone
                else:
                    stamp = line[:16]
                    host, token, body = line[16:].split(" ", 2)
                    time = times.get(stamp) or self._time(line, stamp)
                kind = kinds.get(token) or self._kind(token)
            except ValueError:  # too few words
                kind = _SLOW
            if kind == _SLOW or not time or not host:
                pass
            elif kind == _SMTPD:
                if body.startswith("connect from "):
                    done = self._connect(body, clients)
                elif body.startswith(_SMTPD_STARTS):
                    done = True
                elif match := _CLIENT(body):
                    if (row := tracker.client(match[2] or None, match[3])) is not None:
                        row.messages += 1
                    done = True
                elif body.startswith("NOQUEUE: reject: "):
                    done = self._reject(body)
            elif kind in _DELIVERING:
                if "to=<" in body:
                    if match := _DELIVERY(body):
                        queue_id, to, relay, conn_use, delay, a, b, c, d, status, reason = match.groups()
                        tracker.delivery(
                            token,
                            queue_id,
                            time,
                            to,
                            tracker.peer(relay),
                            int(conn_use) if conn_use else 1,
                            float(delay),
                            (float(a), float(b), float(c), float(d)),
                            status,
                            reason,
                        )
                        done = True
                else:
                    done = kind == _PLAIN or body.startswith(_TLS_STARTS)
            elif kind == _QMGR:
                if body.endswith(": removed"):
                    if body[:-9] in messages:
                        tracker.remove(body[:-9])
                        done = True
                elif match := _ACTIVE(body):
                    tracker.queue(match[1])
                    done = True
            elif kind == _SCREEN:
                done = body.startswith(_SCREEN_STARTS) or self._reject(body)
            elif kind == _CLEANUP:
                done = body.partition(": ")[2].startswith("message-id=")
            elif kind == _FOREIGN:
                tracker.foreign += 1
                done = True
            else:
                tracker.other_instances += 1
                done = True
            if done:
                fast += 1
                last = time
                continue
            if last is not None:
                tracker.last = last
                last = None
            tracker.apply(self._parser.parse(line))
        if last is not None:
            tracker.last = last
        tracker.lines += fast

    def _time(self, line: str, stamp: str) -> str | None:
        """A time not seen before, read by the parser's rules; None where the parser must see the line.

        A classic stamp comes with the space after it, so that nothing longer passes for one.
        """
        head = split(line)
        logged = stamp.rstrip(" ")
        if head is None or head[0] != logged:
            return None
        time = self._clock.iso(logged)
        if time is None:
            return None
        if (
            time == stamp
            and stamp[19:20] == "."
            and stamp[20:26].isdecimal()
            and not stamp[26:27].isdecimal()
        ):
            self._second, self._zone = stamp[:20], stamp[26:]
        else:
            if len(self._times) >= _MEMO:
                self._times.clear()
            self._times[stamp] = time
        return time

    def _kind(self, token: str) -> int:
        """What to do with the lines of a tag token, `postfix/smtp[123]:`."""
        tag, daemon, pid, origin = tag_of(token)
        if not token.endswith(":"):
            kind = _SLOW
        elif origin == FOREIGN:
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

    def _connect(self, body: str, clients: Mapping[str, Client]) -> bool:
        row: Client | None = clients.get(body[13:])
        if row is None:
            match = _CONNECT(body)
            if match is None:
                return False
            row = self._tracker.client(match[1] or None, match[2])
        if row is not None:
            row.connections += 1
        return True

    def _reject(self, body: str) -> bool:
        match = _REJECT(body)
        if match is None:
            return False
        stage, host, address, code, dsn, reason = match.groups()
        self._tracker.reject("reject", stage, int(code), dsn, reason, None)
        if (row := self._tracker.client(host or None, address)) is not None:
            row.rejects += 1
        return True
