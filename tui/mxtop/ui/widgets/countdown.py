"""The bar on every page while a change is unconfirmed: `UNCONFIRMED on mx1, goes back in 01:42`.

It ticks by itself and repaints nothing but its own line; without such a change it takes no room and no
time.  The host's own watchdog decides: the bar counts down from what the host said last.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol, cast

from textual.timer import Timer

from mxtop.mail.text import SafeText, clean
from mxtop.ui.widgets.painted import Text, fit

if TYPE_CHECKING:
    from mxtop.change.model import Change

_LOOK: Final = 0.2


class Unconfirmed(Protocol):
    """The change that waits for an answer."""

    @property
    def unconfirmed(self) -> Change | None: ...

    due: float | None
    """When it goes back by itself, in seconds of time.monotonic(); None where no clock runs."""

    @property
    def lost(self) -> str:
        """Why the host cannot be asked just now; "" where it can."""
        ...

    touched: bool
    """Whether anything was changed on the host from here, or tried to."""


class Owner(Protocol):
    """The application."""

    changing: Unconfirmed


class Countdown(Text, can_focus=False):
    DEFAULT_CSS = "Countdown { height: 1; background: $role-slow; display: none; }"

    _timer: Timer | None = None

    def on_mount(self) -> None:
        self._timer = self.set_interval(_LOOK, self.tick, pause=True)
        self.look()

    def look(self) -> None:
        """The change began, went on or ended."""
        if self._timer is None:
            return
        waits = cast("Owner", self.app).changing.unconfirmed is not None
        self.display = waits
        if waits:
            self._timer.resume()
        else:
            self._timer.pause()
        self.tick()

    def on_resize(self) -> None:
        self.tick()

    def tick(self) -> None:
        changing = cast("Owner", self.app).changing
        if (change := changing.unconfirmed) is not None:
            left = "connection lost" if changing.lost else "x keeps or undoes it"
            text = f" {sentence(change, changing.due)} · {left}"
            self.show_lines([((SafeText(fit(SafeText(text), max(1, self.room))), "alarm"),)])


def sentence(change: Change, due: float | None) -> SafeText:
    """`UNCONFIRMED on mx1, goes back in 01:42`, or why it does not."""
    start = f"UNCONFIRMED on {clean(change.host, 40)}, "
    if due is None:
        return SafeText(start + ("being applied" if change.working else "no clock takes it back"))
    left = due - time.monotonic()
    if left <= 0:
        return SafeText(start + "goes back now")
    if not change.watched:
        return SafeText(start + "nothing takes it back: its watchdog is gone")
    return SafeText(f"{start}goes back in {remaining(left)}")


def remaining(seconds: float) -> str:
    """Seconds as `01:42`; a second that has begun counts."""
    whole = max(0, -int(-seconds // 1))
    return f"{whole // 60:02d}:{whole % 60:02d}"
