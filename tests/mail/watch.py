"""Help for the tests of the verdict: what a log says after a change, and a watch on it."""

from __future__ import annotations

from typing import Any

from mxtop.mail.event import AttemptFailed, ConnectFailed, Delivery, Event, Other, Reload
from mxtop.mail.promise import Connections, Promise
from mxtop.mail.verdict import Effect

V4, V6 = "192.0.2.1", "2001:db8::1"
RELOAD = Reload(
    line=1, tag="postfix/master", daemon="master", pid=1, time="2026-11-23T12:00:00.5+00:00", text="reload --"
)


def promised(
    before: float | None = 0.5, after: float | None = 1.0, name: str = "a.example", n: int = 40, k: int = 0
) -> Promise:
    return Promise(
        destination=name,
        before=before,
        after=after,
        connections=Connections(n // 2, n // 2) if before == 0.5 else Connections(),
        deliveries=n,
        troubled=k,
        setup=0.02,
    )


class Log:
    """Lines of smtp(8), one a second from `second` on, each from a process of its own unless told."""

    def __init__(self, second: int = 10) -> None:
        self.second = second
        self.pid = 100

    def _head(self, more: dict[str, Any]) -> dict[str, Any]:
        self.second += 1
        self.pid += 1
        time = f"2026-11-23T12:{self.second // 60 % 60:02d}:{self.second % 60:02d}.0+00:00"
        head = {"line": 1, "tag": "postfix/smtp", "daemon": "smtp", "pid": self.pid, "time": time, "text": ""}
        return {**head, "queue_id": f"Q{self.pid}", **more}

    def sent(self, ipv6: bool = True, status: str = "sent", to: str = "x@a.example", **more: Any) -> Delivery:
        address = V6 if ipv6 else V4
        family = "ipv6" if ipv6 else "ipv4"
        given: dict[str, Any] = {
            "relay_address": address,
            "family": family,
            "delays": (0.1, 0, 0.1, 0.1),
            **more,
        }
        return Delivery(**self._head({"to": to, "status": status, **given}))

    def refused(self, ipv6: bool = True, error: str = "Connection refused", **more: Any) -> ConnectFailed:
        given = {"relay_address": V6 if ipv6 else V4, "family": "ipv6" if ipv6 else "ipv4", "error": error}
        return ConnectFailed(**self._head({"queue_id": None, **given, **more}))

    def broken_off(self, stage: str, **more: Any) -> AttemptFailed:
        return AttemptFailed(**self._head({"stage": stage, **more}))

    def says(self, text: str, **more: Any) -> Other:
        return Other(**self._head({"queue_id": None, "text": text, **more}))


def watch(events: list[Event], *promises: Promise, **more: Any) -> Effect:
    effect = Effect(promises or [promised()], **more)
    for event in events:
        effect.apply(event)
    return effect
