"""What one log line says, as a frozen value: one class for each event.

The class tells the event; `KINDS` maps names to classes.  Fields hold raw text as
logged (invalid UTF-8 as lone surrogates): clean it with `mail.text` before showing.
A field that a line does not have is None, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, ClassVar, Final

from mxtop.mail.family import Family
from mxtop.mail.value import named


@named
class Event:
    """What every event has.

    `line` counts from 1.  `time` is ISO 8601, with an offset only where the log has one.
    `text` is the line verbatim after `tag[pid]: `.  `client_*` name the SMTP client
    wherever the line does; `family` is that of the client or of the relay.
    """

    kind: ClassVar[str] = "other"

    line: int
    time: str | None = None
    host: str | None = None
    tag: str | None = None
    daemon: str | None = None
    pid: int | None = None
    level: str | None = None
    queue_id: str | None = None
    text: str
    client_host: str | None = None
    client_address: str | None = None
    client_port: int | None = None
    family: Family | None = None


@named
class Delivery(Event):
    """A recipient's delivery status (log_adhoc(3)); `delays` is (a, b, c, d) in seconds."""

    kind: ClassVar[str] = "delivery"
    to: str | None = None
    orig_to: str | None = None
    relay: str | None = None
    relay_host: str | None = None
    relay_address: str | None = None
    relay_port: int | None = None
    conn_use: int = 1
    delay: float | None = None
    delays: tuple[float, float, float, float] | None = None
    tls: str | None = None
    dsn: str | None = None
    status: str | None = None
    reason: str | None = None
    queued_as: str | None = None


@named
class ConnectFailed(Event):
    """smtp(8) or lmtp(8) could not open a connection: `connect to HOST[ADDR]:PORT: ERROR`; no queue id."""

    kind: ClassVar[str] = "connect_failed"
    relay_host: str | None = None
    relay_address: str | None = None
    relay_port: int | None = None
    error: str | None = None


@named
class AttemptFailed(Event):
    """A session that ended badly while another address is still to be tried."""

    kind: ClassVar[str] = "attempt_failed"
    relay_host: str | None = None
    relay_address: str | None = None
    relay_port: int | None = None
    stage: str | None = None
    reply: str | None = None


@named
class Tls(Event):
    """`… TLS connection established|reused to|from …`."""

    kind: ClassVar[str] = "tls"
    direction: str | None = None
    trust: str | None = None
    peer_host: str | None = None
    peer_address: str | None = None
    peer_port: int | None = None
    protocol: str | None = None
    cipher: str | None = None
    bits: int | None = None


@named
class Queued(Event):
    """qmgr(8) made the message active, again at each retry."""

    kind: ClassVar[str] = "queued"
    sender: str | None = None
    size: int | None = None
    recipients: int | None = None


@named
class Removed(Event):
    """The message left the queue."""

    kind: ClassVar[str] = "removed"
    sender: str | None = None
    status: str | None = None


@named
class Expired(Event):
    """The message stayed too long and went back to its sender."""

    kind: ClassVar[str] = "expired"
    sender: str | None = None
    status: str | None = None


@named
class MessageId(Event):
    kind: ClassVar[str] = "message_id"
    message_id: str | None = None
    resent: bool = False


@named
class Pickup(Event):
    kind: ClassVar[str] = "pickup"
    uid: int | None = None
    sender: str | None = None


@named
class Client(Event):
    """smtpd(8) accepted a message: `QID: client=…`."""

    kind: ClassVar[str] = "client"
    sasl_method: str | None = None
    sasl_username: str | None = None


@named
class ClientSession(Event):
    """`commands` is {name: (ok, total)} at its end, None where the version logs none (before 3.0); `stage`
    is where it was lost.  All three of its events have both keys, as the contract names them together.
    """

    commands: Mapping[str, tuple[int, int]] | None = None
    stage: str | None = None


@named
class ClientConnect(ClientSession):
    kind: ClassVar[str] = "client_connect"


@named
class ClientDisconnect(ClientSession):
    kind: ClassVar[str] = "client_disconnect"


@named
class ClientLost(ClientSession):
    """`lost connection|timeout|too many errors after STAGE from …`."""

    kind: ClassVar[str] = "client_lost"


@named
class Reject(Event):
    kind: ClassVar[str] = "reject"
    action: str | None = None
    stage: str | None = None
    code: int | None = None
    dsn: str | None = None
    reason: str | None = None
    sender: str | None = None
    to: str | None = None
    proto: str | None = None
    helo: str | None = None


@named
class BounceNotice(Event):
    kind: ClassVar[str] = "bounce_notice"
    notice: str | None = None
    notice_queue_id: str | None = None


@named
class Postscreen(Event):
    kind: ClassVar[str] = "postscreen"
    verb: str | None = None


@named
class Master(Event):
    """What the master(8) process and postfix-script say of the whole instance."""

    version: str | None = None
    config_directory: str | None = None


@named
class Reload(Master):
    kind: ClassVar[str] = "reload"


@named
class Start(Master):
    kind: ClassVar[str] = "start"


@named
class Stop(Master):
    kind: ClassVar[str] = "stop"


@named
class Process(Event):
    """A daemon in trouble, as master(8) sees it; `status` is the exit status or signal."""

    process: str | None = None
    pid_died: int | None = None
    status: int | None = None


@named
class Throttle(Process):
    kind: ClassVar[str] = "throttle"


@named
class ProcessDied(Process):
    kind: ClassVar[str] = "process_died"


@named
class Statistics(Event):
    kind: ClassVar[str] = "statistics"


@named
class Other(Event):
    kind: ClassVar[str] = "other"


@named
class Foreign(Event):
    """A log line of another program."""

    kind: ClassVar[str] = "foreign"


@named
class Unparsed(Event):
    """Not a log line at all; `text` is the whole line."""

    kind: ClassVar[str] = "unparsed"


KINDS: Final[dict[str, type[Event]]] = {
    cls.kind: cls
    for cls in (
        Delivery, ConnectFailed, AttemptFailed, Tls, Queued, Removed, Expired, MessageId, Pickup, Client,
        ClientConnect, ClientDisconnect, ClientLost, Reject, BounceNotice, Postscreen, Reload, Start, Stop,
        Throttle, ProcessDied, Statistics, Other, Foreign, Unparsed,
    )
}  # fmt: skip

_NAMES: Final[dict[type[Event], tuple[tuple[str, str], ...]]] = {
    cls: tuple((f.name, "from" if f.name == "sender" else f.name) for f in fields(cls))
    for cls in KINDS.values()
}


def as_dict(event: Event) -> dict[str, Any]:
    """The event as `mxtop parse` prints it: its fields by their public names, and `event`."""
    shown: dict[str, Any] = {name: getattr(event, field) for field, name in _NAMES[type(event)]}
    shown["event"] = event.kind
    return shown
