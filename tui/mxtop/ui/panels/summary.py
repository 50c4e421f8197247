"""Three lines on top: where, how much, the trend; and, always top right, the state.  With findings, a
fourth names the worst.

Zoomed it lists every feed with its remedy and what was counted.  A feed that fails is told
here with the step that helps; nothing else on the screen stops.
"""

from __future__ import annotations

from typing import Final

from rich.cells import cell_len, set_cell_size
from textual import events

from mxtop.mail import units
from mxtop.mail.snapshot import Feed
from mxtop.mail.text import SafeText, clean, literal
from mxtop.ui import findings, links
from mxtop.ui.view import View
from mxtop.ui.widgets.painted import ELLIPSIS, Line, Span, Text, width_of, wrap
from mxtop.ui.words import moment, spark

_GAP: Final = literal("   ")
_FEED: Final = {
    "live": (literal("● live"), "ok"),
    "starting": (literal("· starting"), "muted"),
    "history": (literal("◔ history"), "accent"),
    "ended": (literal("■ read"), "muted"),
    "stale": (literal("▲ stale"), "slow"),
    "down": (literal("✖ down"), "bad"),
}


class Summary(Text):
    """The panel.  It has no frame: its own lines are its title."""

    DEFAULT_CSS = "Summary { height: 3; padding: 0 1; } Summary.-found { height: 4; }"
    number = 1

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown = View()

    def show(self, view: View) -> None:
        self._shown = view
        self.set_class(bool(view.snapshot.findings), "-found")
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        width = self.room
        lines = [
            _between(where(self._shown), state(self._shown), width),
            _with_spark(self._shown, width),
            _news(self._shown, width),
        ]
        if found := findings.worst(self._shown.snapshot):
            lines.append(_between(found, findings.remedy(self._shown.snapshot), width))
        if self.size.height > 4:
            lines += [(), *_connection(self._shown, width), *feeds(self._shown, width), ()]
            lines += counted(self._shown)
        self.show_lines(lines)


def where(view: View) -> list[Span]:
    """The host, its Postfix and the setting that decides about families."""
    snapshot = view.snapshot
    spans: list[Span] = [(clean(snapshot.host, 60), "strong")]
    if settings := snapshot.settings:
        version = clean(settings.mail_version or "?", 20)
        spans += [(SafeText(f"{_GAP}postfix {version}"), "text")]
        transport = settings.transport("smtp")
        preference = clean(transport.smtp_address_preference, 20)
        if len(transport.inet_protocols) == 1:
            preference = clean(f"{transport.inet_protocols[0]} only", 20)
        spans += [(_GAP, "text"), (literal("preference "), "muted"), (preference, "text")]
    return spans


_FILES: Final[dict[str, Span]] = {
    "ended": (literal("■ log read"), "text"),
    "live": (literal("● following"), "ok"),
}
"""What log files are at, besides being read."""


def state(view: View) -> list[Span]:
    """Live, paused since, demo, replay, …: what one looks at."""
    snapshot = view.snapshot
    log = snapshot.feeds.get("log")
    spans: list[Span]
    link = links.away(snapshot)
    if view.paused is not None:
        spans = [(SafeText(f"‖ paused since {moment(view.paused, utc=view.utc)}"), "accent")]
    elif link is not None:
        spans = links.state(link, snapshot.time)
    elif log is not None and log.state == "down":
        spans = [(literal("✖ log down"), "bad")]
    elif log is not None and log.state == "stale":
        since = "" if log.since is None else f" {units.duration(max(0.0, snapshot.time - log.since))}"
        spans = [(SafeText(f"▲ log stale{since}"), "slow")]
    elif snapshot.mode == "demo":
        spans = [(literal("▶ demo"), "accent")]
    elif snapshot.mode == "replay":
        spans = [(SafeText(f"▶ replay {moment(snapshot.time, utc=view.utc)}"), "accent")]
    elif snapshot.mode == "files":
        spans = [_FILES.get(log.state if log is not None else "", (literal("◔ reading"), "accent"))]
    elif log is None or log.state == "starting":
        spans = [(literal("· starting"), "muted")]
    else:
        spans = [(literal("● live"), "ok"), (SafeText(f" {view.interval:g}s"), "muted")]
    if view.paused is None and log is not None and log.state == "history" and log.progress is not None:
        spans.append((SafeText(f"  history {units.share(log.progress)}"), "accent"))
    if view.read_only:
        spans.append((literal("  read-only"), "muted"))
    return spans


def queue(view: View) -> list[Span]:
    """Messages in the queue, by kind; held ones only where there are any."""
    counts = view.snapshot.queue
    if counts is None:
        return [(literal("queue "), "muted"), (units.UNKNOWN, "text")]
    spans: list[Span] = [(literal("queue"), "muted")]
    for number, word, role in (
        (counts.deferred, "deferred", "slow"),
        (counts.active, "active", "text"),
        (counts.hold, "held", "accent"),
    ):
        if number or word != "held":
            spans += [(SafeText(f" {units.count(number)}"), role if number else "text")]
            spans.append((SafeText(f" {word}"), "muted"))
    return spans


def rates(view: View) -> list[Span]:
    """Deliveries per second; in a log that does not grow, all of them."""
    snapshot = view.snapshot
    spans: list[Span] = []
    for rate, word, role in (
        (snapshot.sent_rate, "sent", "ok"),
        (snapshot.deferred_rate, "deferred", "slow"),
        (snapshot.bounced_rate, "bounced", "bad"),
    ):
        total = snapshot.totals.deliveries.get(word, 0)
        number, shown = (total, units.count(total)) if snapshot.mode == "files" else (rate, units.rate(rate))
        spans += [(SafeText(f"{word} "), "muted"), (shown, role if number else "text")]
        spans.append((literal(" "), "text"))
    return spans


