"""What was foreseen of a change and what was seen of it, as it is kept beside the change.

One line of JSON with the keys of `mxtop history --json`: `warnings`, `predicted`, `observed`, `verdict`.
Pure.  What is not such a line is unknown, so that neither an older change nor a damaged file does harm.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from mxtop.mail.promise import Connections, Verdict

VERDICTS: Final[dict[str, Verdict]] = {
    "good": "good",
    "bad": "bad",
    "too_little_traffic": "too_little_traffic",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """None is unknown.  `predicted_*` are traffic-weighted shares of first tries over IPv6, 0 to 1;
    `before` and `after` new connections to the destinations concerned.
    """

    predicted_before: float | None = None
    predicted_after: float | None = None
    before: Connections | None = None
    after: Connections | None = None
    verdict: Verdict | None = None
    warnings: tuple[str, ...] = ()


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
    return json.dumps(document(outcome), separators=(",", ":"))


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
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return Outcome()


def _share(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else None


def _seen(kept: Any) -> Connections | None:
    ipv4, ipv6 = kept["ipv4"], kept["ipv6"]
    return Connections(ipv4, ipv6) if type(ipv4) is int and type(ipv6) is int else None
