"""The lines on top: what state one looks at, how much, and the worst trouble with its remedy."""

from __future__ import annotations

from dataclasses import replace

from tests.ui.fake import NOW, SETTINGS, SNAPSHOT

from mxtop.mail.settings import Transport
from mxtop.mail.snapshot import Feed, Snapshot, Totals
from mxtop.ui.panels import summary
from mxtop.ui.view import View
from mxtop.ui.widgets.painted import Line


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