def _with_spark(view: View, width: int) -> Line:
    gap = literal("   " if width >= 100 else "  ")
    left = [*queue(view), (gap, "text"), *rates(view)]
    room = width - width_of(left) - 1
    history = view.snapshot.history
    if room >= 6 and history and view.snapshot.mode != "files":
        if not any(history):
            history = (0.0,) * room  # a line that grows says no more, and is painted anew each second
        left += [(literal(" "), "text"), (spark(history, room), "accent")]
    return tuple(left)


def _news(view: View, width: int) -> Line:
    """The worst trouble with its remedy, else what was read and not understood."""
    if (link := links.away(view.snapshot)) is not None:
        sign, role = links.SIGNS[link.state]
        said: list[Span] = [(SafeText(f"{sign[0]} {links.sentence(link)}"), role)]
        if link.remedy:
            said += [(literal(" → "), "muted"), (clean(link.remedy, 300), "strong")]
        again = [] if link.state in ("connecting", "stale") else [(links.RETRY, "accent")]
        return _between(said, again, width)
    trouble = [f for f in view.snapshot.feeds.values() if f.state in ("down", "stale")]
    if trouble:
        first = min(trouble, key=lambda f: (f.state != "down", f.name != "log"))
        sign, role = _FEED[first.state]
        text = f"{sign[0]} {clean(first.name, 20)}: {clean(first.detail, 300)}"
        spans: list[Span] = [(SafeText(text), role)]
        if first.remedy:
            spans += [(literal(" → "), "muted"), (clean(first.remedy, 300), "strong")]
        if len(trouble) > 1:
            spans.append((SafeText(f"  (+{len(trouble) - 1}: press 1 z)"), "muted"))
        return tuple(spans)
    totals = view.snapshot.totals
    if not totals.lines:
        return ()
    spans = [(units.count(totals.lines), "text"), (literal(" lines  "), "muted")]
    spans += [*_understood(view), *_dropped(view)]
    log = view.snapshot.feeds.get("log")
    if log is not None and log.detail:
        spans.append((clean(f"{log.detail}  ", 200), "muted"))
    for feed in view.snapshot.feeds.values():
        if feed.remedy:  # it goes on, but something is to be known: a gap, say
            spans.append((SafeText(f"▲ {clean(feed.name, 20)}: {clean(feed.remedy, 300)}"), "slow"))
    return _between(spans, [], width)


def _understood(view: View) -> list[Span]:
    """Lines that are no log lines, as a share that is never rounded to nothing."""
    totals = view.snapshot.totals
    share = totals.unparsed / totals.lines
    text = units.share(share) if share == 0 or share > 0.005 else literal("under 1%")
    return [(text, "slow" if totals.unparsed else "text"), (literal(" not understood  "), "muted")]


def _dropped(view: View) -> list[Span]:
    spans: list[Span] = []
    for table, number in view.snapshot.totals.dropped.items():
        if number:
            spans += [(units.count(number), "slow"), (clean(f" {table} dropped  ", 60), "muted")]
    return spans


def _connection(view: View, width: int) -> list[Line]:
    """What a host that is away needs, in full."""
    link = links.away(view.snapshot)
    return [] if link is None else [*links.full(link, view.snapshot.time, width), ()]


def feeds(view: View, width: int) -> list[Line]:
    """Every feed: its state, since when, what it says, what would help."""
    lines: list[Line] = []
    for feed in view.snapshot.feeds.values():
        sign, role = _FEED[feed.state]
        since = "" if feed.since is None else f" since {moment(feed.since, utc=view.utc)}"
        lines.append(
            (
                (SafeText(clean(feed.name, 20).ljust(10)), "heading"),
                (SafeText(sign.ljust(11)), role),
                (SafeText(since), "muted"),
            )
        )
        lines += _told(feed, width)
    return lines


def _told(feed: Feed, width: int) -> list[Line]:
    lines: list[Line] = []
    if feed.detail:
        lines += wrap(clean(feed.detail), width, "text", indent=10)
    if feed.remedy:
        lines += wrap(SafeText(f"→ {clean(feed.remedy)}"), width, "strong", indent=10)
    return lines


def counted(view: View) -> list[Line]:
    """What the log held, in numbers."""
    totals = view.snapshot.totals
    numbers = [
        ("lines", totals.lines), ("other programs", totals.foreign), ("not understood", totals.unparsed),
        ("messages queued", totals.queued), ("removed", totals.removed), ("in flight", totals.in_flight),
        ("other instances", totals.other_instances),
        *((f"deliveries {status}", number) for status, number in totals.deliveries.items()),
        *((f"{table} dropped", number) for table, number in totals.dropped.items()),
    ]  # fmt: skip
    return [
        ((SafeText(clean(word, 30).ljust(22)), "muted"), (SafeText(f"{number:>12,}"), "text"))
        for word, number in numbers
    ]


def _between(left: list[Span], right: list[Span], width: int) -> Line:
    """Left and right ends of one line; the left one gives way."""
    kept = _cut(left, width - width_of(right) - 1)
    if not right:
        return tuple(kept)
    return (*kept, (SafeText(" " * max(1, width - width_of(kept) - width_of(right))), "text"), *right)


def _cut(spans: list[Span], width: int) -> list[Span]:
    """As much as has room in so many cells; where that is not all, it ends in `…`."""
    if width_of(spans) <= width:
        return spans
    room = width - 1
    kept: list[Span] = []
    for text, role in spans:
        if cell_len(text) > room:
            return [*kept, (SafeText(set_cell_size(text, room) + ELLIPSIS), role)] if room >= 0 else []
        kept.append((text, role))
        room -= cell_len(text)
    return kept
