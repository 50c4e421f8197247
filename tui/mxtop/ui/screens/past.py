"""One change of the history: what it set, its commands, and taking it back.

What undo will do is shown before it is asked for, as a diff; the host decides by the file as it is then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from mxtop.change.model import Change
from mxtop.mail.errors import MxtopError
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.changing import WORKER
from mxtop.ui.screens.fix import progress
from mxtop.ui.screens.fix.page import READ_ONLY
from mxtop.ui.screens.fix.words import diff, heading, named, settings
from mxtop.ui.screens.form import Form, trouble
from mxtop.ui.widgets.buttons import Button
from mxtop.ui.widgets.painted import Line, wrap

if TYPE_CHECKING:
    from mxtop.ui.app import MxtopApp

UNDOABLE = ("applied", "confirmed", "conflict", "rollback_failed")


class Past(Form):
    def __init__(self, change: Change) -> None:
        super().__init__()
        self.change = change
        self.diff: str | None = None
        self.error: MxtopError | None = None
        self.asking = "reading what it changed"

    @property
    def _app(self) -> MxtopApp:
        return cast("MxtopApp", self.app)

    def on_mount(self) -> None:
        self._work(undo=False)

    def _work(self, *, undo: bool) -> None:
        fixing = self._app.session.fixing
        if fixing is None:
            return

        async def work() -> None:
            try:
                if undo:
                    self.change = await fixing.undo(self.change.id)
                else:
                    self.diff = await fixing.diff(self.change)
                self.error = None
            except MxtopError as error:
                self.error = error
            self.asking = ""
            if undo:
                self._app.ended(self.change)
            if self.is_mounted:
                self.text.scroll_home(animate=False, immediate=True)
                self.draw()

        self._app.run_worker(work(), name=WORKER, group="past", exit_on_error=False)

    def title_text(self) -> str:
        return f"Change · {clean(self.change.time, 25)} by {clean(self.change.operator, 40)}"

    def lines(self, width: int) -> list[Line]:
        change = self.change
        shown: list[Line] = []
        if self._app.changing.read_only:
            shown += [*wrap(READ_ONLY, width, "accent"), ()]
        if self.error is not None:
            shown += trouble(self.error, width)
        if self.asking:
            shown += wrap(SafeText(f"◔ {self.asking} …"), width, "muted")
        shown += progress.state(change, width)
        shown += heading(f"Change of {clean(change.file, 100)} on {clean(change.host, 60)}")
        shown += settings(change, width)
        if self.diff is not None:
            shown += diff(self.diff, width)
            if change.state in UNDOABLE:
                shown += heading("Undo would do this")
                shown += diff(reversed_diff(self.diff), width)
                words = (
                    "Where the file was edited since, the parameter alone is taken back and the edit is "
                    "kept; where that cannot be done, nothing is touched and you are told."
                )
                shown += wrap(literal(words), width, "muted", indent=2)
        return [*shown, *progress.outcome(change.outcome, width), *progress.commands(change, width)]

    def choices(self) -> Sequence[Button]:
        change = self.change
        if change.state not in UNDOABLE or self._app.changing.read_only or self.asking or self.diff is None:
            return [Button("close", literal("Close"))]
        label = SafeText(f"Undo {named(change)} on {clean(change.host, 40)}")
        return [Button("close", literal("Cancel")), Button("undo", label)]

    def pressed(self, id: str) -> None:
        if id == "close":
            self.dismiss()
        elif not self.asking:
            self.asking = "taking it back"
            self._app.changing.touched = True
            self.draw()
            self._work(undo=True)


def reversed_diff(text: str) -> str:
    """The unified diff the other way round: what goes in comes out."""
    shown: list[str] = []
    out: list[str] = []
    into: list[str] = []
    for line in text.split("\n"):
        if line.startswith(("---", "+++")):
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
