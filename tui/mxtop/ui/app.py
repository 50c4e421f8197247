"""The application: wires the session to the screens, and holds what the user chose.

One coalescing message brings each snapshot; paused, the last one is kept while the session goes
on.  Promises that an error of the session or of a screen is a page, never a traceback.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, cast

from textual.binding import BindingType
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from mxtop.config import INTERVALS
from mxtop.mail.snapshot import Snapshot
from mxtop.mail.text import clean
from mxtop.ui import theme
from mxtop.ui.changing import WORKER, Changing
from mxtop.ui.connecting import Connecting
from mxtop.ui.copying import Copying
from mxtop.ui.doors import Doors
from mxtop.ui.feed import Session, Tick
from mxtop.ui.keys import Key, bindings, check
from mxtop.ui.screens.main import Main
from mxtop.ui.screens.palette import Commands
from mxtop.ui.screens.whole import Whole
from mxtop.ui.terminal import OnTerminal
from mxtop.ui.together import ChangingTogether
from mxtop.ui.view import View
from mxtop.ui.watched import Watched
from mxtop.ui.widgets.tabs import Tabs

NOT_DONE = 2
"""The exit code after an error page."""

AT_ONCE = 0.1
"""Seconds that the first paint waits for something to show."""

STANDS = 2.0
"""Seconds after which the screen stands and garbage is collected."""


class MxtopApp(Copying, Doors, OnTerminal, inherit_bindings=False):
    """`others` are watched besides `session`, each in a tab of its own, and all in the first.

    `theme_directories` are read after the shipped themes; `notices` are shown once at start.
    """

    TITLE = "mxtop"
    DEFAULT_MODE = "first"
    """The mode of the first tab; Textual does not let its own name be switched to."""
    BINDINGS: ClassVar[list[BindingType]] = [*bindings("everywhere")]
    COMMANDS = {Commands}  # noqa: RUF012  (Textual's own declaration)
    ENABLE_COMMAND_PALETTE = True
    CSS = """
    Toast { width: 60; }
    CommandPalette > Vertical { background: $surface; }
    """

    def __init__(
        self,
        session: Session,
        *,
        others: Sequence[Session] = (),
        theme_name: str | None = None,
        keys: Mapping[str, str] | None = None,
        read_only: bool = False,
        interval: float = 1.0,
        utc: bool = False,
        theme_directories: Sequence[Path] = (),
        notices: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.keymap = check(keys or {})
        self.fatal: BaseException | None = None
        self.told = False
        """Whether the user has seen `fatal` on a page."""
        self.hosts = tuple(
            Watched(self, each, self.keymap, read_only=read_only, mode=f"host-{number}")
            for number, each in enumerate((session, *others), 1)
        )
        self.tab = 0 if others else 1
        """The number of the open tab; 0 is all hosts."""
        self.together = ChangingTogether(self, read_only=read_only)
        self.connecting = Connecting(self)
        self._interval = interval
        self._read_only = read_only
        self._utc = utc
        self._loopback = False
        self._first = asyncio.Event()
        self._notices = [*(clean(notice, 300) for notice in notices), *self.keymap.problems]
        self._theme_directories = (theme.theme_directory(), *theme_directories)
        wanted = theme_name or theme.DEFAULT
        if not self._wear(wanted):
            self._notices.append(f"no theme {clean(wanted, 40)!r}: {theme.DEFAULT} is used")
            self._wear(theme.DEFAULT)
        self.set_keymap(self.keymap.changes)

    def _wear(self, name: str) -> bool:
        """Take this theme, if there is such a one."""
        for each in theme.load(self._theme_directories, only=name).themes:
            self.register_theme(each)
        if there := name in self.available_themes:
            self.theme = name
        return there

    @property
    def host(self) -> Watched:
        """The host that is looked at, or was."""
        return self.hosts[max(0, self.tab - 1)]

    @property
    def pointed(self) -> Watched:
        """The host that a key is about: on the tab of all hosts the one under the cursor."""
        if self.tab == 0:
            from mxtop.ui.screens.everyone import Everyone

            if isinstance(self.screen, Everyone) and (row := self.screen.hosts.table.row()) is not None:
                return self.hosts[row.number - 1]
        return self.host

    @property
    def session(self) -> Session:
        return self.host.session

    @property
    def main(self) -> Main:
        return self.host.main

    @property
    def waiting(self) -> Watched | None:
        """The first host whose change waits for an answer."""
        return next((host for host in self.hosts if host.changing.unconfirmed is not None), None)

    @property
    def changing(self) -> Changing:
        """The host's that is looked at; of all hosts, the first whose change waits for an answer."""
        return (self.host if self.tab else self.waiting or self.host).changing

    @property
    def selected(self) -> str | None:
        return self.host.selected

    def get_default_screen(self) -> Screen[None]:
        if self.tab:
            return self.main
        from mxtop.ui.screens.everyone import Everyone

        return Everyone()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.role_defaults(self.current_theme)

    # -- the session --------------------------------------------------------------

    async def on_load(self) -> None:
        """Start the sessions.  A first snapshot that comes at once spares painting an empty screen."""
        for number, host in enumerate(self.hosts):
            host.session.attend(number + 1 == self.tab)
            work = host.session.run(partial(self.publish, number=number))
            self.run_worker(work, name=f"session {number}", exit_on_error=False)
        try:
            async with asyncio.timeout(AT_ONCE):
                await self._first.wait()
        except TimeoutError:
            pass

    def on_mount(self) -> None:
        if len(self.hosts) > 1:
            self.add_mode(self.DEFAULT_MODE, self.get_default_screen)  # else there is no way back to it
        for host in self.hosts:
            if len(self.hosts) > 1:
                self.add_mode(host.mode, partial(Watched.screen, host))
            host.shown = host.latest
            if host.session.fixing is not None and not self._read_only:
                host.session.fixing.ask_with(self.ask_password)
            self.connecting.begin(host.session)
            host.changing.find()
        self.draw()
        self.call_after_refresh(self._afterwards)
        if not self.is_headless:
            self.set_timer(STANDS, collect_garbage)

    def _afterwards(self) -> None:
        """What the first paint does not wait for: the other themes, and the notices."""
        loaded = theme.load(self._theme_directories)
        for each in loaded.themes:
            if each.name != self.theme:
                self.register_theme(each)
        if self._notices or loaded.problems:
            self.tell("\n".join([*self._notices, *loaded.problems]), warning=True)

    async def close_all(self) -> None:
        """Let go of what the sessions hold."""
        for host in self.hosts:
            await host.session.close()

    def publish(self, snapshot: Snapshot, number: int = 0) -> None:
        """Called by a session at every tick, in this loop."""
        if not self._first.is_set():
            self.hosts[number].latest = snapshot
            self._first.set()
        self.post_message(Tick(snapshot, number))

    def on_tick(self, message: Tick) -> None:
        host = self.hosts[message.number]
        host.latest = message.snapshot
        link = host.latest.connection
        host.changing.look(reachable=link is None or link.live)
        seen = self.tab > 0 and host is self.host
        if seen:
            self.connecting.look(host.session, host.latest)
        if host.paused is None and host.shown is not host.latest:
            host.shown = host.latest
            if seen:
                self.draw()

    @property
    def view(self) -> View:
        return View(
            snapshot=self.host.shown,
            selected=self.host.selected,
            paused=self.host.paused,
            interval=self._interval,
            read_only=self._read_only,
            utc=self._utc,
            loopback=self._loopback,
        )

    def draw(self) -> None:
        """Show the view on every screen that takes one."""
        view = self.view
        for screen in self.screen_stack:
            show = getattr(screen, "show", None)
            if show is not None:
                show(view)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        if event.state is not WorkerState.ERROR:
            return
        error = cast(BaseException, event.worker.error)
        kind, _, number = (event.worker.name or "").partition(" ")
        if kind == "session" and len(self.hosts) > 1:
            host = self.hosts[int(number)]
            host.failed = error
            self.tell(clean(f"{host.name} is not watched any more: {error}", 300), warning=True)
        elif kind in ("session", WORKER):
            self.fail(error)

    def fail(self, error: BaseException) -> None:
        """Show an error that nothing can go on after."""
        if self.fatal is None:
            from mxtop.ui.screens.error import Error

            self.fatal = error
            self.told = True
            self.push_screen(Error(error))

    def _handle_exception(self, error: Exception) -> None:
        # A bug within Textual's message loops, which end here.  Textual would print a traceback with
        # raw text over the terminal: keep the error for the page that run_app shows, and leave.
        if self.fatal is None:
            self.fatal = error
        self._return_code = NOT_DONE
        self._close_messages_no_wait()

    # -- what the user chose ---------------------------------------------------------

    def select(self, destination: str | None) -> None:
        if destination != self.selected:
            self.host.selected = destination
            self.look_up(destination)
            self.draw()

    def look_up(self, destination: str | None) -> None:
        self.session.select(destination)

    def toggle_pause(self) -> None:
        host = self.host
        if host.paused is None:
            host.paused = host.shown.time or time.time()
        else:
            host.paused = None
            host.shown = host.latest
        self.draw()

    def step_interval(self, step: int) -> None:
        """The next interval up or down."""
        others = [i for i in INTERVALS if (i > self._interval if step > 0 else i < self._interval)]
        if others:
            self._interval = min(others) if step > 0 else max(others)
            for host in self.hosts:
                host.session.set_interval(self._interval)
            self.draw()
        self.tell(f"every {self._interval:g} s")

    def toggle_loopback(self) -> None:
        self._loopback = not self._loopback
        self.draw()

    def toggle_utc(self) -> None:
        self._utc = not self._utc
        self.draw()
        self.tell(
            "times in UTC, where the log has an offset" if self._utc else "times as the server writes them"
        )

    # -- commands ------------------------------------------------------------------------

    async def command(self, key: Key) -> None:
        """Run what a key does: for the palette."""
        await self.run_action(key.action, self if key.where == "everywhere" else self.main)

    async def action_quit(self) -> None:
        known = [*(host.changing.farewell() for host in self.hosts), self.together.farewell()]
        if farewell := "; ".join(filter(None, known)):
            self.tell(clean(f"{farewell}. Quit once more to leave, x to answer", 600), warning=True)
            return
        self.exit(0 if self.fatal is None else NOT_DONE, 0 if self.fatal is None else NOT_DONE)

    async def action_tab(self, step: int) -> None:
        """The next host, or the one before; before the first are all of them."""
        if len(self.hosts) == 1:
            self.tell("there is one host only")
            return
        await self.open_tab((self.tab + step) % (len(self.hosts) + 1))

    async def open_tab(self, number: int) -> None:
        """Look at a host (0: all of them), as it was left.  Not while a question is open."""
        if self.fatal is not None or number == self.tab or not isinstance(self.screen, Whole):
            return
        self.tab = number
        for each, host in enumerate(self.hosts, 1):
            host.session.attend(each == number)
        await self.switch_mode(self.hosts[number - 1].mode if number else self.DEFAULT_MODE)
        if number:
            self.draw()
            self.changing.changed()
            self.connecting.look(self.session, self.host.latest)
        for tabs in self.screen.query(Tabs):
            tabs.look()

    def action_help(self) -> None:
        from mxtop.ui.screens.help import Help

        if isinstance(self.screen, Help):
            self.screen.dismiss()
        elif isinstance(self.screen, Whole) and self.fatal is None:
            self.push_screen(Help(self.keymap))


def collect_garbage() -> None:
    """From now on; what is there already stays, and is not looked at each time: no key waits for that."""
    gc.freeze()
    gc.set_threshold(50_000, 10, 100)  # rows come and go by the thousand, and hardly any in a circle
    gc.enable()


def run_app(app: MxtopApp) -> int:
    """Show the screen until the user quits; gives the exit code (0, or 2 after an error page).

    Needs a terminal on standard input and standard error.  The sessions are closed at the end.
    """

    async def run() -> int:
        try:
            await app.run_async()
        finally:
            await app.close_all()
        if app.fatal is not None and not app.told:
            from mxtop.ui.failed import FailedApp

            await FailedApp(app.fatal, app.current_theme, app.changing).run_async()
        return 0 if app.fatal is None else NOT_DONE

    return asyncio.run(run())
