"""`mxtop sockets`: the live SMTP connections, as the JSON contract has them and as a table.

The same rows twice; `note` of the sampler goes to stderr, or below the table.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Final

from mxtop.mail.sockets import SocketRow
from mxtop.mail.text import SafeText, clean, literal
from mxtop.mail.units import duration

KEYS: Final = tuple(field.name for field in fields(SocketRow) if field.name != "filter_hop")
"""The keys of a row: those of the contract, in its order."""

_HEADINGS: Final = (
    "DIR",
    "FAMILY",
    "STATE",
    "LOCAL",
    "PEER",
    "DAEMON",
    "SERVICE",
    "PID",
    "AGE",
    "DESTINATION",
)


def document(rows: Iterable[SocketRow]) -> list[dict[str, Any]]:
    """The array of the contract, every key present."""
    return [{key: getattr(row, key) for key in KEYS} for row in rows]


def lines(rows: Iterable[SocketRow]) -> list[SafeText]:
    """A table with headings; unknown is `–`.  One line where there is nothing."""
    cells = [_cells(row) for row in rows]
    if not cells:
        return [literal("no SMTP connections at this moment")]
    table = [[literal(heading) for heading in _HEADINGS], *cells]
    widths = [max(len(line[column]) for line in table) for column in range(len(_HEADINGS))]
    return [
        SafeText("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip()) for line in table
    ]


def _cells(row: SocketRow) -> list[SafeText]:
    return [
        literal(row.direction),
        literal(row.family),
        clean(row.state),
        _endpoint(row.local_address, row.local_port),
        _endpoint(row.peer_address, row.peer_port),
        _known(row.daemon),
        _known(row.service),
        _known(row.pid),
        duration(row.age),
        _known(row.destination),
    ]


def _endpoint(address: str, port: int) -> SafeText:
    return clean(f"[{address}]:{port}" if ":" in address else f"{address}:{port}")


def _known(value: str | int | None) -> SafeText:
    return literal("–") if value is None else clean(str(value))
