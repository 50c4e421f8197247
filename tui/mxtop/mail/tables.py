"""The report's smaller tables, each with an end: why mail was not sent, clients, rejects.

Rows are counted under a key; past the cap a new key is not kept, and `dropped` says how many
times that happened.  A table never forgets a row that it has.
"""

from __future__ import annotations

from typing import Generic, TypeVar

from mxtop.mail.attempts import Peer
from mxtop.mail.tally import FamilyTally
from mxtop.mail.value import named

Key = TypeVar("Key")
Row = TypeVar("Row")


@named
class Caps:
    """How many rows each table keeps."""

    messages: int = 500_000
    destinations: int = 50_000
    processes: int = 20_000
    reasons: int = 2_000
    filters: int = 1_000
    clients: int = 50_000
    rejects: int = 2_000


class Table(dict[Key, Row], Generic[Key, Row]):
    """Rows by key, `cap` at most."""

    __slots__ = ("cap", "dropped")

    def __init__(self, cap: int) -> None:
        super().__init__()
        self.cap = cap
        self.dropped = 0

    def full(self, times: int = 1) -> bool:
        """True, and counted so many times, where there is no place for another row."""
        if len(self) < self.cap:
            return False
        self.dropped += times
        return True


Reject = tuple[str | None, str | None, int | None, str | None, str]
"""A reject's action, stage, code, enhanced status code and folded reason."""


class Reason:
    """How often something was refused for one reason."""

    __slots__ = ("count", "example_queue_id")

    def __init__(self, example_queue_id: str | None) -> None:
        self.count = 0
        self.example_queue_id = example_queue_id


class Client:
    """One SMTP client, `host[address]` as logged: connections, messages accepted, rejects."""

    __slots__ = ("address", "connections", "host", "messages", "rejects")

    def __init__(self, host: str | None, address: str | None) -> None:
        self.host = host
        self.address = address
        self.connections = self.messages = self.rejects = 0


class Filter(FamilyTally):
    """A loopback content filter, `127.0.0.1[127.0.0.1]:10024`."""

    __slots__ = ("peer",)

    def __init__(self, peer: Peer) -> None:
        super().__init__()
        self.peer = peer
