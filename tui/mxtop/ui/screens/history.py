"""The history page: what was changed on a host, or on all of them, by whom, when, and how it ended.

Shows what the hosts keep, by time; asks anew each time it is opened or a change ends.  Enter opens one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, cast

from mxtop.change.model import Change
from mxtop.mail.errors import MxtopError
from mxtop.mail.text import SafeText, clean, literal
from mxtop.mail.value import value
from mxtop.ui.changing import WORKER
from mxtop.ui.screens.fix.words import named, sign
from mxtop.ui.screens.form import trouble
from mxtop.ui.screens.listing import Listing
from mxtop.ui.widgets.painted import Line, wrap
from mxtop.ui.widgets.table import Column, Table

if TYPE_CHECKING:
    from mxtop.ui.app import MxtopApp
    from mxtop.ui.watched import Watched


@value
class Entry:
    """A change of the host of that tab."""

    number: int
    host: SafeText
    change: Change


def _state(change: Change) -> SafeText:
    return SafeText(f"{sign(change)[0]} {change.state.replace('_', ' ')}")


COLUMNS: Final[tuple[Column[Entry], ...]] = (
    Column("time", "When", 19, lambda e: clean(e.change.time.replace("T", " ", 1)[:19], 19),
           sort=lambda e: e.change.id),
    Column("state", "State", 13, lambda e: _state(e.change), role=lambda e: sign(e.change)[1], most=17),
    Column("change", "Change", 30, lambda e: named(e.change), most=60),
    Column("operator", "By", 8, lambda e: clean(e.change.operator, 40) or literal("–"), most=30),
    Column("detail", "Why", 10, lambda e: clean(e.change.detail, 200), most=80, optional=True),
)  # fmt: skip

WITH_HOST: Final[tuple[Column[Entry], ...]] = (
    COLUMNS[0],
    Column("host", "Host", 8, lambda e: e.host, lambda e: (e.host, e.change.id), most=26, descending=False),
    *COLUMNS[1:],
)


class History(Listing[Entry]):
    hint = "⏎ shows it, and takes it back · esc closes"

    def __init__(self, hosts: Sequence[Watched]) -> None:
        columns = COLUMNS if len(hosts) == 1 else WITH_HOST
        super().__init__(Table(columns, lambda e: (e.number, e.change.id), sort="time", id="history"))
        self.hosts = tuple(hosts)
        self.known: dict[Watched, tuple[Change, ...]] = {}
        self.errors: dict[Watched, MxtopError] = {}
        self.asked = False

    def on_mount(self) -> None:
        self.ask()

    def on_screen_resume(self) -> None:
        if self.asked:
            self.ask()

    def ask(self) -> None:
        """What the hosts keep, all at once; of one that fails it stays as it was."""

        async def one(host: Watched) -> None:
            assert host.session.fixing is not None
            try:
                self.known[host] = await host.session.fixing.history()
                self.errors.pop(host, None)
            except MxtopError as error:
                self.errors[host] = error

        async def asked() -> None:
            async with asyncio.TaskGroup() as group:
                for host in self.hosts:
                    if host.session.fixing is not None:
                        group.create_task(one(host))
            self.asked = True
            if self.is_mounted:
                app = cast("MxtopApp", self.app)
                self.table.show_rows(
                    [
                        Entry(number, host.name, change)
                        for number, host in enumerate(app.hosts)
                        for change in self.known.get(host, ())
                    ]
                )
                self.draw()

        self.app.run_worker(asked(), name=WORKER, group="history", exit_on_error=False)

    def title_text(self) -> str:
        where = self.hosts[0].name if len(self.hosts) == 1 else f"{len(self.hosts)} hosts"
        return f"History · {where}"

    def lines(self, width: int) -> list[Line]:
        shown: list[Line] = []
        for host, error in self.errors.items():
            if len(self.hosts) > 1:
                shown += wrap(SafeText(f"✖ {host.name}: {clean(str(error), 500)}"), width, "bad")
            else:
                shown += trouble(error, width)
        if shown:
            return shown
        if not self.asked:
            asking = "Asking the host …" if len(self.hosts) == 1 else "Asking the hosts …"
            return wrap(SafeText(asking), width, "muted")
        if not self.table.rows:
            where = "this host" if len(self.hosts) == 1 else "these hosts"
            return wrap(SafeText(f"mxtop has changed nothing on {where}."), width, "muted")
        return []

    def open(self, row: Entry) -> None:
        from mxtop.session.together import in_one_go
        from mxtop.ui.screens.past import Past

        by_name = {host.session.host: host for host in self.hosts}
        past = {name: self.known.get(host, ()) for name, host in by_name.items()}
        run = in_one_go(row.change, past)
        mine = cast("MxtopApp", self.app).hosts[row.number]
        others = [(by_name[name], change) for name, change in run.items() if by_name[name] is not mine]
        self.app.push_screen(Past(mine, row.change, others))
