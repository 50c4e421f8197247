"""What was foreseen of a change and what was seen of it, as it is kept beside the change.

One line of JSON with the keys of `mxtop history --json`: `warnings`, `predicted`, `observed`, `verdict`; and
what another mxtop needs to judge the change as this one does: when it `began`, and its `promises`.
Pure.  What is not such a line is unknown, so that neither an older change nor a damaged file does harm.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from mxtop.mail.promise import Connections, Promise, Verdict

VERDICTS: Final[dict[str, Verdict]] = {
    "good": "good",
    "bad": "bad",
    "too_little_traffic": "too_little_traffic",
}


MOST: Final = 100
"""Promises that are kept, the first ones: whoever looks at a change reads them each time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """None is unknown.  `predicted_*` are traffic-weighted shares of first tries over IPv6, 0 to 1;
    `before` and `after` new connections to the destinations concerned; `began` seconds on the log's clock.
    """

    predicted_before: float | None = None
    predicted_after: float | None = None
    before: Connections | None = None
    after: Connections | None = None
    verdict: Verdict | None = None
    warnings: tuple[str, ...] = ()
    began: float | None = None
    promises: tuple[Promise, ...] = ()


def document(outcome: Outcome) -> dict[str, Any]:
    """The keys of the interface, all present."""
    return {
        "warnings": list(outcome.warnings),
        "predicted": {"before": outcome.predicted_before, "after": outcome.predicted_after},
        "observed": {"before": _connections(outcome.before), "after": _connections(outcome.after)},
        "verdict": outcome.verdict,
    }


def _connections(seen: Connections | None) -> dict[str, Any]:
    if seen is None:
        return {"ipv4": None, "ipv6": None, "share": None}
    return {"ipv4": seen.ipv4, "ipv6": seen.ipv6, "share": seen.share}


def line(outcome: Outcome) -> str:
    """To keep: one line of ASCII."""
    kept = [_row(one) for one in outcome.promises[:MOST]]
    whole = {**document(outcome), "began": outcome.began, "promises": kept}
    return json.dumps(whole, separators=(",", ":"))


def read(text: str) -> Outcome:
    """What was kept; unknown where it is not that."""
    try:
        kept = json.loads(text)
        warnings = kept["warnings"]
        return Outcome(
            predicted_before=_share(kept["predicted"]["before"]),
            predicted_after=_share(kept["predicted"]["after"]),
            before=_seen(kept["observed"]["before"]),
            after=_seen(kept["observed"]["after"]),
            verdict=VERDICTS.get(str(kept["verdict"])),
            warnings=tuple(str(one) for one in warnings) if isinstance(warnings, list) else (),
            began=_number(kept.get("began")),
            promises=tuple(_promise(row) for row in kept.get("promises", ())),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return Outcome()


def _share(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None


def _seen(kept: Any) -> Connections | None:
    ipv4, ipv6 = kept["ipv4"], kept["ipv6"]
    return Connections(ipv4, ipv6) if type(ipv4) is int and type(ipv6) is int else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _row(one: Promise) -> list[Any]:
    seen = one.connections
    return [
        one.destination, one.before, one.after, seen.ipv4, seen.ipv6, one.deliveries, one.troubled, one.setup
    ]  # fmt: skip


def _promise(row: Any) -> Promise:
    destination, before, after, ipv4, ipv6, deliveries, troubled, setup = row
    if not all(type(count) is int for count in (ipv4, ipv6, deliveries, troubled)):
        raise TypeError("counts are whole numbers")
    return Promise(
        destination=str(destination),
        before=_share(before),
        after=_share(after),
        connections=Connections(ipv4, ipv6),
        deliveries=deliveries,
        troubled=troubled,
        setup=_number(setup),
    )
