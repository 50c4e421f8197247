"""The zone of another machine's local time, as a rule of POSIX TZ: `CET-1CEST,M3.5.0,M10.5.0/3`.

A rule is what the last line of a zone file says of the years to come (RFC 8536); it is taken for those of a
log's times too.  So it does not know of changes that a government announced for one year only.
"""

from __future__ import annotations

import struct
from datetime import tzinfo
from functools import lru_cache
from io import BytesIO

_HEAD = struct.Struct(">4sc15x6l")
_EMPTY = _HEAD.pack(b"TZif", b"2", 0, 0, 0, 0, 1, 1) + struct.pack(">lbB", 0, 0, 0) + b"\0"
"""A block with one type of time and nothing that changes it."""


@lru_cache(maxsize=64)
def zone_of(rule: str) -> tzinfo | None:
    """The zone of a rule; None where it is "" or no rule."""
    if not rule or not rule.isascii() or not rule.isprintable():
        return None
    from zoneinfo import ZoneInfo  # only where a host is elsewhere

    try:
        return ZoneInfo.from_file(BytesIO(2 * _EMPTY + f"\n{rule}\n".encode()))
    except ValueError:
        return None


def rule_of(data: bytes) -> str:
    """The rule of a zone file's bytes; "" where it has none."""
    if data[:4] != b"TZif" or not data.endswith(b"\n"):
        return ""
    rule = data[:-1].rpartition(b"\n")[2].decode("ascii", "replace")
    return rule if zone_of(rule) else ""
