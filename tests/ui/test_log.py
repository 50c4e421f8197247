"""The virtual log: followed, never forced; steady while old lines are trimmed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.ui.fake import LINES, NOW
from tests.ui.harness import screen_text, settle
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from mxtop.mail.snapshot import CHUNK, LogTail
from mxtop.ui import loglines, theme
from mxtop.ui.widgets.log import Log
from mxtop.ui.words import parse_filter


class LogApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.painted = 0
        self.view = Log(self._line)

    def _line(self, line: str) -> loglines.Line:
        self.painted += 1
        return loglines.as_written(line)

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return theme.role_defaults(self.current_theme)

    def compose(self) -> ComposeResult:
        yield self.view

    def on_mount(self) -> None:
        self.view.focus()


def lines(first: int, last: int) -> list[str]:
    return [f"line {i:06}" for i in range(first, last)]


def shown(app: LogApp) -> str:
    """What is on the screen, without the scrollbar."""
    return "\n".join(line[:39].rstrip() for line in screen_text(app).splitlines())


@asynccontextmanager
async def log(count: int = 100) -> AsyncIterator[tuple[LogApp, Log, Pilot[None]]]:
    app = LogApp()
    async with app.run_test(size=(40, 10)) as pilot:
        app.view.show_tail(LogTail().extended(lines(0, count)))
        await settle(pilot)  # type: ignore[arg-type]
        yield app, app.view, pilot


async def test_follows() -> None:
    async with log() as (app, view, pilot):
        assert "line 000099" in shown(app)
        view.show_tail(view.tail.extended(lines(100, 250)))
        await pilot.pause()
        assert shown(app).splitlines()[-1].strip() == "line 000249" and view.waiting == 0


async def test_never_forced() -> None:
    async with log() as (app, view, pilot):
        await pilot.press("k")
        before = shown(app)
        view.show_tail(view.tail.extended(lines(100, 1334)))
        await pilot.pause()
        assert shown(app) == before and view.waiting == 1234
        await pilot.press("G")
        await pilot.pause()
        assert "line 001333" in shown(app) and view.waiting == 0 and view.following


async def test_steady_while_old_lines_are_trimmed() -> None:
    async with log(3 * CHUNK) as (app, view, pilot):
        await pilot.press("pageup", "pageup")
        before = shown(app)
        tail = view.tail
        for i in range(8):
            start = tail.end
            tail = tail.extended(lines(start, start + 100), cap=3 * CHUNK)
            view.show_tail(tail)
            await pilot.pause()
            assert shown(app) == before, i
        assert tail.first > 0
        for _ in range(20):
            start = tail.end
            tail = tail.extended(lines(start, start + 100), cap=3 * CHUNK)
            view.show_tail(tail)
            await pilot.pause()
        assert shown(app).splitlines()[0].strip() == f"line {tail.first:06}", "the oldest line left"


async def test_filter_finds_old_and_new_lines() -> None:
    async with log(2000) as (app, view, pilot):
        view.set_filter(parse_filter("line 5 !0005"))
        await pilot.pause()
        wanted = sum("5" in line and "0005" not in line for line in lines(0, 2000))
        assert view.count() == wanted
        view.show_tail(view.tail.extended(["other 5", "line 777775"]))
        await pilot.pause()
        assert view.count() == wanted + 1 and "line 777775" in shown(app)
        tail = view.tail.extended(lines(5_000_000, 5_000_600), cap=2048)
        view.show_tail(tail)
        await pilot.pause()
        assert all(number >= tail.first for number in view._numbers)
        view.set_filter(parse_filter("nothing"))
        await pilot.pause()
        assert shown(app).strip() == ""


async def test_a_filter_keeps_a_held_view_near_its_lines() -> None:
    async with log(2000) as (app, view, pilot):
        await pilot.press("g")
        for _ in range(20):
            await pilot.press("pagedown")
        top = shown(app).splitlines()[0].strip()
        view.set_filter(parse_filter("line !9"))
        await pilot.pause()
        view.set_filter(parse_filter(""))
        await pilot.pause()
        assert abs(int(shown(app).splitlines()[0].split()[-1]) - int(top.split()[-1])) < 12


async def test_another_log_altogether() -> None:
    async with log(100) as (app, view, pilot):
        await pilot.press("k")
        view.show_tail(LogTail().extended(["fresh"]))
        await pilot.pause()
        assert "fresh" in shown(app) and "line" not in shown(app)


async def test_marks_the_selected_destination() -> None:
    async with log(3) as (app, view, pilot):
        view.mark("LINE 000001")
        await pilot.pause()
        assert [line[0] for line in shown(app).splitlines()[:3]] == [" ", "▌", " "]


async def test_only_visible_lines_are_read() -> None:
    async with log(10) as (app, view, pilot):
        app.painted = 0
        view.show_tail(view.tail.extended(lines(10, 40_000)))
        await pilot.pause()
        assert app.painted <= 30


async def test_sideways_and_wheel() -> None:
    async with log(50) as (app, view, pilot):
        view.show_tail(view.tail.extended(["x" * 100 + "end"]))
        await pilot.pause()
        await pilot.pause()
        for _ in range(12):
            await pilot.press("l")
        await pilot.pause()
        assert "end" in shown(app)
        view._scroll(-3)
        assert not view.following


def text(line: str) -> str:
    return "".join(span for span, _ in loglines.in_columns(line, NOW))


def test_columns_of_a_log_line() -> None:
    assert text(LINES[1]) == (
        "14:13:07 smtp                  v6 no connection "
        "mx1.gmail.example[2001:db8:4025::1b] Connection timed out"
    )
    assert text(LINES[4]) == (
        "14:13:10 smtp      5D2F912345  v4 sent     <jo@web.example> mx.web.example[198.51.100.7] "
        "250 2.0.0 OK queued as 4B81ABC0"
    )
    assert text(LINES[3]).startswith("14:13:09 opendkim  4B81ABC0D1: DKIM")
    assert text("no log line \x1b[2J") == "no log line ␛[2J"
    assert text("") == ""


def test_a_forged_status_is_only_text() -> None:
    line = (
        "Sep 21 14:13:10 mx1 postfix/smtpd[1]: NOQUEUE: reject: RCPT from x[192.0.2.1]: 554 5.7.1 no; "
        "from=<a@b> to=<c@d> proto=ESMTP helo=< status=sent>"
    )
    assert ("sent", "ok") not in [(span.strip(), role) for span, role in loglines.in_columns(line, NOW)]
