"""Lines about SMTP clients: smtpd(8), postscreen(8), dnsblog(8), anvil(8), tlsproxy(8).

`reject` covers every action of an access check (reject, warn, hold, filter, milter-reject, …);
`permit` and `proxy-accept` refuse nothing and stay `other`.  `stage` is the SMTP command
as logged.
"""

from __future__ import annotations

import re
from typing import Final

from mxtop.mail.delivery import tls
from mxtop.mail.event import (
    Client,
    ClientConnect,
    ClientDisconnect,
    ClientLost,
    Event,
    Other,
    Postscreen,
    Reject,
    Statistics,
)
from mxtop.mail.fields import HOST, Base, client_fields, closings, envelope, reply_parts
from mxtop.mail.pattern import pattern

_CONNECT: Final = pattern(rf"connect from {HOST}", re.A)
_DISCONNECT: Final = pattern(rf"disconnect from {HOST}(?: (.*))?", re.A | re.S)
_COUNTER: Final = pattern(r"([a-z_-]+)=(\d{1,9})(?:/(\d{1,9}))?", re.A)
_CLIENT: Final = pattern(rf"client={HOST}(.*)", re.A | re.S)
_LOST: Final = pattern(
    rf"(?:lost connection|timeout|too many errors) after (\S+)(?: \(\d+ bytes\))? from {HOST}", re.A
)
_REJECT: Final = pattern(rf"([a-z_-]+): (\S+) from {HOST}(?:: (.*))?", re.A | re.S)
_PROXY_REJECT: Final = pattern(r"proxy-reject: (\S+): (.*)", re.S)
_ETRN: Final = pattern(rf"(?:reject|bad): (ETRN) .* from {HOST}", re.A | re.S)
_ACTIONS: Final = frozenset(
    (
        "reject", "reject_warning", "warn", "hold", "discard", "filter", "redirect", "info", "prepend", "bcc",
        "delay", "abort", "milter-reject", "milter-hold", "milter-discard", "milter-quarantine",
    )
)  # fmt: skip
_TAIL: Final = pattern(r"; (?:from=<|to=<|proto=|helo=<)")


def reject(base: Base, rest: str) -> Event | None:
    """`reject: RCPT from HOST[ADDR]: 554 5.7.1 <arg>: words; from=<…> to=<…> proto=… helo=<…>`.

    The argument in `<>` and what follows the semicolon are the client's words; neither can
    pose as the other, as the argument is read to its own end first.
    """
    match = _REJECT.fullmatch(rest)
    if match is None:
        if match := _PROXY_REJECT.fullmatch(rest):
            return _reject(base, "proxy-reject", match[1], match[2])
        return None
    action, stage, host, address, port, said = match.groups()
    if action not in _ACTIONS:
        return None
    return _reject({**base, **client_fields(host, address, port)}, action, stage, said or "")


def _reject(base: Base, action: str, stage: str, said: str) -> Event:
    code, dsn, words = reply_parts(said)
    begin = 0
    if words.startswith("<"):
        ends = closings(words, 1, (": ",))
        begin = ends[0] if ends else 0
    tail = _TAIL.search(words, begin)
    reason = words[: tail.start()] if tail else words
    found = envelope(words, tail.start() + 1)[0] if tail else {}
    return Reject(**base, action=action, stage=stage, code=code, dsn=dsn, reason=reason or None, **found)


def _disconnect(base: Base, rest: str) -> Event | None:
    match = _DISCONNECT.fullmatch(rest)
    if match is None:
        return None
    host, address, port, counters = match.groups()
    commands: dict[str, tuple[int, int]] | None = None
    if counters is not None:
        commands = {}
        for item in counters.split(" "):
            if counter := _COUNTER.fullmatch(item):  # not `notes=bare_lf`
                name, first, total = counter.groups()
                commands[name] = (int(first), int(total or first))
    return ClientDisconnect(**base, **client_fields(host, address, port), commands=commands)


def _accepted(base: Base, rest: str) -> Event | None:
    """`client=HOST[ADDR], sasl_method=…, sasl_username=…`, and what else smtpd(8) knows, in its order."""
    match = _CLIENT.fullmatch(rest)
    if match is None:
        return None
    host, address, port, more = match.groups()
    values: dict[str, str] = {}
    names = ["sasl_method", "sasl_username", "sasl_sender", "orig_queue_id", "orig_client"]
    for index, name in enumerate(names):
        mark = f", {name}="
        if more.startswith(mark):
            later = [at for other in names[index + 1 :] if (at := more.find(f", {other}=", len(mark))) >= 0]
            end = min(later, default=len(more))
            values[name] = more[len(mark) : end]
            more = more[end:]
    return Client(
        **base,
        **client_fields(host, address, port),
        sasl_method=values.get("sasl_method"),
        sasl_username=values.get("sasl_username"),
    )


def of_smtpd(base: Base, rest: str) -> Event:
    """A line of smtpd(8)."""
    event: Event | None = None
    if base["level"] == "info":
        if rest.startswith("connect from "):
            if match := _CONNECT.fullmatch(rest):
                return ClientConnect(**base, **client_fields(*match.groups()))
        elif rest.startswith("disconnect from "):
            event = _disconnect(base, rest)
        elif rest.startswith("client="):
            event = _accepted(base, rest)
        elif match := _LOST.fullmatch(rest):
            stage, host, address, port = match.groups()
            return ClientLost(**base, **client_fields(host, address, port), stage=stage)
        else:
            event = reject(base, rest) or tls(base, rest)
    elif rest.startswith("reject: ETRN ") and (match := _ETRN.fullmatch(rest)):
        stage, host, address, port = match.groups()
        return Reject(**base, **client_fields(host, address, port), action="reject", stage=stage)
    return event or Other(**base, **_named_client(rest))


