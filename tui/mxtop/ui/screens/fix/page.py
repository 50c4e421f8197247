"""The page of the fix: preview and consent, then the change as it goes on, then its end.

Shows what the application's `Changing` holds, and tells it what was pressed; closing it stops nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from mxtop.change.model import Change
from mxtop.fixes.address_preference import ADDRESS_PREFERENCE
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui.changing import WINDOW
from mxtop.ui.screens.fix import preview, progress
from mxtop.ui.screens.fix.choices import Choices, Choosing, proposed
from mxtop.ui.screens.fix.effect import concerned
from mxtop.ui.screens.fix.words import heading, named, names
from mxtop.ui.screens.form import trouble
from mxtop.ui.widgets.buttons import Button
from mxtop.ui.widgets.painted import Line, wrap

if TYPE_CHECKING:
    from mxtop.ui.app import MxtopApp
    from mxtop.ui.changing import Changing

READ_ONLY = literal(
    "mxtop was started with --read-only: nothing can be applied, kept or taken back from here."
)


class Fix(Choosing):
    @property
    def _app(self) -> MxtopApp:
        return cast("MxtopApp", self.app)

    @property
    def _changing(self) -> Changing:
        return self._app.changing

    def on_mount(self) -> None:
        changing = self._changing
        self.picker.choose(
            *(changing.wanted or (proposed([self._app.view.snapshot], self.picker.values), WINDOW))
        )
        if changing.progress is None and not changing.asking:
            changing.choose(self.picker.value, self.picker.window)

    def on_unmount(self) -> None:
        self._changing.leave()

    # -- what is shown ------------------------------------------------------------

    def title_text(self) -> str:
        return f"Fix · {ADDRESS_PREFERENCE.title} · {clean(self._app.session.host, 60)}"

    def stage(self) -> str:
        return "change" if self._changing.progress or self._changing.begun else "preview"

    def lines(self, width: int) -> list[Line]:
        changing = self._changing
        shown: list[Line] = []
        if changing.read_only:
            shown += [*wrap(READ_ONLY, width, "accent"), ()]
        if changing.error is not None:
            shown += trouble(changing.error, width)
        if changing.progress is not None:
            if changing.recorded:
                words = "A recording: this is what was seen when it was made. Nothing is changed."
                shown += [*wrap(literal(words), width, "accent"), ()]
            shown += progress.lines(changing.progress, width, utc=self._app.view.utc)
            return shown + self._deferred(width)
        if changing.proposal is not None:
            return shown + preview.lines(changing.proposal, width)
        if changing.asking:
            shown += wrap(SafeText(f"◔ {clean(changing.asking, 80)} …"), width, "muted")
        elif changing.error is not None and changing.begun is None:
            shown += wrap(literal("Nothing was changed."), width, "muted")
        return shown

    def choices(self) -> Sequence[Button]:
        changing = self._changing
        unconfirmed = changing.unconfirmed
        if changing.progress is None:
            return self._consent()
        if not changing.progress.over:
            later = Button("close", literal("Later"))
            if unconfirmed is None or unconfirmed.working or changing.read_only or changing.asking:
                return [later]
            keep = Button("keep", SafeText(f"Keep {named(unconfirmed)}"))
            undo = Button("undo", literal("Undo now"))
            observed = changing.progress.observed
            bad = observed is not None and observed.verdict == "bad"
            return [undo, later, keep] if bad else [later, keep, undo]
        left = [Button("close", literal("Close"))]
        if self._retryable() and changing.retried is None and not changing.asking and not changing.read_only:
            left.append(Button("retry", literal("Retry now what is deferred")))
        return left

    def _consent(self) -> Sequence[Button]:
        changing = self._changing
        proposal = changing.proposal
        if changing.begun is not None:
            again = [Button("again", literal("Look again"))] if not changing.asking else []
            return [Button("close", literal("Close")), *again]
        if proposal is None or changing.asking or changing.read_only:
            return [Button("close", literal("Cancel"))]
        change = proposal.preview.change
        return [Button("close", literal("Cancel")), Button("apply", consent(change))]

    # -- what is pressed ------------------------------------------------------------

    def on_choices_chosen(self, event: Choices.Chosen) -> None:
        if self._changing.progress is None and self._changing.begun is None:
            self.picker.choose(event.value, event.window)
            self.text.scroll_home(animate=False, immediate=True)
            self._changing.choose(event.value, event.window)

    def pressed(self, id: str) -> None:
        changing = self._changing
        match id:
            case "close":
                self.dismiss()
            case "apply":
                if (self.picker.value, self.picker.window) == changing.wanted:  # what is shown, nothing else
                    changing.apply()
            case "keep":
                changing.keep()
            case "undo":
                changing.take_back()
            case "again":
                changing.find()
            case "retry":
                changing.retry(self._retryable())

    # -- deferred mail ------------------------------------------------------------------

    def _retryable(self) -> tuple[str, ...]:
        """The destinations concerned to which mail was deferred."""
        changing = self._changing
        if changing.progress is None or changing.progress.change.state not in ("confirmed", "rolled_back"):
            return ()
        waiting = {row.destination for row in self._app.view.snapshot.destinations if row.deferred}
        told = changing.begun.forecast if changing.begun else None
        if told is None:
            return tuple(sorted(waiting))
        return tuple(row.destination for row in concerned(told) if row.destination in waiting)

    def _deferred(self, width: int) -> list[Line]:
        changing = self._changing
        if changing.retried is not None:
            messages = "1 message is" if changing.retried == 1 else f"{changing.retried:,} messages are"
            return [
                *heading("Deferred mail"),
                *wrap(SafeText(f"● {messages} tried now."), width, "ok", indent=2),
            ]
        destinations = self._retryable()
        if not destinations:
            return []
        queue = self._app.view.snapshot.queue
        many = queue.deferred if queue is not None else None
        text = f"Ask Postfix to try now what is deferred for {names(destinations)}?"
        if many is not None:
            text += f" {many:,} messages are deferred in all."
        return [*heading("Deferred mail"), *wrap(SafeText(text), width, "text", indent=2)]


def consent(change: Change) -> SafeText:
    """`Set smtp_address_preference = ipv6 on mx1`."""
    return SafeText(f"Set {named(change)} on {clean(change.host, 40)}")
