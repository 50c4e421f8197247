"""One change of the history: what it set, its commands, and taking it back, on all its hosts if wanted.

What undo will do is shown before it is asked for, as a diff; the host decides by the file as it is then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, cast

from mxtop.change.model import Change
from mxtop.mail.errors import MxtopError
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.changing import WORKER
from mxtop.ui.screens.fix import progress
from mxtop.ui.screens.fix.differences import listed
from mxtop.ui.screens.fix.page import READ_ONLY
from mxtop.ui.screens.fix.words import diff, heading, named, settings
from mxtop.ui.screens.form import Form, trouble
from mxtop.ui.widgets.buttons import Button
from mxtop.ui.widgets.painted import Line, wrap

if TYPE_CHECKING:
    from mxtop.session.fixing import Fixing
    from mxtop.ui.app import MxtopApp
    from mxtop.ui.watched import Watched

UNDOABLE = ("applied", "confirmed", "conflict", "rollback_failed")


class Past(Form):
    """`others` are what stands of the same change on other hosts, which may be taken back with it."""

    def __init__(self, host: Watched, change: Change, others: Sequence[tuple[Watched, Change]] = ()) -> None:
        super().__init__()
        self.host = host
        self.changes = {host: change, **dict(others)}
        self.diffs: dict[Watched, str] = {}
        self.errors: dict[Watched, MxtopError] = {}
        self.asking = "reading what it changed"

    @property
    def _app(self) -> MxtopApp:
        return cast("MxtopApp", self.app)

    @property
    def change(self) -> Change:
        return self.changes[self.host]

    @property
    def _undoable(self) -> list[Watched]:
        """The hosts on which there is something to take back, and the diff of that is known."""
        return [h for h, change in self.changes.items() if change.state in UNDOABLE and h in self.diffs]

    def on_mount(self) -> None:
        self._work(self._read, tuple(self.changes))

    async def _read(self, host: Watched, fixing: Fixing) -> None:
        self.diffs[host] = await fixing.diff(self.changes[host])

    async def _undo(self, host: Watched, fixing: Fixing) -> None:
        host.changing.touched = True
        self.changes[host] = await fixing.undo(self.changes[host].id)

    def _work(self, what: Callable[[Watched, Fixing], Awaitable[None]], hosts: Sequence[Watched]) -> None:
        """On all of these at once; one that cannot is said so and stops no other."""

        async def one(host: Watched) -> None:
            if host.session.fixing is None:
                return
            try:
                await what(host, host.session.fixing)
                self.errors.pop(host, None)
            except MxtopError as error:
                self.errors[host] = error
            if what == self._undo:
                self._app.ended(self.changes[host])

        async def work() -> None:
            async with asyncio.TaskGroup() as group:
                for host in hosts:
                    group.create_task(one(host))
            self.asking = ""
            if self.is_mounted:
                self.text.scroll_home(animate=False, immediate=True)
                self.draw()

        self._app.run_worker(work(), name=WORKER, group="past", exit_on_error=False)

    def title_text(self) -> str:
        return f"Change · {clean(self.change.time, 25)} by {clean(self.change.operator, 40)}"

    def lines(self, width: int) -> list[Line]:
        shown: list[Line] = []
        if self.host.changing.read_only:
            shown += [*wrap(READ_ONLY, width, "accent"), ()]
        for host, error in self.errors.items():
            if len(self.changes) > 1:
                shown += wrap(SafeText(f"{host.name}:"), width, "strong")
            shown += trouble(error, width)
        if self.asking:
            shown += wrap(SafeText(f"◔ {self.asking} …"), width, "muted")
        shown += progress.state(self.change, width)
        if len(self.changes) > 1:
            names = ", ".join(host.name for host in self.changes if host is not self.host)
            shown += wrap(SafeText(f"· made in one go with the same on {names}"), width)
        for host in self.changes:
            shown += self._one(host, width)
        if self._undoable:
            words = (
                "Where the file was edited since, the parameter alone is taken back and the edit is "
                "kept; where that cannot be done, nothing is touched and you are told."
            )
            shown += wrap(literal(words), width, "muted", indent=2)
        return [*shown, *progress.outcome(self.change.outcome, width), *progress.commands(self.change, width)]

    def _one(self, host: Watched, width: int) -> list[Line]:
        change = self.changes[host]
        shown = heading(f"Change of {clean(change.file, 100)} on {clean(change.host, 60)}")
        if host is not self.host:
            shown += progress.state(change, width)
        shown += settings(change, width)
        if host in self.diffs:
            shown += diff(self.diffs[host], width)
        if host in self._undoable:
            shown += heading("Undo would do this")
            shown += diff(reversed_diff(self.diffs[host]), width)
        return shown

    def choices(self) -> Sequence[Button]:
        undoable = self._undoable
        if not undoable or self.host.changing.read_only or self.asking:
            return [Button("close", literal("Close"))]
        left = [Button("close", literal("Cancel"))]
        if self.host in undoable:
            label = f"Undo {named(self.change)} on {clean(self.change.host, 40)}"
            left.append(Button("undo", SafeText(label)))
        if any(host is not self.host for host in undoable):
            left.append(Button("all", SafeText(f"Undo on {listed([host.name for host in undoable])}")))
        return left

    def pressed(self, id: str) -> None:
        if id == "close":
            self.dismiss()
        elif not self.asking:
            hosts = [self.host] if id == "undo" else self._undoable
            self.asking = "taking it back"
            self.draw()
            self._work(self._undo, hosts)


def reversed_diff(text: str) -> str:
    """The unified diff the other way round: what goes in comes out."""
    shown: list[str] = []
    out: list[str] = []
    into: list[str] = []
    begun = False
    for line in text.split("\n"):
        begun = begun or line.startswith("@@ ")
        if not begun and line.startswith(("---", "+++")):
            continue
        if line.startswith("-"):
            into.append("+" + line[1:])
        elif line.startswith("+"):
            out.append("-" + line[1:])
        else:
            shown += [*out, *into]
            out, into = [], []
            if line.startswith("@@ "):
                _, old, new, *rest = line.split(" ")
                line = " ".join(["@@", f"-{new[1:]}", f"+{old[1:]}", *rest])
            shown.append(line)
    return "\n".join([*shown, *out, *into])
