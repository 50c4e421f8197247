"""How one raw log line looks on the screen: as written, or its fields in columns.

Called for visible lines only.  Reads fields with the log's own parser, so that text from
outside cannot pose as a status; knows nothing of the lines around.
"""

from __future__ import annotations

from typing import Final

from mxtop.mail.event import AttemptFailed, ConnectFailed, Delivery, Event, Foreign, Unparsed
from mxtop.mail.parse import Parser
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.widgets.painted import Line, Span
from mxtop.ui.words import FAMILY, FAMILY_ROLE, clock

SHOWN: Final = 1024
"""Characters shown of one line; the whole line is what gets copied."""

_STATUS: Final = {"sent": "ok", "deferred": "slow", "bounced": "bad", "expired": "bad"}
_LEVEL: Final = {"warning": "slow", "error": "bad", "fatal": "bad", "panic": "bad"}


def as_written(line: str) -> Line:
    return ((clean(line, SHOWN), "text"),)


def in_columns(line: str, now: float, *, utc: bool = False) -> Line:
    """Time, daemon, queue id, then what counts: for a delivery `<to> v6 deferred relay: reply`."""
    event = Parser(now).parse(line)
    if isinstance(event, Unparsed):
        return ((clean(line, SHOWN), "muted"),)
    head: list[Span] = [
        (SafeText(clock(event.time, utc=utc) + " "), "muted"),
        (SafeText(_cell(event.daemon or event.tag, 9) + " "), "heading" if event.daemon else "muted"),
    ]
    if isinstance(event, Foreign):
        return (*head, (clean(event.text, SHOWN), "muted"))
    if isinstance(event, Delivery):
        return (*head, *_delivery(event))
    if isinstance(event, ConnectFailed | AttemptFailed):
        what = event.error if isinstance(event, ConnectFailed) else event.reply
        if what is not None:
            word = "no connection" if isinstance(event, ConnectFailed) else "attempt failed"
            relay = _relay(event.relay_host, event.relay_address)
            return (*head, _id(event), *_family(event), (literal(f"{word} "), "bad"), relay, _rest(what))
    role = _LEVEL.get(event.level or "", "text")
    return (*head, (clean(event.text, SHOWN), role))


def _delivery(event: Delivery) -> list[Span]:
    status = event.status or "?"
    return [
        _id(event),
        *_family(event),
        (SafeText(_cell(status, 8) + " "), _STATUS.get(status, "text")),
        (SafeText(f"<{clean(event.to or '', 120)}> "), "strong"),
        _relay(event.relay_host or event.relay, event.relay_address),
        _rest(event.reason or ""),
    ]


def _cell(text: str | None, width: int) -> str:
    return clean(text or "", 40).ljust(width)


def _id(event: Event) -> Span:
    return (SafeText(_cell(event.queue_id, 11) + " "), "muted")


def _family(event: Event) -> list[Span]:
    if event.family is None:
        return [(literal("–  "), "muted")]
    return [(SafeText(FAMILY[event.family].ljust(2) + " "), FAMILY_ROLE[event.family])]


def _relay(host: str | None, address: str | None) -> Span:
    where = host or "–"
    return (clean(f"{where}[{address}] " if address else f"{where} ", 300), "muted")


def _rest(text: str) -> Span:
    return (clean(text, SHOWN), "text")
