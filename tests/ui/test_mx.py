# ruff: noqa: E501  (literals as they come)
"""What the MX panel says of each case: what is predicted, what was seen, and why."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from tests.ui.fake import DESTINATIONS, OUTLOOK, SNAPSHOT

from mxtop.mail.answer import Answer, MxHost, Viewpoint
from mxtop.mail.settings import Route
from mxtop.mail.snapshot import Families, Feed, Outlook, Prediction, Shares
from mxtop.ui.panels import mx
from mxtop.ui.view import View
from mxtop.ui.widgets.painted import Line


def plain(lines: list[Line]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


def panel(outlook: Outlook | None = OUTLOOK, width: int = 60, **fields: object) -> str:
    outlooks = {} if outlook is None else {"gmail.example": outlook}
    snapshot = replace(SNAPSHOT, outlooks=outlooks, **fields)  # type: ignore[arg-type]
    return plain(mx.lines(View(snapshot=snapshot, selected="gmail.example"), width))


def test_the_mx_panel_tells_prediction_observation_and_why() -> None:
    text = panel()
    assert "IPv6 first   now   any  ipv4  ipv6" in text
    assert "predicted    67%   67%    0%  100%" in text
    assert "observed     72%  252 of 350 first tries\nconnections  v4 120 v6 310\n" in text
    assert "67 % of first tries go over IPv6." in text.replace("\n", " ")
    assert "   v6 2001:db8:4025::1b  5.0m ✖ 2 SYN_SENT" in text
    assert "   v6 2001:db8:4025::2b  5.0m ● 1 live" in text
    assert (
        "no AAAA record" in text and "✖ AAAA lookup fails (SERVFAIL)" in text and "alias of x.example" in text
    )
    assert "▲ the AAAA lookup of alt2" in text


def test_the_mx_panel_says_which_way_a_resolver_elsewhere_is_asked() -> None:
    def seen(*ways: Literal["", "stream", "command"]) -> str:
        answers = tuple(Answer(name="x", viewpoint=Viewpoint("mx1", "192.0.2.53", way)) for way in ways)
        return panel(replace(OUTLOOK, answers=answers))

    assert "resolver" not in panel()
    assert "resolver" not in seen("")
    assert seen("stream", "stream").count("resolver 192.0.2.53, through a forwarded connection") == 1
    assert "resolver 192.0.2.53, asked by a command there" in seen("command")


def test_without_sockets_no_address_is_said_to_have_none() -> None:
    assert "live" not in panel(feeds={}) and "SYN_SENT" not in panel(feeds={})


@pytest.mark.parametrize(
    ("route", "shown"),
    [
        (Route(destination="gmail.example", next_hops=("gmail.example",)), "→ its own MX, by smtp"),
        (Route(destination="gmail.example", next_hops=("[relay.example]:587",), source="relayhost"),
         "→ [relay.example]:587, by smtp (relayhost)"),
        (Route(destination="gmail.example", transport="error", source="transport_maps"),
         "→ no next hop, by error (transport_maps)"),
        (Route(destination="gmail.example", next_hops=("a",), fallback=("b",)), "fallback b"),
        (Route(destination="gmail.example", by_sender=True, cases=(
            ("@a.example", Route(destination="gmail.example", next_hops=("r1",), transport="relay")),)),
         "@a.example: r1 by relay"),
    ],
)  # fmt: skip
def test_routes(route: Route, shown: str) -> None:
    assert shown in panel(replace(OUTLOOK, route=route))


@pytest.mark.parametrize(
    ("outlook", "shown"),
    [
        (None, "Looking up …"),
        (Outlook(destination="gmail.example", pending=True), "Looking up …"),
        (Outlook(destination="gmail.example", error="no resolver answers"), "✖ no resolver answers"),
        (Outlook(destination="gmail.example", prediction=Prediction(status="null_mx", why="It accepts no mail."),
                 answers=(Answer(name="gmail.example", mx_status="ok", null_mx=True),)), "null MX: accepts no mail"),
        (Outlook(destination="gmail.example", prediction=Prediction(status="nxdomain"),
                 answers=(Answer(name="gmail.example", mx_status="nxdomain"),)), "no such name"),
        (Outlook(destination="gmail.example", prediction=Prediction(status="timeout"),
                 answers=(Answer(name="gmail.example", mx_status="timeout"),)), "✖ MX lookup gets no answer"),
        (Outlook(destination="gmail.example", prediction=Prediction(status="implicit_mx", shares=Shares(now=1.0)),
                 answers=(Answer(name="gmail.example", mx_status="nodata",
                                 hosts=(MxHost(preference=0, host="gmail.example"),)),)),
         "no MX record, so its own address"),
    ],
)  # fmt: skip
def test_every_outcome_of_a_lookup(outlook: Outlook | None, shown: str) -> None:
    text = panel(outlook)
    assert shown in text and "observed     72%" in text


def test_the_observed_share_stands_with_the_counts_that_it_is_made_of() -> None:
    wide = "observed     72%  252 of 350 first tries   connections  v4 120 v6 310\n"
    assert wide in panel(width=len(wide) - 1)
    assert wide.replace("   connections", "\nconnections") in panel(width=len(wide) - 2)
    assert "observed     72%  252 of 350\nconnections  v4 120 v6 310\n" in panel(width=36)
    black_hole = replace(DESTINATIONS[0], families=Families(), first_tries=3, first_tries_ipv6=3)
    failed = panel(destinations=(black_hole,))
    assert "observed    100%  3 of 3 first tries\n" in failed and "connections" not in failed
    assert "observed    100%  3 of 3 first tries" in panel(None, destinations=(black_hole,))


def test_why_nothing_can_be_looked_up() -> None:
    down = {"settings": Feed(name="settings", state="down")}
    assert "No Postfix settings" in panel(None, feeds=down)
    assert "A log file alone has no DNS" in panel(None, mode="files")
    assert "Select a destination" in plain(mx.lines(View(), 60))
