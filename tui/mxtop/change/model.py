"""A change as a value: what is asked for, what it does to the file, how far it got.

The words are those of `mxtop fix --json`.  Nothing here reads or writes anything.
"""

from __future__ import annotations

from typing import Final, Literal

from mxtop.change.outcome import Outcome
from mxtop.mail.value import named, value

State = Literal["preview", "refused", "applied", "confirmed", "rolled_back", "conflict", "rollback_failed"]
Swap = Literal["exchange", "rename"]

STATES: Final[dict[str, State]] = {
    "prepared": "preview",
    "armed": "applied",
    "installed": "applied",
    "applied": "applied",
    "confirmed": "confirmed",
    "rolledback": "rolled_back",
    "conflict": "conflict",
    "rollback-failed": "rollback_failed",
    "failed": "refused",
}
"""The script's own words; `armed` and `installed` are on the way to `applied`."""

EXIT_CODES: Final[dict[State, int]] = {
    "preview": 0,
    "applied": 0,
    "confirmed": 0,
    "rolled_back": 1,
    "refused": 2,
    "conflict": 3,
    "rollback_failed": 3,
}

BUSY: Final = 75


@value
class Edit:
    """One parameter of main.cf, or of a master.cf service (`relay/unix`); `value` None takes it out."""

    parameter: str
    value: str | None
    service: str | None = None


@value
class Setting:
    """What an edit does: as written in the file (None = not set), and as Postfix reads it (main.cf only)."""

    parameter: str
    service: str | None
    before: str | None
    after: str | None
    effective_before: str | None = None
    effective_after: str | None = None


@value
class Command:
    """A command that was run on the host."""

    argv: tuple[str, ...]
    exit_code: int
    seconds: float


@named
class Change:
    """One change, from its preview to its end.

    `phase` is the script's own word (a key of STATES), `detail` its reason; `remaining` the seconds until it
    goes back by itself, None where no clock runs (not applied, or the machine was started anew since);
    `watched` whether the process that takes it back is alive.  `swap` `rename`: an edit saved in the same
    millisecond could be lost.  `code` the exit code of a refusal: 2, or 75 where it may work later.
    `outcome` what was foreseen and seen of it, as far as somebody kept that.
    """

    id: str
    host: str
    instance: str
    file: str
    fix: str
    phase: str
    detail: str
    operator: str
    time: str
    settings: tuple[Setting, ...]
    commands: tuple[Command, ...] = ()
    window: int = 120
    remaining: float | None = None
    watched: bool = False
    swap: Swap = "exchange"
    code: int = 2
    outcome: Outcome = Outcome()

    @property
    def state(self) -> State:
        return STATES[self.phase]

    @property
    def working(self) -> bool:
        """Between consent and `applied`."""
        return self.phase in ("armed", "installed")

    @property
    def exit_code(self) -> int:
        """The exit code of `fix`, `confirm` and `undo` for this state."""
        return self.code if self.state == "refused" else EXIT_CODES[self.state]


@value
class Preview:
    """A change that is staged: nothing live was touched.

    `diff` is unified; `commands` are what apply will run.
    """

    change: Change
    diff: str
    warnings: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]


@named
class Probe:
    """What a machine offers.  `obstacles` are the reasons for which nothing can be changed, in words."""

    root: bool
    config_directory: str
    mail_version: str
    real: str
    running: bool
    swap: Swap
    managed: str
    systemd: bool
    obstacles: tuple[str, ...]
