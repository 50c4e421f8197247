"""The head of a log line: time, host, program; and the relay token, the other thing that repeats.

Functions here are small, linear and memoised with a bound, for the parser and for bulk
scanners alike.  Headers known: RFC 3339 and classic syslog (either day padding), `<PRI>`
before either, RFC 5424, leading NULs.  Does not promise that a well-formed time exists:
`Clock` says None for 30 February.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Final, NamedTuple

from mxtop.mail.family import Family, family_of
from mxtop.mail.zone import zone_of

POSTFIX: Final = 1
FOREIGN: Final = 0
UNSURE: Final = 2
"""What a tag says of its line: Postfix's, another program's, or only its text can tell."""


Head = tuple[str, str, str, str]
"""A split line: time, host, tag and text, as logged; the tag is "" where the line has none."""


class Tag(NamedTuple):
    """`postfix/relay/smtp[123]:` as tag, daemon, pid; `origin` is POSTFIX, FOREIGN or UNSURE."""

    tag: str
    daemon: str
    pid: int | None
    origin: int


class Relay(NamedTuple):
    """`host[address]:port`; all None for `none`, `local`, a pipe(8) service, …"""

    host: str | None
    address: str | None
    port: int | None
    family: Family | None


_PRI: Final = re.compile(r"<\d{1,3}>", re.A)
_RFC5424: Final = re.compile(
    r"\d{1,2} (\S+) (\S+) (\S+) (\S+) \S+ (?:-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: (.*))?", re.A | re.S
)
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:[Zz]|[+-]\d\d:?\d\d)?", re.A)
_CLASSIC: Final = re.compile(r"([A-Z][a-z]{2}) ( ?\d|\d\d) (\d\d):(\d\d):(\d\d)(?:[.,]\d{1,9})?", re.A)
_TAG: Final = re.compile(r"([^\[]*)\[(\d{0,10})\]:?", re.A)
_RELAY: Final = re.compile(r"([^\[\]]+)\[([^\[\]]+)\](?::(\d{1,5}))?", re.A)

MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"), 1
    )
}

_UNIQUE: Final = frozenset(
    (
        "postfix", "postmulti", "postfix-script", "postfix-wrapper", "postfix-tls-script", "post-install",
        "postlog", "postlogd", "postsuper", "postqueue", "postdrop", "postconf", "postalias", "postmap",
        "postcat", "postkick", "postlock", "posttls-finger", "trivial-rewrite", "postscreen", "dnsblog",
        "tlsproxy", "tlsmgr", "scache", "qmgr", "oqmgr", "nqmgr", "qmqpd", "proxymap",
    )
)  # fmt: skip
"""Names that no other mail program bears: Postfix's even without a syslog_name before them."""

_SHARED: Final = frozenset(
    (
        "smtp", "smtpd", "lmtp", "cleanup", "pickup", "bounce", "master", "local", "virtual", "pipe",
        "error", "discard", "anvil", "verify", "flush", "showq", "spawn",
    )
)  # fmt: skip
"""Names that Cyrus, OpenSMTPD and others use too: alone, they need a text of Postfix's form."""

_STRANGERS: Final = re.compile(
    r"policy-?d?(?:-.*)?|post(?:grey|fwd\d*|srsd|fixadmin)|postfix[-_](?:policy.*|.*exporter)|sqlgrey", re.S
)
"""Policy servers and the like that log under `postfix/`, or as `postfix-…`, without being Postfix."""

_STRANGE_PREFIXES: Final = frozenset(("cyrus", "dovecot", "amavis", "sendmail", "exim", "haraka"))


def split(line: str) -> Head | None:
    """The parts of a log line, None where it is not one.  Linear; a missing text is ""."""
    if not line:
        return None
    first = line[0]
    if first == "\0" or first == "<":
        line = line.lstrip("\0")
        if priority := _PRI.match(line):
            line = line[priority.end() :]
            if modern := _RFC5424.fullmatch(line):
                stamp, host, app, pid, text = modern.groups()
                token = f"{app}:" if pid == "-" else f"{app}[{pid}]:"
                return (stamp, host, token, text or "") if _ISO.fullmatch(stamp) else None
        first = line[:1]
    if "0" <= first <= "9":
        parts = line.split(" ", 3)
        if not _ISO.fullmatch(parts[0]):
            return None
    else:
        stamp = line[:15]
        if line[15:16] != " " or not _CLASSIC.fullmatch(stamp):
            match = _CLASSIC.match(line)  # `Jun 5`, fractions of seconds
            if match is None or line[match.end() : match.end() + 1] != " ":
                return None
            stamp = match.group()
        if stamp[:3] not in MONTHS:
            return None
        parts = [stamp, *line[len(stamp) + 1 :].split(" ", 2)]
    if len(parts) == 4:
        stamp, host, token, text = parts
        if token.endswith(":"):
            return (stamp, host, token, text) if host else None
        # `last message repeated 2 times`, `-- MARK --`
        return (stamp, host, "", f"{token} {text}") if host else None
    if len(parts) == 3 and parts[1]:
        stamp, host, token = parts
        return (stamp, host, token, "") if token.endswith(":") else (stamp, host, "", token)
    return None


@lru_cache(maxsize=16384)
def tag_of(token: str) -> Tag:
    """What program a tag token names; its daemon is the last component."""
    if match := _TAG.fullmatch(token):
        tag = match[1]
        pid = int(match[2]) if match[2] else None
    else:
        tag = token[:-1] if token.endswith(":") else token
        pid = None
    return Tag(tag, tag.rpartition("/")[2], pid, _origin(tag))


