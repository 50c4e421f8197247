"""The lines on top: what state one looks at, how much, and the worst trouble with its remedy."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fake import NOW, SETTINGS, SNAPSHOT
from tests.ui.harness import PAYLOADS, hostile_characters, running, screen_text, settle

from mxtop.mail.finding import Finding
from mxtop.mail.settings import Transport
from mxtop.mail.snapshot import Feed, Snapshot, Totals
from mxtop.mail.text import clean, literal
from mxtop.ui import findings
from mxtop.ui.panels import summary
from mxtop.ui.view import View
from mxtop.ui.widgets.painted import Line, width_of


def plain(lines: list[Line]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


def log(state: str, **more: object) -> dict[str, Feed]:
    return {"log": Feed(name="log", state=state, **more)}  # type: ignore[arg-type]


def state(**fields: object) -> str:
    view = View(snapshot=replace(SNAPSHOT, **fields), utc=True)  # type: ignore[arg-type]
    return plain([tuple(summary.state(view))])


def test_the_state_at_the_top_right() -> None:
    assert state() == "● live 1s"
    assert state(mode="demo") == "▶ demo" and state(mode="replay") == "▶ replay 14:13:20"
    assert state(feeds=log("down"), mode="demo") == "✖ log down"
    assert state(feeds=log("stale", since=NOW - 42)) == "▲ log stale 42s"
    assert state(feeds=log("history", progress=0.43)) == "● live 1s  history 43%"
    assert state(mode="files", feeds=log("ended")) == "■ log read"
    assert state(mode="files", feeds=log("live")) == "● following"
    assert state(mode="files", feeds={}) == "◔ reading"
    assert state(mode="files", feeds=log("history", progress=0.5)) == "◔ reading  history 50%"
    assert state(feeds={}) == "· starting"
    paused = View(snapshot=SNAPSHOT, paused=NOW, read_only=True, utc=True)
    assert plain([tuple(summary.state(paused))]) == "‖ paused since 14:13:20  read-only"


def test_unknown_is_a_dash_never_zero() -> None:
    view = View(snapshot=Snapshot(queue=None))
    assert plain([tuple(summary.queue(view))]) == "queue –"
    counts = replace(SNAPSHOT, queue=replace(SNAPSHOT.queue, active=None))  # type: ignore[type-var]
    assert "– active" in plain([tuple(summary.queue(View(snapshot=counts)))])


def test_one_family_only_is_said_beside_the_version() -> None:
    settings = replace(SETTINGS, transports={"smtp": Transport(inet_protocols=("ipv4",))})
    assert "ipv4 only" in plain([tuple(summary.where(View(snapshot=replace(SNAPSHOT, settings=settings))))])


def test_a_log_that_does_not_grow_has_totals_instead_of_rates() -> None:
    assert (
        plain([tuple(summary.rates(View(snapshot=SNAPSHOT)))]).strip()
        == "sent 23.2/s deferred 4.1/s bounced 0.2/s"
    )
    files = View(snapshot=replace(SNAPSHOT, mode="files"))
    assert plain([tuple(summary.rates(files))]).strip() == "sent 17.1k deferred 417 bounced 10"


def test_a_gap_in_a_live_log_is_told() -> None:
    view = View(snapshot=replace(SNAPSHOT, feeds=log("live", remedy="lines are missing: copytruncate")))
    assert "▲ log: lines are missing: copytruncate" in plain([summary._news(view, 200)])


def test_what_was_dropped_is_shown() -> None:
    totals = Totals(lines=1000, unparsed=10, dropped={"destinations": 12, "queue ids": 0})
    text = plain([summary._news(View(snapshot=replace(SNAPSHOT, totals=totals)), 200)])
    assert "1% not understood" in text and "12 destinations dropped" in text and "queue ids" not in text


WIDTHS = [10, 20, 40, 80, 200]
HOSTILE = "".join(PAYLOADS) + "漢字" * 40


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("words", ["x" * 500, "漢字" * 100, "é" * 90], ids=["long", "wide", "narrow"])
def test_the_right_end_of_a_line_is_never_pushed_out(width: int, words: str) -> None:
    """What stands there is the state of it all, or the key that helps."""
    right = [(literal("● live"), "ok")]
    line = summary._between([(clean(words, 400), "text"), (literal(" more"), "text")], right, width)
    assert plain([line]).endswith(" ● live") and width_of(line) <= width


def test_what_has_room_is_not_cut() -> None:
    for words in ("x" * 30, "漢字" * 7 + "xx"):
        line = summary._between([(clean(words), "text")], [(literal("● live"), "ok")], 37)
        assert plain([line]).startswith(words) and width_of(line) == 37


def test_a_finding_at_a_destination_in_wide_letters_leaves_the_key_in_sight() -> None:
    """SMTPUTF8 destinations are logged in their own script."""
    one = Finding(id="x", title="t", sentence="s", fix="address-preference", destinations=("邮件例子" * 12,))
    snapshot = replace(SNAPSHOT, findings=(one,))
    line = summary._between(findings.worst(snapshot), findings.remedy(snapshot), 78)
    assert plain([line]).endswith("press x") and width_of(line) <= 78


@pytest.mark.parametrize("size", [(40, 10), (120, 36)])
async def test_the_state_is_in_sight_at_any_size(size: tuple[int, int]) -> None:
    silent = replace(SNAPSHOT, feeds=log("down", detail=HOSTILE, remedy=HOSTILE))
    async with running(silent, size=size, read_only=True) as (app, pilot):
        assert screen_text(app).splitlines()[0].endswith("✖ log down  read-only")
        await pilot.press("1", "z")
        await settle(pilot)
        assert not hostile_characters(screen_text(app))


def test_trouble_is_the_worst_first_and_the_log_before_others() -> None:
    def feeds(*states: tuple[str, str]) -> View:
        made = {name: Feed(name=name, state=state, detail=f"of {name}") for name, state in states}  # type: ignore[arg-type]
        return View(snapshot=replace(SNAPSHOT, feeds=made))

    assert "▲ queue: of queue" in plain([summary._news(feeds(("log", "live"), ("queue", "stale")), 100)])
    both = plain([summary._news(feeds(("queue", "down"), ("log", "down"), ("dns", "stale")), 100)])
    assert both.startswith("✖ log: of log") and "(+2: press 1 z)" in both
    assert plain([summary._news(feeds(("log", "stale"), ("queue", "down")), 100)]).startswith("✖ queue")


@pytest.mark.parametrize(
    ("unparsed", "lines", "share"),
    [
        (0, 10, "0%"),
        (1, 1_000_000, "under 1%"),
        (5, 1000, "under 1%"),
        (6, 1000, "1%"),
        (1, 2, "50%"),
        (3, 3, "100%"),
    ],
)
def test_lines_not_understood_are_never_rounded_to_none(unparsed: int, lines: int, share: str) -> None:
    view = View(snapshot=replace(SNAPSHOT, totals=Totals(lines=lines, unparsed=unparsed)))
    assert f" {share} not understood" in f" {plain([tuple(summary._understood(view))])}"


def test_before_the_first_line_nothing_is_counted() -> None:
    assert summary._news(View(snapshot=Snapshot()), 80) == ()
    assert plain([tuple(summary.state(View()))]) == "· starting"


def test_a_feed_that_is_down_names_its_remedy_in_full_when_zoomed() -> None:
    feed = Feed(name="sockets", state="down", detail="may not be seen", remedy="sudo mxtop " + "x" * 200)
    view = View(snapshot=replace(SNAPSHOT, feeds={"sockets": feed}), utc=True)
    shown = summary.feeds(view, 40)
    assert "✖ down" in plain(shown[:1]) and all(width_of(line) <= 40 for line in shown)
    assert plain(shown).replace("\n", "").replace(" ", "").endswith("x" * 200)


def test_a_trend_of_nothing_does_not_grow_and_is_not_painted_anew() -> None:
    def trend(*history: float) -> str:
        line = summary._with_spark(View(snapshot=replace(SNAPSHOT, history=history)), 120)
        return plain([line]).rpartition("/s")[2].strip()

    assert trend() == ""
    assert trend(0.0) == trend(0.0, 0.0) != ""
    assert set(trend(0.0)) == {"▁"}
    assert trend(0.0, 1.0) == "▁█", "only what was seen"
