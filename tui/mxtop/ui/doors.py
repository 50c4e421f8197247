"""The pages about changes, opened from anywhere: the fix, the history, the log of commands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from mxtop.mail.text import SafeText, clean
from mxtop.ui.screens.whole import Whole

if TYPE_CHECKING:
    from mxtop.change.model import Change
    from mxtop.ui.app import MxtopApp
    from mxtop.ui.screens.page import Page
    from mxtop.ui.watched import Watched

NOWHERE = "changes need a live host: run mxtop on the mail host or over SSH, without log files"


class Doors:
    """What the application does with `x`, `H`, `L` and `R`.  A page is open once at most."""

    def action_fix(self) -> None:
        from mxtop.ui.screens.everyone import Everyone
        from mxtop.ui.screens.fix.page import Fix
        from mxtop.ui.screens.fix.together import FixTogether

        app = cast("MxtopApp", self)
        screen = app.screen
        if app.tab:
            self._open(Fix)
        elif app.fatal is not None or not isinstance(screen, Whole):
            return
        elif app.together.begun:
            self._show(FixTogether)
        elif (waits := app.waiting) is not None:  # its answer comes first
            app.run_worker(self._open_there(Fix, waits))
        elif isinstance(screen, Everyone):
            if len(meant := screen.meant()) == 1:
                app.run_worker(self._open_there(Fix, meant[0]))
            else:
                app.together.about(meant)
                app.push_screen(FixTogether())

    def action_history(self) -> None:
        from mxtop.ui.screens.history import History

        app = cast("MxtopApp", self)
        if app.tab:
            self._open(History, lambda: History([app.host]))
        elif app.fatal is None and isinstance(app.screen, Whole):
            self._show(History, lambda: History(app.hosts))

    def action_commands(self) -> None:
        from mxtop.ui.screens.ran import Commands

        self._open(Commands)

    def action_retry(self) -> None:
        app = cast("MxtopApp", self)
        host = app.pointed
        link = host.latest.connection
        if link is None or link.live:
            app.tell("there is nothing to connect to" if link is None else "the connection is live")
        else:
            host.session.retry()

    def _open(self, kind: type[Page], make: Callable[[], Page] | None = None) -> None:
        """A page about one host: of the tab of all hosts, the one under the cursor."""
        app = cast("MxtopApp", self)
        if app.tab == 0 and app.fatal is None:
            from mxtop.ui.screens.everyone import Everyone

            if isinstance(app.screen, Everyone):
                app.run_worker(self._open_there(kind, app.pointed))
            return
        if app.fatal is not None or not isinstance(app.screen, Whole):
            return
        if app.session.fixing is None:
            app.tell(NOWHERE)
            return
        self._show(kind, make)

    def _show(self, kind: type[Page], make: Callable[[], Page] | None = None) -> None:
        app = cast("MxtopApp", self)
        for screen in app.screen_stack:
            if isinstance(screen, kind):  # back to it: what lies above was opened from it
                while app.screen is not screen:
                    app.pop_screen()
                return
        app.push_screen((make or kind)())

    async def _open_there(self, kind: type[Page], host: Watched) -> None:
        """On the tab of all hosts: a page of one of them."""
        app = cast("MxtopApp", self)
        await app.open_tab(app.hosts.index(host) + 1)
        self._open(kind)

    async def ask_password(self, prompt: str) -> str | None:
        """Sudo's password from the person at the screen; None where the question was closed."""
        from mxtop.ui.screens.password import Password

        app = cast("MxtopApp", self)
        async with app.connecting.turn:  # several hosts may ask at once
            return await Password(prompt).answer(app)

    def ended(self, change: Change, *, here: bool = True) -> None:
        """A change came to its end: told where its own page is not looked at, and in an open history.

        `here`: its host is the one that is looked at.
        """
        from mxtop.ui.screens.fix.page import Fix
        from mxtop.ui.screens.fix.together import FixTogether
        from mxtop.ui.screens.fix.words import end
        from mxtop.ui.screens.history import History
        from mxtop.ui.screens.past import Past

        app = cast("MxtopApp", self)
        for screen in app.screen_stack:
            if isinstance(screen, History):
                screen.ask()
        if not ((here and isinstance(app.screen, Fix | Past)) or isinstance(app.screen, FixTogether)):
            sign, _, sentence = end(change)
            where = clean(change.host, 60)
            app.tell(SafeText(f"{where}: {sign} {sentence}"), warning=change.state != "confirmed")
