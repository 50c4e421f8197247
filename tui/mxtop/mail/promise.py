"""What a change of the address preference promises for one destination, and how mail fared there before.

Values only.  `mxtop.route.effect` makes the promises, `mail.verdict` holds Postfix to them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from mxtop.mail.snapshot import Destination
from mxtop.mail.value import named, value

Verdict = Literal["good", "bad", "too_little_traffic"]

SLOW: Final = 10.0
"""Seconds to a connection that count as trouble: a hanging address costs smtp_connect_timeout, 30."""


@value
class Connections:
    """New connections by family."""

    ipv4: int = 0
    ipv6: int = 0

    @property
    def total(self) -> int:
        return self.ipv4 + self.ipv6

    @property
    def share(self) -> float | None:
        """The share over IPv6; None without connections."""
        return self.ipv6 / self.total if self.total else None


@named
class Promise:
    """One destination that the change concerns.

    `before` and `after` are the expected shares of first tries over IPv6, 0 to 1; None where they cannot
    be told: then only trouble is watched there.  The rest is what was counted before the change:
    `deliveries` lines, of which `troubled` were deferred or bounced or came after a failed connection,
    and `setup` the mean seconds until there was a connection.
    """

    destination: str
    before: float | None
    after: float | None
    connections: Connections = Connections()
    deliveries: int = 0
    troubled: int = 0
    setup: float | None = None

    @property
    def moves(self) -> bool:
        """Whether another share is expected."""
        return self.before is not None and self.after is not None and self.before != self.after


def promise(row: Destination, before: float | None, after: float | None) -> Promise:
    """The promise for a destination of the snapshot, with what the log has counted for it so far."""
    families = (row.families.ipv4, row.families.ipv6, row.families.none)
    deliveries = sum(counts.sent + counts.deferred + counts.bounced for counts in families)
    troubled = sum(counts.deferred + counts.bounced + counts.failed_connects for counts in families)
    return Promise(
        destination=row.destination,
        before=before,
        after=after,
        connections=Connections(row.families.ipv4.connections, row.families.ipv6.connections),
        deliveries=deliveries,
        troubled=min(troubled, deliveries),
        setup=row.stage_seconds[2],
    )


def together(promises: Iterable[Promise]) -> Connections:
    """The new connections of all of them before the change."""
    counted = [one.connections for one in promises]
    return Connections(sum(c.ipv4 for c in counted), sum(c.ipv6 for c in counted))


@named
class Observed:
    """What was seen of a change so far: interface `observed` and `verdict`.

    `reloaded` is the time of the reload line as logged, None before it.  `requests` are the delivery
    requests judged since, `troubled` those that failed, met a failed connection or took SLOW seconds to
    connect.  `setup_*` are mean seconds until there was a connection.
    """

    reloaded: str | None
    before: Connections
    after: Connections
    requests: int
    troubled: int
    setup_before: float | None
    setup_after: float | None
    verdict: Verdict
    why: str
