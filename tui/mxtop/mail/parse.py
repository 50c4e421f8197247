"""One log line in, one event out: the parser of Postfix logs, 2.x to 3.11.

Every line gives exactly one event, and none raises: what is not understood is `other`,
another program's line is `foreign`, and what is no log line is `unparsed`.  Fields are read by
position, so that a HELO, a recipient or a reply cannot pose as one.  Does not follow
messages from line to line; the tracker does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from mxtop.mail import delivery, queue_lines, server_lines
from mxtop.mail.event import Event, Foreign, Other, Unparsed
from mxtop.mail.fields import Base
from mxtop.mail.header import FOREIGN, UNSURE, Clock, split, tag_of

_LEVELS: Final = {
    "w": ("warning: ", "warning"),
    "e": ("error: ", "error"),
    "f": ("fatal: ", "fatal"),
    "p": ("panic: ", "panic"),
}
_QUEUE_ID: Final = re.compile(r"([0-9A-F]{6,20}|[0-9B-DF-HJ-NP-TV-Zb-df-hj-np-tv-z]{10,30}):(?: |$)")
"""Short ids are hex in capitals, long ones have no vowels (mail_queue.h): no English word matches."""

_SOLARIS: Final = re.compile(r"\[ID \d{1,10} [a-z0-9]+\.[a-z]+\] ")

_HANDLERS: Final[dict[str, Callable[[Base, str], Event | None]]] = {
    "smtp": delivery.of_client,
    "lmtp": delivery.of_client,
    "smtpd": server_lines.of_smtpd,
    "postscreen": server_lines.of_postscreen,
    "dnsblog": server_lines.of_dnsblog,
    "tlsproxy": server_lines.of_tlsproxy,
    "qmgr": queue_lines.of_qmgr,
    "oqmgr": queue_lines.of_qmgr,
    "nqmgr": queue_lines.of_qmgr,
    "postsuper": queue_lines.of_postsuper,
    "pickup": queue_lines.of_pickup,
    "cleanup": queue_lines.of_cleanup,
    "bounce": queue_lines.of_bounce,
    "master": queue_lines.of_master,
    "postfix-script": queue_lines.of_script,
}


class Parser:
    """Reads the lines of one log.  `reference`, `year`, `zone`: for times that lack them, see `Clock`."""

    __slots__ = ("_clock", "line")

    def __init__(self, reference: float, *, year: int | None = None, zone: str = "") -> None:
        self._clock = Clock(reference, year=year, zone=zone)
        self.line = 0
        """How many lines were parsed."""

    def parse(self, line: str) -> Event:
        """The event of one line, which comes without its `\\n`."""
        self.line += 1
        head = split(line)
        if head is None:
            return Unparsed(line=self.line, text=line)
        stamp, host, token, text = head
        time = self._clock.iso(stamp)
        if not token:
            # `last message repeated 2 times` is syslogd's; a lone word is a line cut within its tag
            if " " in text:
                return Foreign(line=self.line, time=time, host=host, text=text)
            return Unparsed(line=self.line, text=line)
        tag, daemon, pid, origin = tag_of(token)
        body = text[:-1] if text.endswith("\r") else text
        if body.startswith("[ID ") and (solaris := _SOLARIS.match(body)):
            body = body[solaris.end() :]
        level = "info"
        prefix, name = _LEVELS.get(body[:1], ("", ""))
        if prefix and body.startswith(prefix):
            level = name
            body = body[len(prefix) :]
        queue_id = None
        if match := _QUEUE_ID.match(body):
            queue_id = match[1]
            body = body[match.end() :]
        elif body.startswith("NOQUEUE: "):
            body = body[9:]
        if origin == FOREIGN or (origin == UNSURE and level == "info" and queue_id is None):
            return Foreign(line=self.line, time=time, host=host, tag=tag, daemon=daemon, pid=pid, text=text)
        base: Base = {
            "line": self.line,
            "time": time,
            "host": host,
            "tag": tag,
            "daemon": daemon,
            "pid": pid,
            "level": level,
            "queue_id": queue_id,
            "text": text,
        }
        if queue_id is not None and body.startswith("to=<"):
            return delivery.delivery(base, body)
        if body.startswith("statistics: "):
            return server_lines.statistics(base, body)
        handler = _HANDLERS.get(daemon)
        event = handler(base, body) if handler else None
        return event if event is not None else Other(**base)
