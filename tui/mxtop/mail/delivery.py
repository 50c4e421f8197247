"""Lines of the delivery agents: delivery status, failed connections and attempts, TLS.

`attempt_failed` is a session that ended while another address was still to be tried: smtp(8)
logs the reason with the queue id then, and within the delivery status otherwise.  Its `stage`:
the words in `in reply to … command` (`MAIL FROM`, `RCPT TO`, `DATA`, `end of DATA`); the words
after `while ` (`receiving the initial server greeting`, `sending RCPT TO`); `greeting` for
`refused to talk to me`, which Postfix also says after a refused EHLO; `EHLO` where the server
lacks an extension; `TLS`.  `reply` is the server's, None where it gave none.

`SSL_connect error to …` and `certificate verification failed for …` are no attempts of their own: what
follows from them is logged too, by the same process, though `Cannot start TLS` and `Server certificate not
verified` leave out the address (`failed_handshake`).
"""

from __future__ import annotations

import re
from typing import Final

from mxtop.mail.event import AttemptFailed, ConnectFailed, Delivery, Event, Tls
from mxtop.mail.fields import HOST, Base, Peer, client_fields, closings, peer, relay_fields
from mxtop.mail.header import relay_of
from mxtop.mail.pattern import pattern

CLIENTS: Final = ("smtp", "lmtp")
"""The daemons that speak SMTP or LMTP to others."""

HANDSHAKE_STAGES: Final = frozenset(
    (
        "greeting",
        "EHLO",
        "TLS",
        "receiving the initial server greeting",
        "performing the EHLO handshake",
        "performing the HELO handshake",
        "performing the LHLO handshake",
        "receiving the STARTTLS response",
    )
)
"""Stages before any mail transaction: the attempt was a session of its own."""

_NUMBER: Final = r"\d{1,18}(?:\.\d{1,18})?(?!\d)"
"""No more digits: what is beyond a float is infinite, which JSON cannot say."""

_RIGID: Final = pattern(
    r'to=<([^>"]*)>, (?:orig_to=<([^>"]*)>, )?relay=([^,\s]+), (?:conn_use=(\d{1,9}), )?'
    rf"delay=({_NUMBER}), delays=({_NUMBER})/({_NUMBER})/({_NUMBER})/({_NUMBER}), (?:tls=([^,\s]+), )?"
    r"dsn=(\d\.\d+\.\d+), status=([\w-]+) \((.*)\)",
    re.A | re.S,
)
_REST: Final = pattern(
    r"relay=([^,\s\[]*(?:\[[^\[\]]*\](?::\d+)?)?)(?:, conn_use=(\d{1,9}))?"
    rf"(?:,? delay=({_NUMBER}))?(?:, delays=({_NUMBER})/({_NUMBER})/({_NUMBER})/({_NUMBER}))?"
    r"(?:, tls=([^,\s]+))?(?:, dsn=(\d\.\d+\.\d+))?(?:, status=([\w-]+)(?: (.*))?)?",
    re.A | re.S,
)
_IN_REPLY: Final = " (in reply to "
_QUEUED_AS: Final = pattern(r"[Qq]ueued as <?([^\s<>()\[\],;]+)")


def delivery(base: Base, rest: str) -> Event:
    """`to=<…>, relay=…, …, status=… (…)` (log_adhoc.c): a cut line gives the fields it still has."""
    match = _RIGID.fullmatch(rest)
    if match is None:
        return _irregular(base, rest)
    to, orig_to, relay, conn_use, delay, a, b, c, d, tls, dsn, status, reason = match.groups()
    host, address, port, family = relay_of(relay)
    reason = _whole(reason)
    return Delivery(
        **base,
        family=family,
        to=to,
        orig_to=orig_to,
        relay=relay,
        relay_host=host,
        relay_address=address,
        relay_port=port,
        conn_use=int(conn_use) if conn_use else 1,
        delay=float(delay),
        delays=(float(a), float(b), float(c), float(d)),
        tls=tls,
        dsn=dsn,
        status=status,
        reason=reason,
        queued_as=_queued_as(status, reason),
    )


