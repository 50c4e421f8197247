"""A count of a mail log by plain string operations, apart from all of mxtop's code.

Knows the lab's own logs only: one instance, lines as maillog_file and rsyslogd write them, whole.  Sessions
are counted as the contract of `mxtop report` defines them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

HANDSHAKE = ("initial server greeting", "in reply to EHLO", "performing the EHLO handshake")
Pending = defaultdict[str, list[tuple[str, str]]]
"""By process: the family and what to count of each try whose delivery line has not come."""

NAMES = ("connections", "reused", "failed_connects", "sent", "deferred", "bounced")


@dataclass
class Tally:
    """`families[family][name]` for the names of the contract, and lines by status."""

    statuses: Counter[str] = field(default_factory=Counter)
    families: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    first_tries: list[str] = field(default_factory=list)

    def table(self) -> dict[str, dict[str, int]]:
        """Families with all names, as the contract prints them."""
        return {
            family: {name: self.families[family][name] for name in NAMES}
            for family in ("ipv4", "ipv6", "unix", "none")
        }


@dataclass
class Count:
    lines: int = 0
    queued: set[str] = field(default_factory=set)
    removed: int = 0
    whole: Tally = field(default_factory=Tally)
    destinations: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))


def _family(address: str) -> str:
    return "ipv6" if ":" in address else "ipv4"


def _between(text: str, left: str, right: str) -> str:
    return text.split(left, 1)[1].split(right, 1)[0]


def count(lines: Iterable[str]) -> Count:
    """Read the lines in order."""
    found = Count()
    pending: Pending = defaultdict(list)
    latest: dict[str, tuple[str, str]] = {}  # process -> queue id and address of its last delivery line
    for line in lines:
        found.lines += 1
        process, text = line.split("]: ", 1)
        process = process.rsplit(" ", 1)[1]
        daemon = process.split("[")[0].rsplit("/", 1)[1]
        queue_id = text.split(":")[0]
        if daemon == "qmgr" and text.endswith(": removed"):
            found.removed += 1
        elif daemon == "qmgr" and ": from=<" in text:
            found.queued.add(queue_id)
        elif daemon == "smtp" and text.startswith("connect to "):
            family = _family(_between(text, "[", "]"))
            found.whole.families[family]["failed_connects"] += 1
            pending[process].append((family, "failed_connects"))
        elif ": to=<" in text and " status=" in text:
            _delivery(found, pending, latest, process, queue_id, text)
        elif daemon == "smtp" and (" said: " in text or "lost connection with " in text):
            family = _family(_between(text, "[", "]"))
            kind = "connections" if any(words in text for words in HANDSHAKE) else "later"
            found.whole.families[family][kind] += 1
            pending[process].append((family, kind))
    return found


def _delivery(
    found: Count,
    pending: Pending,
    latest: dict[str, tuple[str, str]],
    process: str,
    queue_id: str,
    text: str,
) -> None:
    status = _between(text, " status=", " ")
    found.whole.statuses[status] += 1
    if "(delivery temporarily suspended" in text:
        return
    relay = _between(text, " relay=", ",")
    address = _between(relay, "[", "]") if "[" in relay else ""
    family = _family(address) if address else "none"
    mine = found.destinations[_between(text, ": to=<", ">").rsplit("@", 1)[1]]
    mine.statuses[status] += 1
    tried = pending.pop(process, [])
    for failed, kind in tried:
        mine.families[failed][kind] += 1
    before = latest.get(process)
    latest[process] = (queue_id, address)
    for tally in (mine, found.whole):
        counts = tally.families[family]
        counts[status] += 1
        if address and " conn_use=" in text:
            counts["reused"] += 1
        elif address and before != (queue_id, address):
            counts["connections"] += 1
    if before is None or before[0] != queue_id:
        if tried:
            mine.first_tries.append(tried[0][0])
        elif address and " conn_use=" not in text:
            mine.first_tries.append(family)
