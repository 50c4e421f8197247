# ruff: noqa: E501  (literals as they come)
"""S1-S3 and S7 of the threat model: what strangers write reaches no terminal but as visible text.

Every payload goes into every field of a snapshot, through every panel and page.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fake import NOW, SNAPSHOT, FakeSession, families, socket
from tests.ui.harness import PAYLOADS, hostile_characters, running, screen_text, settle
from tests.ui.terminal import terminal

from mxtop.mail.answer import Address, Answer, MxHost
from mxtop.mail.errors import MxtopError
from mxtop.mail.settings import Route, Settings, Transport
from mxtop.mail.snapshot import (
    Destination,
    Failure,
    Feed,
    LogTail,
    Outlook,
    Prediction,
    Shares,
    Snapshot,
    Totals,
)
from mxtop.mail.text import clean
from mxtop.ui.screens.details import Details
from mxtop.ui.screens.error import Error


def hostile(text: str) -> Snapshot:
    """A snapshot with the payload in every field that comes from outside."""
    row = Destination(
        destination=text, sent=3, deferred=2, last_reply=text, last_time=text, state="failing", outcomes="sdb",
        families=families(2, 1), failures=(Failure(text, "deferred", text, text, text),), deferred_rate=1.0,
    )  # fmt: skip
    host = MxHost(
        preference=10, host=text, cname=text, ipv4="ok", ipv6="nodata",
        addresses=(Address(text, "ipv4", 60),),
    )  # fmt: skip
    outlook = Outlook(
        destination=text,
        route=Route(destination=text, transport=text, next_hops=(text,), source=text, fallback=(text,),
                    cases=((text, Route(destination=text, next_hops=(text,), transport=text)),), by_sender=True),
        answers=(Answer(name=text, mx_status="ok", ttl=3, hosts=(host,)), Answer(name=text, mode="host")),
        prediction=Prediction(status="ok", shares=Shares(now=0.5), why=text, warnings=(text,)),
        error=text,
    )  # fmt: skip
    feeds = {
        "log": Feed(name="log", state="live", detail=text, remedy=text, since=NOW),
        "sockets": Feed(name="sockets", state="live", detail=text),
        text: Feed(name=text, state="down", detail=text, remedy=text),
    }
    lines = [text, f"Sep 21 14:13:05 mx1 postfix/smtp[1]: 4BDEF012: to=<{text}>, relay=x[192.0.2.1]:25, delay=1, "
             f"delays=0/0/0/1, dsn=4.0.0, status=deferred ({text})",
             f"Sep 21 14:13:05 {text} postfix/smtp[1]: connect to {text}[192.0.2.1]:25: {text}",
             f"Sep 21 14:13:05 mx1 {text}[1]: {text}"]  # fmt: skip
    return replace(
        SNAPSHOT, host=text, feeds=feeds, destinations=(row,), outlooks={text: outlook},
        settings=Settings(mail_version=text, transports={"smtp": Transport(smtp_address_preference=text)}),
        totals=Totals(lines=10, unparsed=3, deliveries={text: 1}, dropped={text: 4}),
        sockets=(socket("SYN_SENT", text, local_address=text, destination=text, daemon=text, service=text),
                 socket(text, text, destination=text)),
        log=LogTail().extended(lines),
    )  # fmt: skip


async def test_every_panel_and_page() -> None:
    async with running(SNAPSHOT, size=(140, 60)) as (app, pilot):
        for payload in PAYLOADS:
            app.publish(hostile(payload))
            app.select(payload)
            await settle(pilot)
            seen = screen_text(app)
            if payload.isprintable() and "\u0301" not in payload:
                assert seen.count(payload) > 10, "markup stays literal"
            await pilot.press("w", "enter")
            await settle(pilot)
            assert isinstance(app.screen, Details)
            seen += screen_text(app)
            await pilot.press("c", "escape", "c")
            seen += screen_text(app)
            assert {c: line for line in seen.splitlines() for c in hostile_characters(line)} == {}, ascii(
                payload
            )
            assert hostile_characters(app.clipboard) == set()
            assert app.fatal is None and app.is_running, "no action was run"


async def test_zoomed_panels() -> None:
    text = "".join(PAYLOADS)
    async with running(hostile(text), size=(100, 40)) as (app, pilot):
        app.select(text)
        await pilot.press("z")
        for key in "12345":
            await pilot.press(key)
            await settle(pilot)
            assert hostile_characters(screen_text(app)) == set()


async def test_empty_states_filter_and_notices() -> None:
    async with running(SNAPSHOT, size=(120, 40)) as (app, pilot):
        for payload in PAYLOADS:
            feeds = {
                n: Feed(name=n, state="down", detail=payload, remedy=payload) for n in ("log", "sockets")
            }
            app.publish(replace(SNAPSHOT, feeds=feeds, destinations=(), sockets=(), log=LogTail()))
            app.tell(clean(payload))
            await pilot.press("slash")
            app.main.input.insert_text_at_cursor(payload)
            await settle(pilot)
            seen = screen_text(app)
            await pilot.press("enter")
            await settle(pilot)
            seen += screen_text(app)
            assert hostile_characters(seen) == set(), ascii(payload)
            await pilot.press("escape")


@pytest.mark.parametrize(
    "payload", ["".join(PAYLOADS), "[/x]", "[@click=app.quit]"], ids=["all", "close", "click"]
)
async def test_options_and_errors(payload: str) -> None:
    session = FakeSession(SNAPSHOT)
    async with running(session=session, theme_name=payload, keys={payload: payload}, notices=[payload]) as (
        app,
        pilot,
    ):
        seen = screen_text(app)
        session.error = MxtopError(payload, payload)
        app.fail(session.error)
        await settle(pilot)
        assert isinstance(app.screen, Error)
        assert hostile_characters(seen + screen_text(app)) == set()


def test_a_real_terminal_sees_no_payload() -> None:
    """S2: bytes to the terminal, which the compositor alone cannot tell."""
    code = """
from tests.ui.fake import FakeSession
from tests.ui.harness import PAYLOADS
from tests.ui.test_hostile import hostile
from mxtop.ui.app import MxtopApp, run_app
run_app(MxtopApp(FakeSession(hostile("PAYLOAD" + "".join(PAYLOADS)), every=0.2)))
"""
    with terminal(code, columns=200, lines=60) as it:
        it.wait_for("PAYLOAD")
        it.press("\r")
        it.read(1.5)
        it.press("q")
        it.exit_code()
    for bad in (
        b"PWNED\x07",
        b"\x1b]0;PWNED",
        b"\x1b]52;c;ZXZ",
        b"\x1b]8;",
        b"\x1bP1$q",
        b"\x1b_apc",
        b"\x1bc",
        b"\x1b[2J",
    ):
        assert bad not in it.output, bad
    assert b"\xc2\x9b" not in it.output


async def test_columns_are_not_spoofed() -> None:
    """S7: bidi, zalgo and wide characters neither move nor reorder what stands behind them."""
    for payload in ("\u202egnp.exe", "a" + "\u0301" * 5000, "\U0001f468\u200d\U0001f469", "日本語" * 20):
        async with running(hostile(payload), size=(140, 60)) as (app, _):
            line = next(text for text in screen_text(app).splitlines() if "▸▲ failing" in text)
            assert "4▇▇▇▇▁▁6" in line
            from rich.cells import cell_len

            assert cell_len(line[: line.index("4▇▇▇▇▁▁6")]) < 45
