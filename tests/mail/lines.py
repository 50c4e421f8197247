"""Help for the tests of the parser: one line in, one event out, and the captured logs."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from mxtop.mail.event import as_dict
from mxtop.mail.parse import Parser

LOGS = Path(__file__).parent.parent / "data" / "logs"
VERSIONS = ("2.11.11", "3.5.27", "3.7.11", "3.11.6")
REFERENCE = 1795460400.0  # 2026-11-23 19:00 UTC, just after the captures
HEAD = "2026-11-23T18:34:37.130462+00:00 mx1 "


def captured(name: str) -> list[str]:
    """The lines of a captured log, without their ends."""
    with gzip.open(LOGS / f"postfix-{name}.gz") as file:
        return file.read().decode("utf-8", "surrogateescape").split("\n")[:-1]


def event(line: str) -> dict[str, Any]:
    """The event of one whole line."""
    return as_dict(Parser(REFERENCE).parse(line))


def fields(body: str) -> dict[str, Any]:
    """The event of `tag[pid]: text` without its head, its text, and what is None."""
    shown = event(HEAD + body)
    for known in ("line", "time", "host", "tag", "pid", "text"):
        del shown[known]
    return {name: value for name, value in shown.items() if value is not None}