def _irregular(base: Base, rest: str) -> Event:
    """A delivery with quoted addresses, without some of its fields, or cut short."""
    to, orig_to, match = _addresses(rest)
    if match is None:
        return Delivery(**base, to=to, orig_to=orig_to)
    relay, conn_use, delay, a, b, c, d, tls, dsn, status, reason = match.groups()
    if delay is None:
        relay = ""  # cut within it, perhaps
    host, address, port, family = relay_of(relay)
    if reason and reason.startswith("("):
        reason = _whole(reason[1:-1]) if reason.endswith(")") else reason[1:]
    return Delivery(
        **base,
        family=family,
        to=to,
        orig_to=orig_to,
        relay=relay or None,
        relay_host=host,
        relay_address=address,
        relay_port=port,
        conn_use=int(conn_use) if conn_use else 1,
        delay=float(delay) if delay else None,
        delays=(float(a), float(b), float(c), float(d)) if a else None,
        tls=tls,
        dsn=dsn,
        status=status,
        reason=reason,
        queued_as=_queued_as(status, reason),
    )


def _addresses(rest: str) -> tuple[str | None, str | None, re.Match[str] | None]:
    """Recipient, original recipient, and what follows them: the first reading that reaches a status."""
    fallback: tuple[str | None, str | None, re.Match[str] | None] = (None, None, None)
    for end in closings(rest, 4, (", relay=", ", orig_to=<")):
        to = rest[4:end]
        if rest.startswith(", relay=", end + 1):
            readings: list[tuple[str | None, int]] = [(None, end + 3)]
        else:
            start = end + len(">, orig_to=<")
            readings = [(rest[start:close], close + 3) for close in closings(rest, start, (", relay=",))]
        for orig_to, at in readings:
            match = _REST.match(rest, at)
            if match and match[10]:
                return to, orig_to, match
            if fallback[2] is None:
                fallback = (to, orig_to, match)
        if fallback[0] is None:
            fallback = (to, None, None)
    return fallback


def _whole(reason: str) -> str:
    """A reason without its outer parentheses; a line cut before the last one ends in an inner one."""
    if reason.endswith(" command") and reason.startswith("host ") and _IN_REPLY in reason:
        return f"{reason})"
    return reason


def _queued_as(status: str | None, reason: str | None) -> str | None:
    """The queue id in the server's reply; the last one, as a filter quotes the next server's."""
    if status != "sent" or not reason or (at := reason.rfind("ueued as ")) < 1:
        return None
    found = _QUEUED_AS.match(reason, at - 1)
    return found[1].rstrip(".") or None if found else None


_CONNECT: Final = pattern(rf"connect to {HOST}: (.*)", re.A | re.S)
_OLD_PORT: Final = pattern(r"\(port (\d{1,5})\)$", re.A)


def connect_failed(base: Base, rest: str) -> Event | None:
    """`connect to HOST[ADDR]:PORT: error`; before 2.3 the port is in `(port 25)` at the end."""
    match = _CONNECT.fullmatch(rest)
    if match is None:
        return None
    host, address, port, error = match.groups()
    if port is None and (old := _OLD_PORT.search(error)):
        port = old[1]
    return ConnectFailed(**base, **relay_fields(host, address, port), error=error)


_SAID: Final = pattern(rf"host {HOST} (said|refused to talk to me): (.*)", re.A | re.S)
_ENDED: Final = pattern(
    rf"(?:lost connection with {HOST}|conversation with {HOST} timed out) while (.*)", re.A | re.S
)
_NO_TLS: Final = pattern(
    rf"(?:TLS is required, but (?:was not offered by )?host|Sender requested REQUIRETLS, but "
    rf"(?:TLS service|REQUIRETLS support) was not offered by host) {HOST}(?: refused to start TLS: (.*))?",
    re.A | re.S,
)
_NO_UTF8: Final = pattern(
    r"message requires SMTPUTF8, but no server was found that supports SMTPUTF8\. "
    rf"The last attempted server was {HOST}",
    re.A,
)
_TLS_TROUBLE: Final = (
    "Cannot start TLS",
    "Server certificate not ",
    "TLS is required, but our TLS engine is unavailable",
    "TLS is required, but unavailable",
)


