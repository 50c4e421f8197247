"""The application: wires the session to the screens, and holds what the user chose.

One coalescing message brings each snapshot; paused, the last one is kept while the session goes
on.  Promises that an error of the session or of a screen is a page, never a traceback.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, cast

from textual.app import App
from textual.binding import BindingType
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from mxtop.config import INTERVALS
from mxtop.mail.snapshot import Snapshot
from mxtop.mail.text import clean
from mxtop.ui import doors, lost, theme
from mxtop.ui.changing import WORKER, Changing
from mxtop.ui.connecting import Connecting
from mxtop.ui.feed import Session, Tick
from mxtop.ui.keys import KEYS, Key, bindings, check, shown
from mxtop.ui.screens.error import Error
from mxtop.ui.screens.main import Main
from mxtop.ui.screens.page import Page
from mxtop.ui.screens.palette import Commands
from mxtop.ui.view import View

NOT_DONE = 2
"""The exit code after an error page."""

AT_ONCE = 0.1
"""Seconds that the first paint waits for something to show."""

STANDS = 2.0
"""Seconds after which the screen stands and garbage is collected."""


class MxtopApp(doors.Doors, App[int], inherit_bindings=False):
    """`theme_directories` are read after the shipped themes; `notices` are shown once at start."""

    TITLE = "mxtop"
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
        theme_name: str | None = None,
        keys: Mapping[str, str] | None = None,
        read_only: bool = False,
        interval: float = 1.0,
        utc: bool = False,
        theme_directories: Sequence[Path] = (),
        notices: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.session = session
        self.keymap = check(keys or {})
        self.fatal: BaseException | None = None
        self.told = False
        """Whether the user has seen `fatal` on a page."""
        self.selected: str | None = None
        self.main = Main(self.keymap)
        self.changing = Changing(self, read_only=read_only)
        self.connecting = Connecting(self)
        self._interval = interval
        self._read_only = read_only
        self._utc = utc
        self._loopback = False
        self._paused: float | None = None
        self._latest = Snapshot(host=session.host)
        self._shown = self._latest
        self._first = asyncio.Event()
        self._copied = ""
        loaded = theme.load([theme.theme_directory(), *theme_directories])
        self._notices = [*(clean(notice, 300) for notice in notices), *self.keymap.problems, *loaded.problems]
        for each in loaded.themes:
            self.register_theme(each)
        wanted = theme_name or theme.DEFAULT
        if wanted not in self.available_themes:
            self._notices.append(f"no theme {clean(wanted, 40)!r}: {theme.DEFAULT} is used")
            wanted = theme.DEFAULT
        if wanted in self.available_themes:
            self.theme = wanted
        self.set_keymap(self.keymap.changes)

    def get_default_screen(self) -> Screen[None]:
        return self.main

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.role_defaults(self.current_theme)

    # -- the session --------------------------------------------------------------

    async def on_load(self) -> None:
        """Start the session.  A first snapshot that comes at once spares painting an empty screen."""
        self.run_worker(self.session.run(self.publish), name="session", exit_on_error=False)
        try:
            async with asyncio.timeout(AT_ONCE):
                await self._first.wait()
        except TimeoutError:
            pass

    def on_mount(self) -> None:
        self._shown = self._latest
        self.main.show(self.view)
        if self.session.fixing is not None and not self._read_only:
            self.session.fixing.ask_with(self.ask_password)
        self.connecting.begin(self.session)
        self.changing.find()
        if self._notices:
            self.tell("\n".join(self._notices), warning=True)
        if not self.is_headless:
            self.set_interval(lost.EVERY, lambda: lost.watch(self.session.close))
            self.set_timer(STANDS, collect_garbage)

    def publish(self, snapshot: Snapshot) -> None:
        """Called by the session at every tick, in this loop."""
        if not self._first.is_set():
            self._latest = snapshot
            self._first.set()
        self.post_message(Tick(snapshot))

    def on_tick(self, message: Tick) -> None:
        self._latest = message.snapshot
        self.connecting.look(self.session, message.snapshot)
        if self._paused is None and self._shown is not message.snapshot:
            self._shown = message.snapshot
            self.draw()

    @property
    def view(self) -> View:
        return View(
            snapshot=self._shown,
            selected=self.selected,
            paused=self._paused,
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
        if event.worker.name in ("session", WORKER) and event.state is WorkerState.ERROR:
            self.fail(cast(BaseException, event.worker.error))

    def fail(self, error: BaseException) -> None:
        """Show an error that nothing can go on after."""
        if self.fatal is None:
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
            self.selected = destination
            self.look_up(destination)
            self.draw()

    def look_up(self, destination: str | None) -> None:
        self.session.select(destination)

    def toggle_pause(self) -> None:
        if self._paused is None:
            self._paused = self._shown.time or time.time()
        else:
            self._paused = None
            self._shown = self._latest
        self.draw()

    def step_interval(self, step: int) -> None:
        """The next interval up or down."""
        others = [i for i in INTERVALS if (i > self._interval if step > 0 else i < self._interval)]
        if others:
            self._interval = min(others) if step > 0 else max(others)
            self.session.set_interval(self._interval)
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

    def tell(self, text: str, *, warning: bool = False) -> None:
        """A notice; never markup."""
        self.notify(text, severity="warning" if warning else "information", markup=False)

    async def command(self, key: Key) -> None:
        """Run what a key does: for the palette."""
        await self.run_action(key.action, self if key.where == "everywhere" else self.main)

    async def action_quit(self) -> None:
        if farewell := self.changing.farewell():
            self.tell(clean(farewell, 300), warning=True)
            return
        self.exit(0 if self.fatal is None else NOT_DONE, 0 if self.fatal is None else NOT_DONE)

    def action_help(self) -> None:
        from mxtop.ui.screens.help import Help

        if isinstance(self.screen, Help):
            self.screen.dismiss()
        elif isinstance(self.screen, Page | Main) and self.fatal is None:
            self.push_screen(Help(self.keymap))

    def action_copy(self) -> None:
        if not isinstance(self.screen, Page | Main):
            return
        self._copied = self.screen.plain()
        if not self._copied:
            self.tell("nothing to copy here")
            return
        self.copy_to_clipboard(self._copied)
        save = next(key for key in KEYS if key.id == "save")
        name = shown(self.keymap.keys_of(save)[0])
        self.tell(f"sent to your terminal, which may not take it; {name} saves to a file")

    def action_save_copy(self) -> None:
        if not self._copied:
            self.tell("copy first (c), then save")
            return
        path = Path.home() / time.strftime("mxtop-%Y%m%d-%H%M%S.txt")
        try:
            # A new file only: as root, a link that somebody left there must not be followed.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
            with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
                file.write(self._copied + "\n")
        except OSError as error:
            self.tell(clean(f"not saved: {path}: {error.strerror}", 300), warning=True)
        else:
            self.tell(clean(f"saved to {path}", 300))


def collect_garbage() -> None:
    """From now on; what is there already stays, and is not looked at each time: no key waits for that."""
    gc.freeze()
    gc.enable()


def run_app(
    session: Session,
    *,
    theme: str | None = None,
    keys: Mapping[str, str] | None = None,
    read_only: bool = False,
    interval: float = 1.0,
    utc: bool = False,
    theme_directories: Sequence[Path] = (),
    notices: Sequence[str] = (),
) -> int:
    """Show a session until the user quits; gives the exit code (0, or 2 after an error page).

    Needs a terminal on standard input and standard error.  The session is closed at the end.
    """
    app = MxtopApp(
        session,
        theme_name=theme,
        keys=keys,
        read_only=read_only,
        interval=interval,
        utc=utc,
        theme_directories=theme_directories,
        notices=notices,
    )

    async def run() -> int:
        try:
            await app.run_async()
        finally:
            await session.close()
        if app.fatal is not None and not app.told:
            from mxtop.ui.failed import FailedApp

            await FailedApp(app.fatal, app.current_theme, app.changing).run_async()
        return 0 if app.fatal is None else NOT_DONE

    return asyncio.run(run())
