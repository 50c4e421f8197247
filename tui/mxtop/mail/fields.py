"""Pieces that many Postfix log lines share: addresses, peers, replies, the tail of a reject.

Everything is read by position, left to right; where strangers write the text on both sides
of a field, the docstring says which side is trusted.  All scans are linear.
"""

from __future__ import annotations

import re
from typing import Any, Final, NamedTuple

from mxtop.mail.family import Family, family_of

Base = dict[str, Any]
"""The fields of `Event` that the head of a line gives, as keyword arguments."""

HOST: Final = r"([^\s\[\]]*)\[([^\[\]]+)\](?::(\d{1,5}))?"
"""`host[address]:port` as groups; postscreen(8) leaves out the host, most lines the port."""

_QUOTED: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.S)
_REPLY: Final = re.compile(r"(?:([245]\d\d)(?:[ -]|$))?(?:([245]\.\d{1,3}\.\d{1,3})(?: |$))?", re.A)
_TRIES: Final = 8  # readings of an address
_LOOKS: Final = 100  # closing brackets looked at: what hostile text may cost


class Peer(NamedTuple):
    host: str | None
    address: str | None
    port: int | None
    family: Family | None


def peer(host: str | None, address: str | None, port: str | None) -> Peer:
    """The groups of `HOST` as values; `unknown` is kept and has no family."""
    return Peer(host or None, address, int(port) if port else None, family_of(address))


def client_fields(host: str | None, address: str | None, port: str | None = None) -> Base:
    """The SMTP client as keyword arguments of an event."""
    found = peer(host, address, port)
    return {
        "client_host": found.host,
        "client_address": found.address,
        "client_port": found.port,
        "family": found.family,
    }


def relay_fields(host: str | None, address: str | None, port: str | None = None) -> Base:
    """The SMTP server as keyword arguments of an event."""
    found = peer(host, address, port)
    return {
        "relay_host": found.host,
        "relay_address": found.address,
        "relay_port": found.port,
        "family": found.family,
    }


def closings(text: str, start: int, followers: tuple[str, ...]) -> list[int]:
    """Where the `<address>` whose inside begins at `start` may close, the likeliest first.

    A `>` counts where the text ends or one of `followers` comes next.  Since 3.5 Postfix quotes
    local parts (info_log_address_format): `<"a, b>, relay=x"@c>` closes after its quotes.
    Before, and with `internal`, the first is right unless the address imitates what follows.
    """
    found: list[int] = []
    at = start
    if quoted := _QUOTED.match(text, start):
        at = quoted.end()
    for _ in range(_LOOKS):
        at = text.find(">", at)
        if at < 0 or len(found) == _TRIES:
            break
        if at + 1 == len(text) or text.startswith(followers, at + 1):
            found.append(at)
        at += 1
    if not found and quoted:
        # a quote that an unquoted address only happens to contain
        return [at] if (at := text.find(">", start)) >= 0 and text.startswith(followers, at + 1) else []
    return found


def reply_parts(text: str) -> tuple[int | None, str | None, str]:
    """`554 5.7.1 words` as code, DSN and words; each may be missing."""
    match = _REPLY.match(text)
    if match is None:
        return None, None, text
    code, dsn = match.groups()
    return int(code) if code else None, dsn, text[match.end() :]


_TAIL_FOLLOWERS: Final = (
    " to=<",
    ", to=<",
    " proto=",
    ", proto=",
    " helo=<",
    ", helo=<",
    " sasl_",
    ", sasl_",
)
_PROTO: Final = re.compile(r"proto=([^\s,;]*)")


def envelope(text: str, start: int, *, closed_by: tuple[str, ...] = ()) -> tuple[Base, int]:
    """` from=<…> to=<…> proto=… helo=<…>` (postscreen: with commas) from `start`, and where it ends.

    `closed_by`: what else may follow a `>`, such as `: ` before cleanup(8)'s text.
    """
    found: Base = {}
    at = start
    followers = _TAIL_FOLLOWERS + closed_by
    for name, key in (("from=<", "sender"), ("to=<", "to"), ("proto=", "proto"), ("helo=<", "helo")):
        begin = at
        while text[begin : begin + 1] in (" ", ","):
            begin += 1
        if not text.startswith(name, begin):
            continue
        inside = begin + len(name)
        if key == "proto":
            match = _PROTO.match(text, begin)
            at = match.end() if match else inside
            found[key] = text[inside:at]
            continue
        ends = closings(text, inside, followers)
        if not ends:
            return found, at
        found[key] = text[inside : ends[0]]
        at = ends[0] + 1
    return found, at
