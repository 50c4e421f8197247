"""Which hosts a change is the same on, and what is said of the others."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.session.fleet import proposed, told

from mxtop.change.model import Setting
from mxtop.route.notes import Note
from mxtop.session.differences import alike
from mxtop.session.fixing import Proposal

VARIANTS = {
    "as the first": {},
    "Postfix's version": {"mail_version": "3.5.25"},
    "the lines changed": {"diff": "--- a\n+++ b\n-y\n+x\n"},
    "what overrides it": {"forecast": told(0, notes=(Note(kind="override", text="smtp -o overrides"),))},
}


def test_traffic_and_the_lines_around_make_no_difference() -> None:
    one = proposed("mx1", diff="--- a\n+++ b\n myhostname = mx1\n+x\n", connections=7)
    two = proposed("mx2", diff="--- a\n+++ b\n myhostname = mx2\n+x\n", connections=900)
    (group,) = alike([("mx1", one), ("mx2", two)])
    assert (group.hosts, group.differs, group.surroundings) == (("mx1", "mx2"), (), True)
    assert group.proposal is one
    (group,) = alike([("mx1", one), ("mx2", one)])
    assert not group.surroundings


def test_what_was_set_before_is_told() -> None:
    usual, other = proposed("mx1"), proposed("mx2")
    change = other.preview.change
    setting = Setting("smtp_address_preference", None, "ipv4", "ipv6", "ipv4", "ipv6")
    preview = replace(
        other.preview, change=replace(change, settings=(setting,)), diff="--- a\n+++ b\n-z\n+x\n",
        warnings=("puppet",),
    )  # fmt: skip
    groups = alike([("mx1", usual), ("mx2", replace(other, preview=preview)), ("mx3", usual)])
    assert [group.hosts for group in groups] == [("mx1", "mx3"), ("mx2",)]
    assert groups[1].differs == ("the value before", "the lines changed", "warnings")


@given(st.lists(st.sampled_from(sorted(VARIANTS)), min_size=1, max_size=9))
def test_each_host_is_in_the_one_group_where_all_is_the_same(kinds: list[str]) -> None:
    proposals: list[tuple[str, Proposal]] = [
        (f"mx{n}", proposed(f"mx{n}", **VARIANTS[kind])) for n, kind in enumerate(kinds)
    ]
    groups = alike(proposals)
    assert sorted(host for group in groups for host in group.hosts) == sorted(host for host, _ in proposals)
    for group in groups:
        assert len({kinds[int(host[2:])] for host in group.hosts}) == 1
    assert len(groups) == len(set(kinds))
    assert [group.hosts[0] for group in groups] == sorted(group.hosts[0] for group in groups)
    for group in groups:
        named = {kinds[0], kinds[int(group.hosts[0][2:])]} - {"as the first"}
        assert set(group.differs) == (named if group is not groups[0] else set())