_IP: Final = r"([^\s\[\]]+)\[(unknown|[^\s\[\]]*[.:][^\s\[\]]*)\](?::(\d{1,5}))?"
_FIRST: Final = pattern(rf"(?:[<>] )?{_IP}(?:[:\s]|$)", re.A)
_HOSTNAME: Final = pattern(r"hostname (\S+) does not resolve to address ([0-9A-Fa-f.:]+?)(?:: .*)?", re.S)
_OLD_HOSTNAME: Final = pattern(
    r"([0-9A-Fa-f.:]+): (?:hostname (\S+) verification failed|address not listed for hostname (\S+))", re.A
)
_FROM: Final = pattern(rf"[^<>\"\[\]]{{0,200}}? from {_IP}(?:[:;,\s]|$)", re.A)
_LAST_FROM: Final = pattern(rf'.* from (?:client ")?{_IP}"?$', re.A | re.S)
_ANNOUNCED: Final = pattern(rf"don't know [^\[\]]{{1,300}} announced? to {_IP}", re.A)
_UNVERIFIED: Final = pattern(rf"certificate verification failed for {_IP}: ", re.A)


def _named_client(rest: str) -> Base:
    """The client that a warning names: at its start, after `hostname`, or after the first ` from `.

    The words before ` from ` are Postfix's, except in `bad ETRN WORDS... from H[A]` and in
    `using backwards-compatible default setting … ADDRESS from client "H[A]"`, where the last one counts.
    """
    if match := _FIRST.match(rest) or _UNVERIFIED.match(rest) or _ANNOUNCED.fullmatch(rest):
        return client_fields(*match.groups())
    if match := _HOSTNAME.fullmatch(rest):
        return client_fields(match[1], match[2])
    if match := _OLD_HOSTNAME.match(rest):
        return client_fields(match[2] or match[3], match[1])
    if rest.startswith(("bad ETRN ", "using backwards-compatible ")):
        match = _LAST_FROM.fullmatch(rest)
    else:
        match = _FROM.match(rest)
    return client_fields(*match.groups()) if match else {}


_SCREEN: Final = pattern(
    r"([A-Z][A-Z-]*(?: [A-Z][A-Z-]*){0,3}) [^\[]{0,120}\[([^\[\]]+)\](?::(\d{1,5}))?", re.A
)
_LISTED: Final = pattern(r"addr (\S+) listed by domain ")
_BUSY: Final = pattern(r"\[([^\[\]]+)\](?::(\d{1,5}))?", re.A)


def of_postscreen(base: Base, rest: str) -> Event:
    """A line of postscreen(8): `verb` is its words in capitals, `PASS NEW`."""
    if base["level"] == "info":
        if match := _SCREEN.match(rest):
            verb, address, port = match.groups()
            return Postscreen(**base, **client_fields(None, address, port), verb=verb)
        if event := reject(base, rest):
            return event
    match = _BUSY.search(rest[:200])
    return Other(**base, **(client_fields(None, *match.groups()) if match else {}))


def of_dnsblog(base: Base, rest: str) -> Event:
    """A line of dnsblog(8): `verb` is `listed`."""
    if base["level"] == "info" and (match := _LISTED.match(rest)):
        return Postscreen(**base, **client_fields(None, match[1]), verb="listed")
    return Other(**base)


_PROXY_CLIENT: Final = pattern(
    r"(?:CONNECT from |TLS handshake failed for service=(?:smtpd|postscreen) peer="
    r"|(?:SSL_accept error|setting up TLS connection|TLS SNI(?: [^\s\[\]]{1,255})?) from )"
    rf"{HOST}(?:[:\s]|$)",
    re.A,
)
"""What it says only of a peer to which it is the server."""


def of_tlsproxy(base: Base, rest: str) -> Event:
    """A line of tlsproxy(8), which speaks TLS for clients and servers."""
    if base["level"] == "info" and (event := tls(base, rest)):
        return event
    match = _PROXY_CLIENT.match(rest)
    return Other(**base, **(client_fields(*match.groups()) if match else {}))


_ANVIL: Final = pattern(
    r"statistics: max [a-z ]+ \S+ for "
    r"\((?:\[[^\]\s]*\]:[^:\s]+|\d+\.[0-9.]+:[^:\s]+|[^:\s]*):([0-9A-Fa-f:.]{3,45}(?:/\d{1,3})?)\) at ",
    re.A,
)


def statistics(base: Base, rest: str) -> Event:
    """`statistics: …` of anvil(8) or scache(8).

    anvil names a client, or its network, as `(SERVICE:ADDRESS)`: `smtp:2001:db8:1:1::/84`, where the
    service may be `127.0.0.1:10025` or `[::1]:25`.
    """
    match = _ANVIL.match(rest)
    if match is None:
        return Statistics(**base)
    address = match[1]
    return Statistics(**base, client_address=address, family="ipv6" if ":" in address else "ipv4")
