"""A second opinion: the report's numbers counted from the text by searches that know nothing of mxtop.

Written to be read beside the contract, not to be fast or to survive hostile lines.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from typing import Any

LINE = re.compile(r"^(?:\S+|[A-Z]\w\w [ \d]\d \S+) \S+ ([^\s\[:]+)(?:\[(\d+)\])?: (.*)$", re.S)
STATUS = re.compile(
    r"^([0-9A-Za-z]{6,}): to=<(.*?)>, (?:orig_to=<.*?>, )?relay=(\S+?), (?:conn_use=(\d+), )?delay=([\d.]+), "
    r"delays=\S+?, (?:tls=\S+, )?dsn=[\d.]+, status=(\S+)(.*)$",
    re.S,
)
EARLY = re.compile(
    r"^[0-9A-Za-z]{6,}: (?:host \S+?\[(\S+?)\](?::\d+)? refused to talk to me"
    r"|lost connection with \S+?\[(\S+?)\](?::\d+)? while (?:receiving the initial|performing the )"
    r"|conversation with \S+?\[(\S+?)\](?::\d+)? timed out while (?:receiving the initial|performing the )"
    r"|(?:TLS is required|Sender requested REQUIRETLS), but .* offered by host \S+?\[(\S+?)\]"
    r"|message requires SMTPUTF8, .* last attempted server was \S+?\[(\S+?)\])"
)
CONNECT = re.compile(r"^connect to \S+?\[(\S+?)\](?::\d+)?: ")
TLS_ERROR = re.compile(
    r"^(?:SSL_connect error to|(?:server |CA )?certificate verification failed for) \S+?\[(\S+?)\]:\d+: "
)
NO_TLS = re.compile(r"^[0-9A-Za-z]{6,}: (?:Cannot start TLS: handshake failure|Server certificate not \w+)$")


def family(address: str | None) -> str:
    if not address:
        return "none"
    return "unix" if "/" in address else "ipv6" if ":" in address else "ipv4"


def loopback(address: str | None) -> bool:
    return bool(address) and (address.startswith("127.") or address == "::1")


def rank(values: list[float], percent: int) -> float | None:
    return sorted(values)[math.ceil(len(values) * percent / 100) - 1] if values else None


def recount(lines: list[str]) -> dict[str, Any]:
    """`deliveries`, `families`, `messages`, sums by destination."""
    statuses: Counter[str] = Counter()
    counts: dict[str, Counter[str]] = {name: Counter() for name in ("ipv4", "ipv6", "unix", "none")}
    delays: dict[str, list[float]] = defaultdict(list)
    by_domain: dict[str, Counter[str]] = defaultdict(Counter)
    before: dict[tuple[str, str], tuple[str, str | None, str | None]] = {}
    handshakes: dict[tuple[str, str], str] = {}
    active: set[str] = set()
    queued = removed = 0
    for line in lines:
        found = LINE.match(line)
        if not found:
            continue
        tag, pid, text = found.groups()
        daemon = tag.rpartition("/")[2]
        if daemon == "qmgr" and "(queue active)" in text:
            queue_id = text.partition(":")[0]
            queued += queue_id not in active
            active.add(queue_id)
        if daemon in ("qmgr", "postsuper") and text.endswith(": removed"):
            removed += 1
            active.discard(text.partition(":")[0])
        if daemon == "postsuper" and text.endswith(": requeued"):
            active.discard(text.partition(":")[0])
        if daemon in ("smtp", "lmtp"):
            if (match := CONNECT.match(text)) and not loopback(match[1]):
                counts[family(match[1])]["failed_connects"] += 1
            if match := TLS_ERROR.match(text):
                handshakes[tag, pid] = match[1]
            elif NO_TLS.match(text):
                counts[family(handshakes.pop((tag, pid), None))]["connections"] += 1
            elif " TLS " not in text:  # another line: that session is over
                handshakes.pop((tag, pid), None)
            if match := EARLY.match(text):
                address = next(filter(None, match.groups()))
                if not loopback(address):
                    counts[family(address)]["connections"] += 1
        match = STATUS.match(text)
        if not match:
            continue
        queue_id, to, relay, used, delay, status, rest = match.groups()
        inner = re.search(r"\[(.*?)\]", relay)
        address = inner[1] if inner else None
        this = (queue_id, address, used)
        new = address is not None and before.get((tag, pid)) != this
        before[tag, pid] = this
        if loopback(address):
            continue
        statuses[status] += 1
        if daemon == "error" and rest.startswith(" (delivery temporarily suspended"):
            continue
        count = counts[family(address)]
        if new:
            count["reused" if used else "connections"] += 1
        if status in ("sent", "deferred", "bounced"):
            count[status] += 1
            by_domain[to.rpartition("@")[2].lower() if "@" in to else ""][status] += 1
        if status == "sent":
            delays[family(address)].append(float(delay))
    return {
        "lines": len(lines),
        "deliveries": dict(statuses),
        "messages": {"queued": queued, "removed": removed, "in_flight": len(active)},
        "families": {
            name: {
                **{key: count[key] for key in ("connections", "reused", "failed_connects")},
                **{key: count[key] for key in ("sent", "deferred", "bounced")},
                "delay_p50": rank(delays[name], 50),
                "delay_p95": rank(delays[name], 95),
            }
            for name, count in counts.items()
        },
        "destinations": {name: dict(count) for name, count in by_domain.items()},
    }
