"""What is known before one says yes: the finding with its numbers, the diff, the effect, what will run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.ui.fixing import COMMANDS, FINDINGS, change, diff, forecast
from tests.ui.harness import PAYLOADS, hostile_characters

from mxtop.change.model import Preview
from mxtop.mail.finding import Evidence, Finding
from mxtop.session.fixing import Proposal
from mxtop.ui.screens.fix import preview
from mxtop.ui.widgets.painted import Line

PROPOSAL = Proposal(
    fix="address-preference", value="ipv6", title="t", preview=Preview(change(), diff(), (), COMMANDS),
    forecast=forecast("ipv6"), findings=FINDINGS, risk="Mail may wait.", safe=False, instead="Mend it.",
    check="postconf smtp_address_preference",
)  # fmt: skip


def said(proposal: Proposal, width: int = 96) -> str:
    return text(preview.lines(proposal, width))


def text(lines: list[Line]) -> str:
    return "\n".join("".join(part for part, _ in line) for line in lines)


def words(shown: str) -> str:
    return " ".join(shown.split())


def test_in_the_order_in_which_one_asks() -> None:
    shown = said(PROPOSAL)
    heads = [
        "Finding\n", "Change of /etc/postfix/main.cf on mx1.example.net", "+smtp_address_preference = ipv6",
        "Predicted effect", "Postfix's own judgement", "What will run", "How to see that it worked",
    ]  # fmt: skip
    places = [shown.find(head) for head in heads]
    assert -1 not in places and places == sorted(places)


def test_the_finding_that_calls_for_this_value_is_told_in_full_and_others_in_a_line() -> None:
    shown = words(said(PROPOSAL))
    assert FINDINGS[1].sentence in shown and FINDINGS[0].sentence not in shown
    assert "▲ IPv6 connections fail, IPv4 works (gmail.example): it proposes ipv4" in shown


def test_without_a_finding_it_is_said_that_nothing_calls_for_it() -> None:
    assert "nothing was found here that it would mend" in words(said(replace(PROPOSAL, findings=())))


def test_numbers_are_whole_where_they_are_and_have_a_tenth_where_not() -> None:
    one = Finding(
        id="x", title="t", sentence="s",
        evidence=(Evidence("tries", 1_234_567), Evidence("seconds", 15.5), Evidence("none", 0)),
    )  # fmt: skip
    shown = text(preview.found(one, 60))
    assert " 1,234,567  tries" in shown and "      15.5  seconds" in shown and "         0  none" in shown


def test_an_effect_that_is_not_known_is_not_foretold() -> None:
    shown = words(said(replace(PROPOSAL, forecast=None)))
    assert "Not known: neither the settings nor enough of the log are read yet." in shown


@pytest.mark.parametrize(("safe", "sentence"), [(True, "● ipv6 is safe"), (False, "▲ ipv6 is unsafe")])
def test_postfix_judges_the_value(safe: bool, sentence: str) -> None:
    assert sentence in said(replace(PROPOSAL, safe=safe))


def test_a_recording_says_so_before_anything_else() -> None:
    assert said(replace(PROPOSAL, recorded=True)).startswith("A recording: this replays what was seen")
    assert "A recording" not in said(PROPOSAL)


def test_every_command_is_shown_as_it_will_run_and_after_what_it_goes_back() -> None:
    shown = said(replace(PROPOSAL, preview=Preview(change(window=300), diff(), (), (("sh", "a b", "it's"),))))
    assert "$ sh 'a b' 'it'\"'\"'s'" in shown and "after 5 min" in words(shown)


def test_warnings_of_the_host_stand_with_the_change() -> None:
    warned = replace(PROPOSAL, preview=Preview(change(), diff(), ("main.cf is managed by Puppet",), COMMANDS))
    assert "▲ main.cf is managed by Puppet" in said(warned)


@pytest.mark.parametrize("width", [20, 34, 96])
def test_words_of_strangers(width: int) -> None:
    payload = "".join(PAYLOADS) + "漢字" * 60
    found = Finding(
        id="x", title=payload, sentence=payload, advice=payload, value="ipv6", destinations=(payload,) * 9,
        evidence=(Evidence(payload, 1),),
    )  # fmt: skip
    made = change(host=payload, file=payload)
    lines = preview.lines(
        replace(
            PROPOSAL, findings=(found,), risk=payload, instead=payload, check=payload,
            preview=Preview(made, f"-{payload}\n+{payload}\n", (payload,), ((payload,),)),
        ),
        width,
    )  # fmt: skip
    assert not hostile_characters(text(lines)) and len(lines) < 3000
