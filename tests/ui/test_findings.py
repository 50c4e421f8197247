"""Findings where the user looks: the worst in one line, and those of a destination on its page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fake import SNAPSHOT
from tests.ui.fixing import FakeFixing
from tests.ui.harness import PAYLOADS, hostile_characters, running, screen_text, settle
from tests.ui.test_fix import with_fixing

from mxtop.mail.finding import Finding
from mxtop.mail.snapshot import Snapshot
from mxtop.ui.findings import of, remedy, worst
from mxtop.ui.widgets.painted import Line, Span, width_of


async def test_a_destinations_findings_are_on_its_page() -> None:
    async with running(session=with_fixing(FakeFixing())) as (app, pilot):
        await pilot.press("enter")
        await settle(pilot)
        text = screen_text(app)
        assert "▲ IPv6 connections fail, IPv4 works" in text and "(proposes ipv4)" in text
        assert "by chance" not in text
        await pilot.press("x")
        await settle(pilot)
        assert "Fix · " in screen_text(app)


def finding(title: str = "t", *, fix: str | None = None, destinations: tuple[str, ...] = ()) -> Finding:
    return Finding(id="x", title=title, sentence="s " * 200, fix=fix, destinations=destinations)


def found(*findings: Finding) -> Snapshot:
    return replace(SNAPSHOT, findings=findings)


def plain(spans: list[Span]) -> str:
    return "".join(text for text, _ in spans)


@pytest.mark.parametrize(
    ("findings", "line", "key"),
    [
        ((), "", ""),
        ((finding(),), "▲ t", ""),
        ((finding(destinations=("a",)),), "▲ t · a", ""),
        ((finding(destinations=("a", "b", "c")), finding("u")), "▲ t · a +2 (+1)", ""),
        ((finding(), finding("u", fix="address-preference")), "▲ t (+1)", "press x"),
    ],
)
def test_the_worst_in_one_line_and_the_key_only_where_it_helps(
    findings: tuple[Finding, ...], line: str, key: str
) -> None:
    snapshot = found(*findings)
    assert (plain(worst(snapshot)), plain(remedy(snapshot))) == (line, key)


def test_a_destination_has_its_own_findings_and_no_others() -> None:
    snapshot = found(finding("one", destinations=("a", "b")), finding("two", destinations=("b",)))
    assert [title in text(of("a", snapshot, 80)) for title in ("one", "two")] == [True, False]
    assert [title in text(of("b", snapshot, 80)) for title in ("one", "two")] == [True, True]
    assert of("aa", snapshot, 80) == [] and of("", snapshot, 80) == []


def text(lines: list[Line]) -> str:
    return "\n".join(plain(list(line)) for line in lines)


def test_the_fix_is_named_only_where_there_is_one() -> None:
    assert "x opens" not in text(of("a", found(finding(destinations=("a",))), 80))
    with_value = replace(finding(fix="address-preference", destinations=("a",)), value="ipv4")
    assert "x opens the fix (proposes ipv4)" in text(of("a", found(with_value), 80))
    assert "x opens the fix\n" in text(of("a", found(replace(with_value, value=None)), 80)) + "\n"


@pytest.mark.parametrize("width", [1, 20, 40, 300])
def test_hostile_words_stay_words_and_within_the_width(width: int) -> None:
    payload = "".join(PAYLOADS) + "漢字" * 40
    one = Finding(
        id="x",
        title=payload,
        sentence=payload,
        advice=payload,
        fix="f",
        value=payload,
        destinations=(payload,),
    )
    lines = of(payload, found(one), width)
    assert lines and all(width_of(line) <= max(width, 4) for line in lines)
    for seen in (text(lines), plain(worst(found(one)))):
        assert not hostile_characters(seen)
    assert len(plain(worst(found(one)))) < 2000
