"""The connection to a watched machine, as the screen and a command tell it.

A value only: it neither connects nor knows how.  What a far side said in `title` is raw text.
"""

from __future__ import annotations

from typing import Final, Literal

from mxtop.mail.value import named

State = Literal[
    "connecting",
    "live",
    "stale",
    "down",
    "needs authentication",
    "unknown host key",
    "host key changed",
]

FOR_A_PERSON: Final[frozenset[State]] = frozenset(
    {"needs authentication", "unknown host key", "host key changed"}
)
"""The states that only a person can mend: such a host is not tried again by itself."""


@named
class OfferedKey:
    """The host key that nobody vouches for yet, of `host`: the target itself or a jump host.

    `fingerprint` as `ssh` shows it, `SHA256:…`; `file` is where it is kept once it is accepted.  `refused`:
    the operator's StrictHostKeyChecking is `yes`, or there is no `file` (""), so nobody is to be asked.
    """

    host: str
    key_type: str
    fingerprint: str
    file: str
    refused: bool = False


@named
class Connection:
    """One state, since `since`.  Times are seconds since the epoch, by the clock of the snapshot.

    `heard`: when the machine last said anything, None where it never did.  `next_try`: when it is tried again
    by itself.  `title` and `remedy`: why it is not connected and what helps, "" while it is.  `hop`: the
    machine that is being talked to just now, where that is a jump host on the way.  `offered`: the key to ask
    about while the state is `unknown host key`.
    """

    state: State
    since: float
    heard: float | None = None
    next_try: float | None = None
    title: str = ""
    remedy: str = ""
    hop: str = ""
    offered: OfferedKey | None = None

    @property
    def live(self) -> bool:
        return self.state == "live"

    @property
    def for_a_person(self) -> bool:
        """Whether it stays as it is until a person does something."""
        return self.state in FOR_A_PERSON

    def age(self, now: float) -> float | None:
        """Seconds since the machine last said anything; None where it never did."""
        return None if self.heard is None else max(0.0, now - self.heard)

    def wait(self, now: float) -> float | None:
        """Seconds until it is tried again by itself; None where it is not."""
        return None if self.next_try is None else max(0.0, self.next_try - now)
