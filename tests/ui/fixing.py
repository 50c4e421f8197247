# ruff: noqa: E501  (literals as they come)
"""A fake Fixing: proposals for every value, a change that goes on by itself, and what it was asked.

`python -m tests.ui.fixing` opens the screen on it, for people and for tmux.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace

from tests.ui.fake import SNAPSHOT, LivelySession

from mxtop.change.model import Change, Command, Preview, Setting
from mxtop.change.root import Ask
from mxtop.fixes.address_preference import ADDRESS_PREFERENCE
from mxtop.mail.errors import MxtopError
from mxtop.mail.finding import Evidence, Finding
from mxtop.mail.promise import Connections, Observed
from mxtop.route.effect import Forecast
from mxtop.route.health import Ailment
from mxtop.route.notes import Note
from mxtop.route.reach import Row
from mxtop.route.wait import Wait
from mxtop.session.fixing import Progress, Proposal, Ran

FINDINGS = (
    Finding(
        id="ipv6-connections-fail",
        title="IPv6 connections fail, IPv4 works",
        sentence="Connections over IPv6 to gmail.example fail while IPv4 works; where they hang, a delivery waits up to 15 s on average before it tries IPv4.",
        evidence=(Evidence("IPv6 connections that failed", 96), Evidence("IPv6 connections tried", 130),
                  Evidence("seconds that the worst of them adds to a delivery, on average", 15.5)),
        fix="address-preference", value="ipv4",
        advice="The lasting remedy is a working IPv6 route: IPv4 first only spares the wait.",
        destinations=("gmail.example",),
    ),
    Finding(
        id="mixed-families",
        title="Mail goes over both families by chance",
        sentence="Under smtp_address_preference = any Postfix draws lots for each connection: 1388 of 2788 new connections to web.example went over IPv6.",
        evidence=(Evidence("new connections over IPv4", 1400), Evidence("new connections over IPv6", 1388)),
        fix="address-preference", value="ipv6",
        advice="Nothing is broken: any is what Postfix calls safe. Choose a family only if you need one.",
        destinations=("web.example",),
    ),
)  # fmt: skip

FOUND = replace(SNAPSHOT, findings=FINDINGS)

_SHARES = {"any": (2 / 3, 0.5), "ipv4": (0.0, 0.0), "ipv6": (1.0, 1.0)}


def forecast(value: str) -> Forecast:
    gmail, web = _SHARES[value]
    moves = value != "any"
    sick = Ailment(
        family="ipv6", kind="connect", failed=96, tried=130, other_failed=0, other_tried=120, hangs=True
    )
    rows = (
        Row(destination="web.example", connections=2788, before=0.5, after=web, reason=None if moves else "unchanged"),
        Row(destination="gmail.example", connections=430, before=2 / 3, after=gmail, reason=None if moves else "unchanged",
            ailment=sick, wait_before=Wait(15.0, 30.0, 0.0),
            wait_after={"ipv4": Wait(0.0, 0.0, 0.0), "ipv6": Wait(30.0, 30.0, 0.0), "any": Wait(15.0, 30.0, 0.0)}[value]),
        Row(destination="outlook.example", connections=410, before=0.0, after=0.0, reason="one_family"),
        Row(destination="v6only.example", connections=30, before=1.0, after=1.0, reason="one_family"),
        Row(destination="a-rather-long-destination-name.example.org", connections=4, before=0.25, after=float(value == "ipv6"), untried=False),
        Row(destination="new.example", connections=1, reason="unknown"),
    )  # fmt: skip
    known = 2788 + 430 + 410 + 30 + 4
    after = sum(row.connections * (row.after or 0.0) for row in rows) / known
    notes: tuple[Note, ...] = (
        Note(
            kind="unknown",
            text="route or DNS not known: the effect cannot be told",
            destinations=("new.example",),
        ),
    )
    if value == "any":
        notes = (Note(kind="same_value", text="smtp_address_preference is any already", stops=True), *notes)
    if value == "ipv6":
        notes = (
            Note(
                kind="fails",
                text="more first tries would go over IPv6, where connections fail today, which costs up to 30 s a delivery",
                destinations=("gmail.example",),
            ),
            *notes,
        )
    return Forecast(value=value, before=0.47, after=after, known=known, unknown=1, rows=rows, notes=notes)  # type: ignore[arg-type]


def change(value: str = "ipv6", **fields: object) -> Change:
    made = Change(
        id="01KB4Z", host="mx1.example.net", instance="/etc/postfix", file="/etc/postfix/main.cf", fix="address-preference",
        phase="prepared", detail="", operator="alice", time="2026-09-21T14:13:18+02:00",
        settings=(Setting("smtp_address_preference", None, None, value, "any", value),),
    )  # fmt: skip
    return replace(made, **fields)  # type: ignore[arg-type]


def diff(value: str = "ipv6") -> str:
    return (
        "--- /etc/postfix/main.cf (now)\n+++ /etc/postfix/main.cf (changed)\n@@ -41,3 +41,4 @@\n"
        " inet_interfaces = all\n inet_protocols = all\n smtp_tls_security_level = may\n"
        f"+smtp_address_preference = {value}\n"
    )


COMMANDS = (("postfix", "-c", "/etc/postfix", "check"), ("postfix", "-c", "/etc/postfix", "reload"))
RAN = tuple(Command(argv, 0, 0.12 + i / 10) for i, argv in enumerate(COMMANDS))


def observed(v6: int, verdict: str = "too_little_traffic") -> Observed:
    why = {
        "too_little_traffic": "9 new connections are needed before anything can be said; 4 were seen.",
        "good": "every new connection to the 2 destinations went over IPv6, and no more fail than before.",
        "bad": "deliveries fail that did not fail before: 9 of 12, 2 of 100 before.",
    }
    return Observed(
        reloaded="2026-09-21T14:14:02+02:00", before=Connections(1520, 1698), after=Connections(0, v6), requests=v6,
        troubled=0, setup_before=0.42, setup_after=0.31, verdict=verdict, why=why[verdict],
    )  # type: ignore[arg-type]  # fmt: skip


class FakeFixing:
    """`steps` are what apply and watch tell; `put` adds one.  `refuse` is raised by the call of that name."""

    host = "mx1.example.net"

    def __init__(
        self, *waiting: Change, past: tuple[Change, ...] = (), refuse: dict[str, MxtopError] | None = None
    ) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.steps: asyncio.Queue[Progress | MxtopError] = asyncio.Queue()
        self.left = waiting
        self.past = past
        self.refuse = refuse or {}
        self.recorded = False
        self.ends: dict[str, Change] = {}
        self.ask_password: Ask | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    def ask_with(self, ask: Ask | None) -> None:
        self.ask_password = ask

    def _ask(self, *words: object) -> None:
        self.asked.append(words)
        if error := self.refuse.get(str(words[0])):
            raise error

    def put(self, progress: Progress | MxtopError) -> None:
        self.steps.put_nowait(progress)

    async def propose(self, fix: str, value: str, *, window: int = 120) -> Proposal:
        self._ask("propose", value, window)
        await self.gate.wait()
        told = ADDRESS_PREFERENCE.value(value)
        return Proposal(
            fix=fix, value=value, title=ADDRESS_PREFERENCE.title,
            preview=Preview(change(value, window=window), diff(value), (), COMMANDS), forecast=forecast(value),
            findings=FINDINGS, risk=told.risk, safe=told.safe, instead=told.instead,
            check=ADDRESS_PREFERENCE.check, recorded=self.recorded,
        )  # fmt: skip

    async def discard(self, proposal: Proposal) -> None:
        self._ask("discard", proposal.value)

    async def _tell(self) -> AsyncIterator[Progress]:
        while True:
            step = await self.steps.get()
            if isinstance(step, MxtopError):
                raise step
            yield step
            if step.over:
                return

    def apply(self, proposal: Proposal) -> AsyncIterator[Progress]:
        self._ask("apply", proposal.value)
        return self._tell()

    def watch(self, change: Change, *, read_only: bool = False) -> AsyncIterator[Progress]:
        self._ask("watch", change.id)
        self.put(Progress(change))
        return self._tell()

    async def confirm(self, change: str) -> Change:
        self._ask("confirm", change)
        return self.ends["confirm"]

    async def rollback(self, change: str) -> Change:
        self._ask("rollback", change)
        return self.ends["rollback"]

    async def undo(self, change: str) -> Change:
        self._ask("undo", change)
        return self.ends["undo"]

    async def waiting(self) -> tuple[Change, ...]:
        self._ask("waiting")
        return self.left

    async def history(self) -> tuple[Change, ...]:
        self._ask("history")
        return self.past

    async def diff(self, change: Change) -> str:
        self._ask("diff", change.id)
        return diff(change.settings[0].after or "")

    async def retry(self, destinations: Sequence[str]) -> int:
        self._ask("retry", *destinations)
        return 37

    def commands(self) -> tuple[Ran, ...]:
        return (
            Ran(1_790_000_000.0, ("postconf", "-c", "/etc/postfix", "-x"), 0, 0.03),
            Ran(1_790_000_001.0, ("postqueue", "-c", "/etc/postfix", "-j"), 69, 0.2),
            Ran(1_790_000_002.0, ("sh", "-c", "…", "mxtop", "apply"), None, 30.0, "change"),
        )


class Playing(FakeFixing):
    """For people: apply goes on by itself, and goes back after its window."""

    async def _play(self, made: Change) -> AsyncIterator[Progress]:
        start = time.monotonic()
        for phase in ("armed", "installed"):
            yield Progress(replace(made, phase=phase, commands=RAN[: phase == "installed"]))
            await asyncio.sleep(1)
        while not self.ends and (left := made.window - (time.monotonic() - start)) > 0:
            seen = int(60 - left / 2) % 60
            now = replace(made, phase="applied", commands=RAN, remaining=left, watched=True)
            yield Progress(now, observed(seen, "good" if seen > 8 else "too_little_traffic"))
            await asyncio.sleep(0.5)
        yield Progress(replace(made, phase="rolledback", detail="no confirmation", commands=RAN))

    def apply(self, proposal: Proposal) -> AsyncIterator[Progress]:
        made = proposal.preview.change
        self.ends = {}
        self.past = (*self.past, replace(made, phase="confirmed"))
        return self._play(made)

    async def confirm(self, change: str) -> Change:
        self.ends["confirm"] = replace(self.past[-1], commands=RAN)
        return self.ends["confirm"]

    async def rollback(self, change: str) -> Change:
        self.ends["rollback"] = replace(self.past[-1], phase="rolledback", detail="by alice", commands=RAN)
        return self.ends["rollback"]

    async def undo(self, change: str) -> Change:
        return replace(self.past[-1], phase="rolledback", detail="undone by alice", commands=RAN)


def main() -> int:
    from mxtop.ui.app import MxtopApp, run_app

    session = LivelySession(FOUND)
    session.fixing = Playing()
    return run_app(MxtopApp(session, read_only="--read-only" in sys.argv))


if __name__ == "__main__":
    sys.exit(main())
