"""Domain names: labels as the wire has them, and text as people read it."""

from __future__ import annotations

import re
from typing import Final

import dns.exception
import dns.name

Labels = tuple[bytes, ...]
"""An absolute name without its empty root label; the root itself is ()."""

_PLAIN: Final = re.compile(rb"[A-Za-z0-9_.-]+")


def labels(name: str) -> Labels:
    """The labels of a name, final dot or none.  ValueError where it is not one, or not ASCII."""
    try:
        return dns.name.from_text(name.encode("ascii").decode()).labels[:-1]
    except dns.exception.DNSException as error:
        raise ValueError(f"not a domain name: {name!r}") from error


def text(name: Labels) -> str:
    """Master-file text (RFC 1035 section 5.1), printable ASCII: no final dot, `.` for the root.

    A dot inside a label is `\\.`, an octet that is not printable `\\DDD`.
    """
    joined = b".".join(name)
    if _PLAIN.fullmatch(joined) and joined.count(b".") == len(name) - 1:
        return joined.decode("ascii")
    return dns.name.Name((*name, b"")).to_text(omit_final_dot=True) if name else "."


def lower(name: Labels) -> Labels:
    """For comparison: DNS ignores the case of ASCII letters only (RFC 4343)."""
    return tuple(label.lower() for label in name)
