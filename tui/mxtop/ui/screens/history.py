"""The history page: what was changed on this host, by whom, when, and how it ended; enter opens one.

Shows what the host keeps, oldest last; asks anew each time it is opened or a change ends.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final, cast

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widget import Widget

from mxtop.change.model import Change
from mxtop.mail.errors import MxtopError
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.changing import WORKER
from mxtop.ui.keys import bindings
from mxtop.ui.screens.fix.words import named, sign
from mxtop.ui.screens.form import trouble
from mxtop.ui.screens.page import Page
from mxtop.ui.widgets.countdown import Countdown
from mxtop.ui.widgets.painted import Line, wrap
from mxtop.ui.widgets.table import Column, Table

if TYPE_CHECKING:
    from mxtop.ui.app import MxtopApp


def _state(change: Change) -> SafeText:
    return SafeText(f"{sign(change)[0]} {change.state.replace('_', ' ')}")


COLUMNS: Final[tuple[Column[Change], ...]] = (
    Column("time", "When", 19, lambda c: clean(c.time.replace("T", " ", 1)[:19], 19), sort=lambda c: c.id),
    Column("state", "State", 13, _state, role=lambda c: sign(c)[1], most=17),
    Column("change", "Change", 30, named, most=60),
    Column("operator", "By", 8, lambda c: clean(c.operator, 40) or literal("–"), most=30),
    Column("detail", "Why", 10, lambda c: clean(c.detail, 200), most=80, optional=True),
)


class History(Page):
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("buttons")]
    hint = "⏎ shows it, and takes it back · esc closes"

    def __init__(self) -> None:
        super().__init__()
        self.table: Table[Change] = Table(COLUMNS, lambda c: c.id, sort="time", id="history")
        self.error: MxtopError | None = None
        self.asked = False

    def compose(self) -> ComposeResult:
        with self.frame:
            yield self.text
            yield self.table
        yield Countdown(id="countdown")

    def first(self) -> Widget:
        return self.table

    def on_mount(self) -> None:
        self.ask()

    def on_screen_resume(self) -> None:
        if self.asked:
            self.ask()

    def ask(self) -> None:
        """What the host keeps; the table stays as it was where that fails."""
        app = cast("MxtopApp", self.app)
        fixing = app.session.fixing
        if fixing is None:
            return

        async def asked() -> None:
            try:
                self.table.show_rows(await fixing.history())
                self.error = None
            except MxtopError as error:
                self.error = error
            self.asked = True
            if self.is_mounted:
                self.draw()

        app.run_worker(asked(), name=WORKER, group="history", exit_on_error=False)

    def title_text(self) -> str:
        return f"History · {clean(cast('MxtopApp', self.app).session.host, 60)}"

    def lines(self, width: int) -> list[Line]:
        if self.error is not None:
            return trouble(self.error, width)
        if not self.asked:
            return wrap(literal("Asking the host …"), width, "muted")
        if not self.table.rows:
            return wrap(literal("mxtop has changed nothing on this host."), width, "muted")
        return []

    def draw(self) -> None:
        super().draw()
        self.text.styles.height = len(self.text.lines)
        self.text.display = bool(self.text.lines)

    def plain(self) -> SafeText:
        return SafeText(self.table.plain())

    def on_table_chosen(self) -> None:
        self.action_press()

    def action_button(self, step: int) -> None:
        self.table.action_move(step)

    def action_press(self) -> None:
        from mxtop.ui.screens.past import Past

        if (change := self.table.row()) is not None:
            self.app.push_screen(Past(change))
