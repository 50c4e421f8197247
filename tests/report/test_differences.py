"""The preview of one change on several hosts: what is the same once, what differs by its host."""

from __future__ import annotations

from dataclasses import replace

from tests.session.fleet import proposed, told

from mxtop.change.model import Setting
from mxtop.change.values import Refused
from mxtop.report.differences import preview
from mxtop.route.notes import Note
from mxtop.session.fixing import Proposal
from mxtop.session.together import Offer, first

NOTE = Note(kind="override", text="smtp has its own value", destinations=("dual.example",))
UNKNOWN = Note(kind="nothing_moves", text="nothing moves")


def shown(*offers: Offer, named: bool = False) -> str:
    return "\n".join(preview(offers, first(offers), named=named))


def before(host: str, value: str) -> Proposal:
    proposal = proposed(host, diff=f"--- a\n+++ b\n-{value}\n+x\x1b[2J\n", mail_version="3.5.25")
    setting = Setting("smtp_address_preference", None, value, "ipv6", value, "ipv6")
    change = replace(proposal.preview.change, settings=(setting,))
    return replace(proposal, preview=replace(proposal.preview, change=change))


def test_equal_hosts_stand_once_and_the_others_say_in_what_they_differ() -> None:
    text = shown(
        Offer("mx1", proposed("mx1", connections=40)),
        Offer("mx2", before("mx2", "ipv4")),
        Offer("mx3", proposed("mx3", connections=7)),
    )
    assert "\nmx1 and mx3 (/etc/postfix, Postfix 3.7.11)\n--- a\n" in text
    assert (
        "\nmx2 (/etc/postfix, Postfix 3.5.25)\n  differs     in Postfix's version, the value before" in text
    )
    assert text.count("\n+x") == 2
    assert "\x1b" not in text
    assert "  first       mx1: 40 new connections in its log to judge by\n" in text
    assert "  then        mx2, mx3, one after the other, and only while each was kept\n" in text
    assert "mx3                                  7   50%  100%\n" in text


def test_notes_name_the_hosts_that_they_are_true_of() -> None:
    both = told(0, notes=(NOTE, UNKNOWN))
    text = shown(
        Offer("mx1", proposed("mx1", forecast=both)),
        Offer("mx2", proposed("mx2", forecast=told(0, notes=(UNKNOWN,)))),
    )
    assert "  note        smtp has its own value: mx1 (dual.example)\n" in text
    assert "  note        nothing moves\n" in text
    assert "which is little:" in text
    assert "differs     in what overrides it" in text


def test_who_has_it_already_and_who_cannot() -> None:
    offers = [
        Offer("mx1", proposed("mx1", forecast=None)),
        Offer("mx2", trouble=Refused("ipv6 already", code=0)),
        Offer("mx3", trouble=Refused("read-only")),
    ]
    text = shown(*offers, named=True)
    assert "  first       mx1: named\n" in text
    assert "mx1                               cannot be foretold" in text
    assert "  so already  mx2: ipv6 already\n  cannot      mx3: read-only" in text
    assert shown(*offers[1:]) == "  so already  mx2: ipv6 already\n  cannot      mx3: read-only"


def test_lines_around_the_change_that_differ_are_said_to() -> None:
    text = shown(
        Offer("mx1", proposed("mx1", diff="--- a\n+++ b\n myhostname = mx1\n+x\n")),
        Offer("mx2", proposed("mx2", diff="--- a\n+++ b\n myhostname = mx2\n+x\n")),
    )
    assert "(as on mx1; on the others the lines around it differ)" in text
    assert "myhostname = mx2" not in text
