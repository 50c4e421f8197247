"""The SMTP clients that a log names: who connected, whose mail was taken, who was turned away.

Most come more than once, so that a scanner only notes them, as text, and many are counted at a time.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from mxtop.mail.fields import HOST
from mxtop.mail.pattern import pattern
from mxtop.mail.tables import Client, Table

_MET: Final = pattern(rf"from {HOST}\r?|(?:client|reject)={HOST}.*", re.A | re.S)


class Clients:
    """Rows by `host[address]`, `cap` at most."""

    def __init__(self, cap: int) -> None:
        self._rows: Table[str, Client] = Table(cap)
        self.met: list[str] = []
        """Clients met and not yet counted: `from HOST[ADDRESS]` (it connected), `client=HOST[ADDRESS]`
        (it sent a message), `reject=HOST[ADDRESS]`; what is none of these will not count."""

    def rows(self) -> Table[str, Client]:
        """All of them, those met included."""
        self.settle()
        return self._rows

    @property
    def dropped(self) -> int:
        """How many times there was no place for another."""
        if len(self._rows) + len(self.met) > self._rows.cap:
            self.settle()
        return self._rows.dropped

    def row(self, host: str | None, address: str | None) -> Client | None:
        """The row of one; None where the table is full."""
        self.settle()
        return self._row(host or "", address or "")

    def settle(self, unsettled: int = 0) -> None:
        """Count those met, where they are more than so many."""
        if len(self.met) <= unsettled:
            return
        counts = Counter(self.met)
        self.met.clear()
        known = self._rows.get
        for text, count in counts.items():
            begin = text[:5]
            row = known(text[5:] if begin == "from " else text[7:])
            if row is None:
                match = _MET.fullmatch(text)
                if match is None:
                    continue
                host, address = match.group(1, 2) if match[2] else match.group(4, 5)
                row = self._row(host, address, count)
                if row is None:
                    continue
            if begin == "from ":
                row.connections += count
            elif begin == "clien":
                row.messages += count
            else:
                row.rejects += count

    def _row(self, host: str, address: str, times: int = 1) -> Client | None:
        name = f"{host}[{address}]"
        row = self._rows.get(name)
        if row is None and not self._rows.full(times):
            row = self._rows[name] = Client(host or None, address)
        return row