@lru_cache(maxsize=1024)
def _origin(tag: str) -> int:
    """Whose a tag is.  postlog(1) and early failures log without syslog_name (mail_task.c)."""
    first, slash, _ = tag.partition("/")
    daemon = tag.rpartition("/")[2]
    if _STRANGERS.fullmatch(daemon) or first in _STRANGE_PREFIXES:
        return FOREIGN
    if slash and (first == "postfix" or first.startswith("postfix-")):
        return POSTFIX
    if daemon in _UNIQUE:
        return POSTFIX
    if daemon in _SHARED:
        return POSTFIX if slash else UNSURE
    if not slash and tag.startswith("postfix-"):
        return UNSURE  # an instance's command before it has read its name: `postfix-out[1]: fatal: …`
    return FOREIGN


@lru_cache(maxsize=16384)
def relay_of(token: str) -> Relay:
    """A relay as logged, `mx.example[2001:db8::1]:25`; the host of a literal has colons too."""
    match = _RELAY.fullmatch(token)
    if match is None:
        return Relay(None, None, None, None)
    host, address, port = match.groups()
    return Relay(host, address, int(port) if port else None, family_of(address))


class Clock:
    """Logged times as ISO 8601, and as seconds since the epoch.

    A time without a year gets the latest that puts it no later than one day after
    `reference` (seconds since the epoch; the log's modification time, or now), in local
    time; `year` overrides.  29 February goes back to a leap year.  `zone`: whose local time, a rule
    as in `mxtop.mail.zone`; "": this machine's.
    """

    __slots__ = ("_days", "_limit", "_minute", "_minutes", "_stamp", "_time", "_year", "_zone")

    def __init__(self, reference: float, *, year: int | None = None, zone: str = "") -> None:
        # local time on purpose: it is compared with local times that carry no offset
        limit = datetime.fromtimestamp(reference + 86400, zone_of(zone))
        self._limit = limit.replace(tzinfo=None).isoformat()
        self._zone = zone
        self._year = year
        self._stamp = ""
        self._minute = ""
        self._time: str | None = None
        self._days: dict[str, str] = {}
        self._minutes: dict[str, float] = {}

    def iso(self, stamp: str) -> str | None:
        """The time token of a head as ISO 8601, as logged; None where there is no such time."""
        if stamp == self._stamp:
            return self._time
        self._stamp = stamp
        if "0" <= stamp[:1] <= "9":
            if stamp[:17] != self._minute and _exists(stamp[:10], stamp[11:19]):
                self._minute = stamp[:17]
            good = stamp[:17] == self._minute and stamp[17:19] < "61"
            self._time = stamp.replace(",", ".") if good else None
        else:
            self._time = self._classic(stamp)
        return self._time

    def _classic(self, stamp: str) -> str | None:
        day = stamp[:6]
        time = stamp[7:]
        start = self._days.get(day)
        if start is None or len(stamp) != 15:
            match = _CLASSIC.fullmatch(stamp)
            month = MONTHS.get(match[1]) if match else None
            if match is None or month is None:
                return None
            time = stamp[match.start(3) :].replace(",", ".")
            start = f"-{month:02d}-{int(match[2]):02d}"
        if len(start) == 6:
            dated = self._date(start, time)
            if dated is None:
                return None
            if dated + start != self._limit[:10] and len(self._days) < 400 and len(stamp) == 15:
                self._days[day] = dated + start  # on the limit's own day the time decides, each time anew
            start = dated + start
        return f"{start}T{time}" if _exists(start, time[:8]) else None

    def _date(self, month_day: str, time: str) -> str | None:
        """The year, four digits, of `-MM-DD` at a time."""
        if self._year is not None:
            return f"{self._year:04d}"
        last = int(self._limit[:4])
        if f"{last:04d}{month_day}T{time}" > self._limit:
            last -= 1
        for year in range(last, last - 9, -1):
            if _exists(f"{year:04d}{month_day}", "00:00:00"):
                return f"{year:04d}"
        return None

    def epoch(self, time: str) -> float | None:
        """Seconds since the epoch of what `iso` gave; local time where it has no offset."""
        minute = time[:16]
        zone = time[19:].lstrip(".0123456789")
        key = minute + zone
        base = self._minutes.get(key)
        if base is None:
            try:
                then = datetime.fromisoformat(minute + zone.upper())
                base = (then if zone else then.replace(tzinfo=zone_of(self._zone))).timestamp()
            except (ValueError, OverflowError):
                return None
            if len(self._minutes) > 10000:
                self._minutes.clear()
            self._minutes[key] = base
        seconds = time[17 : len(time) - len(zone)] if zone else time[17:]
        try:
            return base + float(seconds)
        except ValueError:
            return None


@lru_cache(maxsize=4096)
def _day_exists(day: str) -> bool:
    """Of digits in the form `2026-11-28`."""
    try:
        date(int(day[:4]), int(day[5:7]), int(day[8:]))
    except ValueError:
        return False
    return True


def _exists(day: str, time: str) -> bool:
    """True for a real date and a time of day; second 60 is a leap second."""
    return time[:2] < "24" and time[3:5] < "60" and time[6:8] < "61" and _day_exists(day)
