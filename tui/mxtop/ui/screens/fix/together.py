"""The page of one change on several hosts: preview and consent, then each host's state, then the end.

Shows what the application's `ChangingTogether` holds, and tells it what was pressed; closing it stops
nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from mxtop.fixes.address_preference import ADDRESS_PREFERENCE
from mxtop.mail import units
from mxtop.mail.text import SafeText, clean, literal
from mxtop.session.fixing import Progress
from mxtop.ui.changing import WINDOW
from mxtop.ui.screens.fix import differences, progress
from mxtop.ui.screens.fix.choices import Choices, Choosing, proposed
from mxtop.ui.screens.fix.differences import listed
from mxtop.ui.screens.fix.page import READ_ONLY
from mxtop.ui.screens.fix.words import heading, named, next_step, sign
from mxtop.ui.widgets.buttons import Button
from mxtop.ui.widgets.painted import Line, Span, fit, wrap
from mxtop.ui.words import BAR, split_line

if TYPE_CHECKING:
    from mxtop.change.model import Change
    from mxtop.session.together import Offer
    from mxtop.ui.app import MxtopApp
    from mxtop.ui.together import ChangingTogether


class FixTogether(Choosing):
    @property
    def _together(self) -> ChangingTogether:
        return cast("MxtopApp", self.app).together

    def on_mount(self) -> None:
        together = self._together
        if together.begun:
            return
        snapshots = [host.latest for host in together.hosts.values()]
        value = proposed(snapshots, self.picker.values)
        self.picker.choose(*(together.wanted or (value, WINDOW)))
        together.choose(self.picker.value, self.picker.window)

    def on_unmount(self) -> None:
        self._together.leave()

    # -- what is shown ------------------------------------------------------------

    def title_text(self) -> str:
        return f"Fix · {ADDRESS_PREFERENCE.title} · {len(self._together.hosts)} hosts"

    def stage(self) -> str:
        return "change" if self._together.begun else "preview"

    def lines(self, width: int) -> list[Line]:
        together = self._together
        shown: list[Line] = []
        if together.read_only:
            shown += [*wrap(READ_ONLY, width, "accent"), ()]
        if together.begun:
            utc = cast("MxtopApp", self.app).view.utc
            shown += [*_summary(together, width), *_table(together, width)]
            return [*shown, *_at(together, width, utc=utc)]
        if together.asking:
            return [*shown, *wrap(SafeText(f"◔ {clean(together.asking, 80)} …"), width, "muted")]
        return [*shown, *differences.lines(together.offers, together.queue, width)]

    def choices(self) -> Sequence[Button]:
        together = self._together
        if not together.begun:
            cancel = Button("close", literal("Cancel"))
            if not together.queue or together.asking or together.read_only:
                return [cancel]
            return [cancel, Button("apply", consent(together.offers, together.queue))]
        if together.running:
            later, change = Button("close", literal("Later")), together.unconfirmed
            if change is None or together.read_only:
                return [later]
            at = clean(together.at, 40)
            on = " and go on" if together.at != together.queue[-1].host else ""
            keep = Button(f"keep {together.at}", SafeText(f"Keep {named(change)} on {at}{on}"))
            return [later, keep, Button(f"back {together.at}", SafeText(f"Undo on {at} and stop"))]
        close = Button("close", literal("Close"))
        if not together.kept or together.asking or together.read_only:
            return [close]
        return [close, Button("undo", SafeText(f"Undo on {listed(together.kept)}"))]

    # -- what is pressed ------------------------------------------------------------

    def on_choices_chosen(self, event: Choices.Chosen) -> None:
        if not self._together.begun:
            self.picker.choose(event.value, event.window)
            self.text.scroll_home(animate=False, immediate=True)
            self._together.choose(event.value, event.window)

    def pressed(self, id: str) -> None:
        together = self._together
        what, _, host = id.partition(" ")
        match what:
            case "close":
                self.dismiss()
            case "apply":
                if (self.picker.value, self.picker.window) == together.wanted:  # what is shown, nothing else
                    together.apply()
            case "keep":
                together.keep(host)
            case "back":
                together.take_back(host)
            case "undo":
                together.undo()


def consent(offers: Sequence[Offer], queue: Sequence[Offer]) -> SafeText:
    """`Set smtp_address_preference = ipv6 on mx1, then mx3, without mx2`."""
    first, *others = queue
    assert first.proposal is not None
    label = f"Set {named(first.proposal.preview.change)} on {clean(first.host, 40)}"
    if others:
        label += f", then {listed([offer.host for offer in others])}"
    if out := [offer.host for offer in offers if offer.trouble is not None and not offer.already]:
        label += f", without {listed(out)}"
    return SafeText(label)


def _summary(together: ChangingTogether, width: int) -> list[Line]:
    """How far all of it is, in one sentence."""
    kept = together.kept
    stopped = next((fate for fate in together.fates.values() if not fate.kept), None)
    if together.asking:
        return wrap(SafeText(f"◔ {clean(together.asking, 80)} …"), width, "accent")
    if together.running:
        done = f"{len(kept)} of {len(together.queue)} kept"
        words = f"◔ {done}; now {clean(together.at, 40)}" if together.at else f"◔ {done}; beginning"
        return wrap(SafeText(words), width, "accent")
    if stopped is None:
        return wrap(SafeText(f"● kept on {listed(kept)}"), width, "ok")
    words = f"kept on {listed(kept)}" if kept else "it stays on no host"
    if any(fate.trouble is not None and not fate.begun for fate in together.fates.values()):
        words += "; what was not begun is as it was"
    return wrap(SafeText(f"▲ stopped: {words}"), width, "slow")


def _table(together: ChangingTogether, width: int) -> list[Line]:
    """A row for each host in its order: its state, the families since, the verdict, the reason."""
    room = max(10, min(24, width - 54))
    head = f"  {'Host':<{room}} {'State':<16} {'New conn since':<{BAR + 12}} Verdict"
    shown: list[Line] = [(), ((SafeText(head), "muted"),)]
    for offer in together.queue:
        shown += _row(together, offer.host, room, width)
    return shown


def _row(together: ChangingTogether, host: str, room: int, width: int) -> list[Line]:
    fate, seen = together.fates.get(host), together.seen.get(host)
    word, role = _state(together, host)
    mark = literal("▸ " if together.running and host == together.at else "  ")
    spans: list[Span] = [(mark, "accent"), (SafeText(f"{fit(clean(host, 60), room)} "), "strong")]
    spans.append((SafeText(f"{fit(word, 16)} "), role))
    observed = seen.observed if seen is not None else None
    if observed is not None and (fate is None or fate.begun):
        after = observed.after
        spans += [(SafeText(f"{units.count(after.ipv4):>5} "), "v4"), *_bar(after.ipv4, after.ipv6)]
        spans.append((SafeText(f" {units.count(after.ipv6):<5}"), "v6"))
        word, role = progress.VERDICTS[observed.verdict]
        spans.append((literal("· open") if observed.verdict == "too_little_traffic" else word, role))
    shown: list[Line] = [tuple(spans)]
    why = together.trouble.get(host, "")
    if fate is not None:
        why = str(fate.trouble) if fate.trouble is not None else fate.change.detail
        if fate.lost:
            why = "does not answer any more: its watchdog takes it back, whether it has is not known"
        if step := next_step(fate.change):
            why = f"{why}. {step}" if why else step
    if why:
        shown += wrap(clean(why, 500), width, "muted", indent=4)
    return shown


def _bar(ipv4: int, ipv6: int) -> Line:
    bar = split_line(ipv4, ipv6)
    return bar if ipv4 + ipv6 else ((SafeText("–".center(BAR + 2)), "muted"),)


def _state(together: ChangingTogether, host: str) -> tuple[SafeText, str]:
    """Where a host stands, as glyph and word, and its role."""
    fate, seen = together.fates.get(host), together.seen.get(host)
    if fate is not None and fate.lost:
        return literal("✖ lost"), "bad"
    if fate is not None and not fate.begun:
        return literal("· not begun"), "muted"
    if fate is not None:
        return _end(fate.change)
    if seen is None:
        return literal("· waits"), "muted"
    return _end(seen.change) if seen.over else _now(together, host, seen)


def _end(change: Change) -> tuple[SafeText, str]:
    glyph, role = sign(change)
    return SafeText(f"{glyph} {_END.get(change.state, change.state.replace('_', ' '))}"), role


def _now(together: ChangingTogether, host: str, seen: Progress) -> tuple[SafeText, str]:
    if seen.lost:
        return literal("▲ away"), "slow"
    match together.answered(host):
        case "keep":
            return literal("◔ keeping it"), "accent"
        case "back":
            return literal("◔ going back"), "accent"
    if seen.change.phase != "applied":
        return literal("◔ being applied"), "accent"
    return literal("▲ UNCONFIRMED"), "slow"


_END = {"confirmed": "kept", "rolled_back": "taken back"}


def _at(together: ChangingTogether, width: int, *, utc: bool) -> list[Line]:
    """The host at hand, or the last one, in full."""
    seen = together.seen.get(together.at)
    if seen is None:
        return []
    shown = heading(f"On {clean(together.at, 60)}")
    if seen.observed is not None:
        shown += progress.observed(seen.observed, width, utc=utc)
    return [*shown, *progress.commands(seen.change, width)]
