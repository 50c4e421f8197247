"""Lines about queued messages and about Postfix itself: qmgr(8), cleanup(8), bounce(8), master(8), …

Promises nothing about order: 3.11 logs a bounce before the lines of its own message.
"""

from __future__ import annotations

import re
from typing import Final

from mxtop.mail.event import (
    BounceNotice,
    Event,
    Expired,
    MessageId,
    Pickup,
    ProcessDied,
    Queued,
    Reject,
    Reload,
    Removed,
    Start,
    Stop,
    Throttle,
)
from mxtop.mail.fields import HOST, Base, client_fields, envelope, reply_parts
from mxtop.mail.pattern import pattern
from mxtop.mail.server_lines import reject

# after a sender nothing comes that strangers write: greedy, so that the last reading wins
_ACTIVE: Final = pattern(r"from=(.*), size=(\d{1,18}), nrcpt=(\d{1,9})(?: \(queue \w+\))?", re.A | re.S)
_EXPIRED: Final = pattern(r"from=(.*), status=((?:force-)?expired), returned to sender", re.S)
_PICKUP: Final = pattern(r"uid=(\d{1,10}) from=(.*?)(?: orig_id=\w+)?", re.A | re.S)
_MESSAGE_ID: Final = pattern(r"(resent-)?message-id=(.*)", re.S)
_NOTICE: Final = pattern(r"((?:sender|postmaster) [a-z-]+(?: [a-z-]+)? notification): (\w+)", re.A)


def _bare(address: str) -> str:
    """An address without its `<>`."""
    return address[1:-1] if address.startswith("<") and address.endswith(">") else address


def of_qmgr(base: Base, rest: str) -> Event | None:
    """`from=<…>, size=…, nrcpt=… (queue active)`, `removed`, `from=<…>, status=expired, …`."""
    if base["queue_id"] is None or base["level"] != "info":
        return None
    if rest == "removed":
        return Removed(**base)
    if match := _ACTIVE.fullmatch(rest):
        sender, size, recipients = match.groups()
        return Queued(**base, sender=_bare(sender), size=int(size), recipients=int(recipients))
    if match := _EXPIRED.fullmatch(rest):
        return Expired(**base, sender=_bare(match[1]), status=match[2])
    return None


def of_postsuper(base: Base, rest: str) -> Event | None:
    """`QID: removed`, and `QID: expired` (-e: to be returned at the next queue run; 3.5 and later)."""
    if base["queue_id"] is None or base["level"] != "info":
        return None
    if rest == "removed":
        return Removed(**base)
    return Expired(**base, status="expired") if rest == "expired" else None


def of_pickup(base: Base, rest: str) -> Event | None:
    """`uid=0 from=<…>`."""
    if base["queue_id"] is not None and (match := _PICKUP.fullmatch(rest)):
        return Pickup(**base, uid=int(match[1]), sender=_bare(match[2]))
    return None


_CHECKED: Final = pattern(r"([a-z_-]+): (header|body|mime-error) ")
_ORIGIN: Final = pattern(r" from ([^\s;]+); from=<")
_ORIGIN_HOST: Final = pattern(HOST, re.A)
_CONTENT: Final = 200  # characters of a header that cleanup(8) logs (cleanup_message.c)


def of_cleanup(base: Base, rest: str) -> Event | None:
    """Message ids, header and body checks, milter actions; not `removed (canceled)`, which qmgr never saw."""
    if base["queue_id"] is None or base["level"] != "info":
        return None
    if rest.startswith(("message-id=", "resent-message-id=")) and (match := _MESSAGE_ID.fullmatch(rest)):
        # the brackets are no part of a message-id (RFC 5322, 3.6.4)
        return MessageId(**base, message_id=_bare(match[2]), resent=match[1] is not None)
    if match := _CHECKED.match(rest):
        return _checked(base, rest, match)
    return reject(base, rest)


def _checked(base: Base, rest: str, match: re.Match[str]) -> Event:
    """`hold: header Subject: … from HOST[ADDR]; from=<…> to=<…> proto=… helo=<…>: words`.

    The header comes first and is a stranger's: the origin is the last one that can stand
    behind a header cut as cleanup(8) cuts it.
    """
    action, stage = match.groups()
    origins = list(_ORIGIN.finditer(rest, match.end() - 1, match.end() + _CONTENT + 300))
    if not origins:
        return Reject(**base, action=action, stage=stage)
    found = origins[-1]
    names: Base = {}
    if client := _ORIGIN_HOST.fullmatch(found[1]):
        names = client_fields(*client.groups())
    fields, end = envelope(rest, found.end() - len("from=<"), closed_by=(": ",))
    code, dsn, reason = reply_parts(rest[end + 2 :] if rest.startswith(": ", end) else "")
    return Reject(
        **base, **names, action=action, stage=stage, code=code, dsn=dsn, reason=reason or None, **fields
    )


def of_bounce(base: Base, rest: str) -> Event | None:
    """`sender non-delivery notification: NEWID` (3.11 logs it before the new message's own lines)."""
    if base["queue_id"] is not None and (match := _NOTICE.fullmatch(rest)):
        return BounceNotice(**base, notice=match[1], notice_queue_id=match[2])
    return None


_MASTER: Final = pattern(r"(daemon started|reload) -- version (\S+?),? configuration (.*)", re.S)
_DIED: Final = pattern(r"process (.+) pid (\d{1,10}) (?:exit status|killed by signal) (\d{1,9})", re.A)
_THROTTLE: Final = pattern(r"(.+?): (?:bad command startup|fork: [^:]{0,200}) -- throttling", re.S)


def of_master(base: Base, rest: str) -> Event | None:
    """What master(8) says of the instance, and of its processes."""
    if base["level"] == "warning":
        if match := _DIED.fullmatch(rest):
            return ProcessDied(**base, process=match[1], pid_died=int(match[2]), status=int(match[3]))
        if match := _THROTTLE.fullmatch(rest):
            return Throttle(**base, process=match[1])
        return None
    if match := _MASTER.fullmatch(rest):
        event = Reload if match[1] == "reload" else Start
        return event(**base, version=match[2], config_directory=match[3])
    if rest.startswith("terminating on signal ") or rest == "master exit time has arrived":
        return Stop(**base)
    return None


_SCRIPT: Final = {"starting": Start, "refreshing": Reload, "stopping": Stop, "aborting": Stop}


def of_script(base: Base, rest: str) -> Event | None:
    """`starting|stopping|aborting|refreshing the Postfix mail system` (postfix-script)."""
    word, _, system = rest.partition(" ")
    event = _SCRIPT.get(word)
    if event is None or base["level"] != "info" or not system.startswith("the Postfix mail system"):
        return None
    return event(**base)