def attempt_failed(base: Base, rest: str) -> Event | None:
    """One attempt of a delivery that goes on elsewhere; None for any other line with a queue id."""
    if match := _SAID.fullmatch(rest):
        host, address, port, what, reply = match.groups()
        stage: str | None = "greeting" if what != "said" else None
        at = reply.rfind(_IN_REPLY) if what == "said" else -1
        if at >= 0 and reply.endswith(")"):
            stage = reply[at + len(_IN_REPLY) : -1].removesuffix(" command")
            reply = reply[:at]
        return AttemptFailed(**base, **relay_fields(host, address, port), stage=stage, reply=reply)
    if match := _ENDED.fullmatch(rest):
        lost, timed_out, stage = match.groups()[:3], match.groups()[3:6], match[7]
        host, address, port = lost if lost[1] else timed_out
        return AttemptFailed(**base, **relay_fields(host, address, port), stage=stage)
    if match := _NO_TLS.fullmatch(rest):
        host, address, port, reply = match.groups()
        return AttemptFailed(**base, **relay_fields(host, address, port), stage="TLS", reply=reply)
    if match := _NO_UTF8.fullmatch(rest):
        return AttemptFailed(**base, **relay_fields(*match.groups()), stage="EHLO")
    if rest.startswith(_TLS_TROUBLE):
        return AttemptFailed(**base, stage="TLS")
    return None


_HANDSHAKE: Final = pattern(
    rf"(?:SSL_connect error to |(?:server |CA )?certificate verification failed for ){HOST}: .*"
    rf"|{HOST}: re-using session with untrusted (?:certificate|peer credential), .*",
    re.A | re.S,
)


def failed_handshake(event: Event) -> Peer | None:
    """Whom a line of smtp(8) or lmtp(8) says that TLS failed with; None for any other line.

    The handshake itself (tls_client.c), or the certificate (tls_verify.c; tls_client.c where a TLS session
    is taken up again).  A certificate may fail that nobody asked for (2.8 and before): then the session goes
    on, and the next line of its process names the address itself.
    """
    if event.daemon not in CLIENTS:
        return None
    match = _HANDSHAKE.fullmatch(event.text)
    if match is None:
        return None
    groups = match.groups()
    return peer(*(groups[:3] if groups[1] else groups[3:]))


_TLS: Final = pattern(
    rf"(?:(\w+) )?TLS connection (?:established|reused) (to|from) {HOST}(?: to \S+)?: "
    r"(\S+) with cipher (\S+)(?: \((\d{1,6})/\d+ bits\))?(?: .*)?",
    re.A | re.S,
)


def tls(base: Base, rest: str) -> Event | None:
    """`Trusted TLS connection established to …`; a server's peer is an SMTP client."""
    match = _TLS.fullmatch(rest)
    if match is None:
        return None
    trust, toward, host, address, port, protocol, cipher, bits = match.groups()
    other = peer(host, address, port)
    names: Base = client_fields(host, address, port) if toward == "from" else {"family": other.family}
    return Tls(
        **base,
        **names,
        direction="server" if toward == "from" else "client",
        trust=trust,
        peer_host=other.host,
        peer_address=other.address,
        peer_port=other.port,
        protocol=protocol,
        cipher=cipher,
        bits=int(bits) if bits else None,
    )


def of_client(base: Base, rest: str) -> Event | None:
    """A line of smtp(8) or lmtp(8) that is not a delivery status."""
    if base["level"] != "info":
        return None
    if base["queue_id"] is not None:
        return attempt_failed(base, rest)
    if rest.startswith("connect to "):
        return connect_failed(base, rest)
    return tls(base, rest) if " TLS connection " in rest[:40] or rest.startswith("TLS connection ") else None
